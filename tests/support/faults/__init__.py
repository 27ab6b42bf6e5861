"""What the tests of faults are made with: sweeps to disturb, processes to kill, what the database tells then."""
