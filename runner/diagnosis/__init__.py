"""Diagnosis: what underfits, overfits or diverges in a sweep, why, and what to change, as plain data."""

from fitgap.runner.diagnosis.report import diagnose_sweep
from fitgap.runner.diagnosis.trial_report import diagnose_trial

__all__ = ["diagnose_sweep", "diagnose_trial"]
