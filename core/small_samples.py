"""Small samples: too few validation examples, in total or of some classes, for verdicts to be reliable."""

from collections.abc import Mapping
from dataclasses import dataclass

# With fewer validation examples than this, one verdict in six from a single repeat is wrong; see
# docs/explanation/verdict-accuracy.md.
FEW = 50
# Errors on a rarer class hardly show in E_v, and one example more or less changes them by several percent.
FEW_OF_A_CLASS = 20


@dataclass(frozen=True)
class SmallSample:
    """The number of validation examples of a repeat, if they are few, and the classes that have few of them."""

    count: int | None
    rare_classes: Mapping[str, int]

    def __str__(self) -> str:
        """A text such as `only 30 validation examples in a repeat; only 6 of class b: verdicts are uncertain; …`."""
        parts = [] if self.count is None else [f"only {self.count} validation examples in a repeat"]
        parts += [f"only {count} of class {name}" for name, count in self.rare_classes.items()]
        help_ = "k folds, more repeats or a larger validation share would help"
        return f"{'; '.join(parts)}: verdicts are uncertain; {help_}"


def small_sample(validation_count: int, by_class: Mapping[str, int]) -> SmallSample | None:
    """The small sample of a repeat; None if there are enough validation examples. `by_class` is empty for numbers."""
    rare = {name: count for name, count in by_class.items() if count < FEW_OF_A_CLASS}
    count = validation_count if validation_count < FEW else None
    # If every class is rare, the total says enough.
    if count is not None and len(rare) == len(by_class):
        rare = {}
    return SmallSample(count, rare) if count is not None or rare else None
