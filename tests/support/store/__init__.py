"""Programs whose copies and upgrades of databases are killed."""
