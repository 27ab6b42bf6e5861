"""Sweeps that were never trained, for tests of charts."""
