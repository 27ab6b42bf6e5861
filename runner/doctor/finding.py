"""A finding: what a check saw, whether that is well, and what to do about it where it is not."""

from dataclasses import dataclass
from enum import StrEnum

from fitgap.runner.errors import FitgapError


class State(StrEnum):
    """How well it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What was found about one thing, and the advice that belongs to it; empty where all is well."""

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
    """The finding for an error of ours, which tells the cause before its last semicolon and the remedy after it."""
    found, _, advice = str(error).rpartition("; ")
    return problem(check, found or advice, advice if found else "")
