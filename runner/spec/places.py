"""Places: the line and column, or the flag, where each part of a sweep was written; error messages include them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.validation import Path, shortened


@dataclass
class Places:
    """Where the values of a sweep were written: in the file at `marks` (line, column from 1), or in one of `flags`."""

    file: str | None = None
    marks: dict[Path, tuple[int, int]] = field(default_factory=dict)
    flags: dict[Path, str] = field(default_factory=dict)

    @contextmanager
    def in_errors(self) -> Iterator[None]:
        """Context manager that adds the place of the mistake to every SpecError; the message becomes one line."""
        try:
            yield
        except SpecError as error:
            raise SpecError(visible(self.line(error)), error.path) from None

    def line(self, error: SpecError) -> str:
        """The error message, prefixed by the place of the mistake."""
        path = error.path
        for length in range(len(path), 0, -1):
            if path[:length] in self.flags:
                return joined(shortened(self.flags[path[:length]]), path_text(path[length:]), error.message)
        return joined(self.position(path), path_text(path), error.message)

    def position(self, path: Path) -> str:
        """`FILE:LINE:COLUMN` of the innermost marked part that contains `path`; without marks FILE, or nothing."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.marks:
                line, column = self.marks[path[:length]]
                return f"{self.file}:{line}:{column}"
        return self.file or ""


def path_text(path: Path) -> str:
    """A path in dotted form: `axes.optimizer[1].adam.rate`."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{shortened(str(step))}" for step in path]
    return "".join(steps).removeprefix(".")


def joined(*parts: str) -> str:
    """The non-empty parts, joined by colons."""
    return ": ".join(part for part in parts if part)


def visible(text: str) -> str:
    """`text` with every non-printable character, such as a line break, escaped."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
