"""Files: atomic writes, private folders, output files, and protection of open databases."""
