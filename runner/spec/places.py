"""Places: the line and column, or the flag, where each part of a sweep was written, and errors told with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.nodes import Path, shortened


@dataclass
class Places:
    """Where the paths of a sweep were written: `marks` in the file, as line and column from 1, and `flags` over it."""

    file: str | None = None
    marks: dict[Path, tuple[int, int]] = field(default_factory=dict)
    flags: dict[Path, str] = field(default_factory=dict)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn every SpecError inside into one line that says where the mistake was written."""
        try:
            yield
        except SpecError as error:
            raise SpecError(visible(self.line(error)), error.path) from None

    def line(self, error: SpecError) -> str:
        """The error with its place before it."""
        path = error.path
        for length in range(len(path), 0, -1):
            if path[:length] in self.flags:
                return joined(shortened(self.flags[path[:length]]), where(path[length:]), error.message)
        return joined(self.position(path), where(path), error.message)

    def position(self, path: Path) -> str:
        """`FILE:LINE:COLUMN` of the smallest part round `path` that has a mark; without marks FILE, or nothing."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.marks:
                line, column = self.marks[path[:length]]
                return f"{self.file}:{line}:{column}"
        return self.file or ""


def where(path: Path) -> str:
    """A path as people write it: `axes.optimizer[1].adam.rate`."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{shortened(str(step))}" for step in path]
    return "".join(steps).removeprefix(".")


def joined(*parts: str) -> str:
    """The parts that are not empty, with colons between them."""
    return ": ".join(part for part in parts if part)


def visible(text: str) -> str:
    """`text` with every character that does not print, such as a line break, written as an escape."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
