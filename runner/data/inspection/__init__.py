"""Inspection of data files: what is in every column, what fitgap would do with it, and what to look at first."""

from fitgap.runner.data.inspection.inspect import Inspection, inspect_file

__all__ = ["Inspection", "inspect_file"]
