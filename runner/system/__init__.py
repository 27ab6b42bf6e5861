"""This machine and process: cores, memory, BLAS threads, child processes, signals, the environment of a result."""
