"""Support for fault tests: sweeps to disturb, processes to kill, and evidence read from the database afterwards."""
