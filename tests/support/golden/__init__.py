"""Stored numbers of sweeps, and digests of random packs."""
