"""Clusters and hosts of Ray that stand in for real ones."""
