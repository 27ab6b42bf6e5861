"""The kinds of charts, each with the question that it answers. This table is the only list of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fitgap.runner.charts.request import Request
from fitgap.runner.charts.subject import Subject
from fitgap.runner.errors import ChartError, nearest
from fitgap.runner.store import Store

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True)
class Kind:
    """A kind of chart. Its module has `unsuitable(subject)`, a reason or None, and `draw(subject)`."""

    name: str
    question: str

    @property
    def _module(self) -> Any:
        # Loaded here, because the modules import Altair, which a list of the kinds does not need.
        return import_module(f"fitgap.runner.charts.{self.name.replace('-', '_')}")

    def unsuitable(self, subject: Subject) -> str | None:
        """Why this kind cannot show these trials; None if it can."""
        reason: str | None = self._module.unsuitable(subject)
        return reason

    def draw(self, subject: Subject) -> "alt.TopLevelMixin":
        """The chart. Raises ChartError if the trials do not suit it."""
        module = self._module
        from altair.utils.schemapi import debug_mode

        # Skip Altair's checks of each part when it is made: checking the whole chart when it is written is enough.
        with debug_mode(False):
            chart: alt.TopLevelMixin = module.draw(subject)
        return chart


QUESTIONS = {
    "fitmap": "Which configurations underfit, which overfit, and by how much?",
    "curves": "How did E_t and E_v develop over the epochs?",
    "capacity": "How do E_t and E_v change along one setting, such as the size of the network?",
    "learning-curve": "Would more training examples help?",
    "sensitivity": "Which rate or strength is best, and how much does it matter?",
    "stopping": "What would stopping at the best epoch have gained?",
    "heat": "How do two settings work together?",
    "importance": "Which settings matter?",
    "repeats": "How many repeats tell the two best configurations apart?",
    "parallel": "What do the best configurations have in common?",
    "time": "How fast was the best result found?",
    "layers": "Which layers have dead or saturated units, grown weights or vanishing gradients?",
    "activation": "What do the activation functions look like, and what did they learn?",
    "boundary": "What do networks with two inputs predict over the plane?",
}
KINDS = {name: Kind(name, question) for name, question in QUESTIONS.items()}


def draw(kind: str, store: Store, request: Request) -> "alt.TopLevelMixin":
    """A chart of this kind. Raises ChartError if there is no such kind, or if these trials do not suit it."""
    subject = suited(kind, store, request)
    return KINDS[kind].draw(subject)


def suited(kind: str, store: Store, request: Request) -> Subject:
    """The data for a chart of this kind. Raises ChartError if there is no such kind, or if it does not suit them."""
    if kind not in KINDS:
        raise ChartError(f"there is no chart {kind!r}; {nearest(kind, KINDS)}")
    subject = Subject(store, request)
    reason = KINDS[kind].unsuitable(subject)
    if reason:
        raise ChartError(f"{kind} does not suit {subject.name}: {reason}; {alternatives(kind, subject)}")
    return subject


def alternatives(kind: str, subject: Subject) -> str:
    """Advice: the kinds that do suit the trials."""
    suiting = list(suitable_kinds(subject, besides=kind))
    return f"these do: {', '.join(suiting)}" if suiting else "no other chart does either"


def suitable_kinds(subject: Subject, besides: str = "") -> Iterator[str]:
    """The names of the kinds that can show these trials."""
    for name, kind in KINDS.items():
        if name != besides and kind.unsuitable(subject) is None:
            yield name
