"""Machine and process: cores, memory, BLAS threads, child processes, signals, and the environment of a result."""
