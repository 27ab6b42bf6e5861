"""Computation and storage of the fit of trials and configurations."""
