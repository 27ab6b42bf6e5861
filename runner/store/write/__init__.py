"""Everything that adds, changes or deletes rows."""
