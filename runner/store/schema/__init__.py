"""The tables and their versions: created, upgraded, backed up."""
