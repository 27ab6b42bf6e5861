"""Improvement of a sweep: rounds of configurations that the diagnosis advises, within a budget."""

from fitgap.runner.improvement.candidates import Candidate
from fitgap.runner.improvement.rounds import Budget, Improvement, RoundResult, described, unfinished

__all__ = ["Budget", "Candidate", "Improvement", "RoundResult", "described", "unfinished"]
