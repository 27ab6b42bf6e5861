"""Local processes that train packs."""
