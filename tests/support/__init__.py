"""What several tests share: databases, servers, sweeps, strategies for Hypothesis. Imported as `support`."""
