"""Random packs, and training by the definition."""
