"""Programs whose copies and upgrades are killed."""
