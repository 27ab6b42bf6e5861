"""Findings of checks: what was found, whether it is a problem, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from fitgap.runner.errors import FitgapError


class State(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """The result of a check, with advice unless its state is ok."""

    check: str
    state: State
    found: str
    advice: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check, State.OK, found)


def warning(check: str, found: str, advice: str) -> Finding:
    return Finding(check, State.WARNING, found, advice)


def problem(check: str, found: str, advice: str) -> Finding:
    return Finding(check, State.PROBLEM, found, advice)


def problem_of(check: str, error: FitgapError) -> Finding:
    """The finding for one of our errors, whose message has the remedy after its last semicolon."""
    found, _, advice = str(error).rpartition("; ")
    return problem(check, found or advice, advice if found else "")
