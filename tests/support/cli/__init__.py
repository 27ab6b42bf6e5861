"""Files that take too much memory when they are read."""
