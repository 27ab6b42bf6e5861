"""Ray clusters as seen from outside: address, limits, probe, speed of nodes. Nothing here imports Ray."""
