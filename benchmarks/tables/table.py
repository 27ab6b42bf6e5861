"""What a table is: a plan of comparisons and the words that explain it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.comparison import Comparison


@dataclass(frozen=True)
class Settings:
    """How a table is to be measured: shortly or at length, with a folder for what jobs hand to each other."""

    quick: bool
    folder: Path


@dataclass(frozen=True)
class Table:
    """A table: what it compares, and lines that say how."""

    comparisons: Callable[[Settings], list[Comparison]]
    explanation: tuple[str, ...]
