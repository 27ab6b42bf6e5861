"""Files: written whole or not at all, in private folders, and never a database that is open."""
