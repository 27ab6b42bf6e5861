"""The driver's side of the Ray engine. Packs go to a process that hosts Ray; nothing here imports Ray."""
