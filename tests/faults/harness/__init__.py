"""What the tests of faults are made with: sweeps to disturb, processes to kill, and what the database tells afterwards."""
