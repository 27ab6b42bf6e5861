"""Training of one pack by a worker, the same in every engine."""
