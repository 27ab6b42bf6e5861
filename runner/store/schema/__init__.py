"""The database schema: tables, versions, creation, upgrades and backups."""
