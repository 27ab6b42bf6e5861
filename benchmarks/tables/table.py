"""A table: its comparisons and their explanation."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.comparison import Comparison


@dataclass(frozen=True)
class Settings:
    """How to measure a table: quickly or fully, and a folder for files that jobs share."""

    quick: bool
    folder: Path


@dataclass(frozen=True)
class Table:
    """A table: what it compares, and lines that explain how."""

    comparisons: Callable[[Settings], list[Comparison]]
    explanation: tuple[str, ...]
