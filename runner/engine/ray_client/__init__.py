"""The driver's side of Ray: packs go to a process that hosts Ray. Nothing here imports Ray."""
