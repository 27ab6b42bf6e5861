"""Shared support for tests: databases, servers, sweeps, and strategies for Hypothesis. Imported as `support`."""
