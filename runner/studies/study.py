"""The base of all studies: a question, the sweep that answers it, the answer in words, and a picture."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from fitgap.core.datasets import Dataset
from fitgap.runner.amounts import counted
from fitgap.runner.diagnosis.whole_sweep import no_skill_text
from fitgap.runner.errors import DataError, SpecError
from fitgap.runner.store import Row, Store
from fitgap.runner.suggestions import suggested

Item = TypeVar("Item")
FEWEST_REPEATS, FEWEST_ALTERNATIVES = 3, 3
# Limits on the number of epochs, whatever the size of the data.
FEWEST_EPOCHS, MOST_EPOCHS = 5, 1000


class Size(StrEnum):
    """How much a study trains."""

    QUICK = "quick"
    USUAL = "usual"
    THOROUGH = "thorough"


@dataclass(frozen=True)
class Plan:
    """What the sweep of a study depends on: how much to train, the number of examples, and what the targets are."""

    examples: int
    size: Size = Size.USUAL
    repeats: int | None = None
    has_classes: bool = True

    def repeats_of(self, usual: int) -> int:
        """The number of repeats: the requested one, else `usual`, about half of it if quick, twice if thorough."""
        scaled = {Size.QUICK: max(FEWEST_REPEATS, usual // 2), Size.USUAL: usual, Size.THOROUGH: 2 * usual}
        return self.repeats or scaled[self.size]

    def some_of(self, alternatives: Sequence[Item]) -> list[Item]:
        """All alternatives, or about every second one in a quick study, always with the first and the last."""
        if self.size is not Size.QUICK or len(alternatives) <= FEWEST_ALTERNATIVES:
            return list(alternatives)
        wanted = max(FEWEST_ALTERNATIVES, (len(alternatives) + 1) // 2)
        places = [round(number * (len(alternatives) - 1) / (wanted - 1)) for number in range(wanted)]
        return [alternatives[place] for place in places]

    def epochs(self, steps: int, batch_size: int) -> int:
        """The number of epochs, within limits, that take about `steps` steps on these examples."""
        per_epoch = max(1.0, 0.7 * self.examples / batch_size)
        return int(min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(steps / per_epoch))))


@dataclass(frozen=True)
class Picture:
    """The chart of a study: its kind, and what to show; or the differences of groups from one of them.

    `groups` are rows of a comparison of the measure `of`, labeled by their key `name`.
    """

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    groups: Sequence[Row] | None = None
    name: str = ""
    of: str = "e_v"


@dataclass(frozen=True)
class Answer:
    """The answer of a study.

    `outcome` is one of the study's `outcomes`, for programs. `sentences` state the answer with its uncertainty. `rows`
    are the groups on which it is based, and `about` explains their numbers.
    """

    outcome: str
    sentences: Sequence[str]
    rows: Sequence[Row] = ()
    about: str = ""


def unknown(why: str, rows: Sequence[Row] = ()) -> Answer:
    """The answer if there are not enough completed trials."""
    return Answer("unknown", [why], rows)


class Study(ABC):
    """Base of the studies. `data` is the section `data` of the sweep file that is used unless other data are given."""

    name: ClassVar[str]
    question: ClassVar[str]
    data: ClassVar[Mapping[str, Any]]
    # The number of inputs that the examples must have; None for any.
    inputs: ClassVar[int | None] = None
    # Default amount of training: trials per configuration, and steps of each trial.
    repeats: ClassVar[int]
    steps: ClassVar[int]
    batch_size: ClassVar[int] = 16
    # The axes in which the trials of a sweep must differ, and those that the answer also takes into account.
    varies: ClassVar[Sequence[str]]
    accounts_for: ClassVar[Sequence[str]] = ()
    # Whether each group is measured at its own best setting of all other axes, instead of averaged over them.
    is_tuned: ClassVar[bool] = False
    # The possible outcomes, with their meanings.
    outcomes: ClassVar[Mapping[str, str]]
    # The columns of the table, the most important ones first.
    keys: ClassVar[Sequence[str]]
    # The chart that shows the answer, unless it depends on the sweep.
    chart: ClassVar[Picture]

    @abstractmethod
    def axes(self, plan: Plan) -> dict[str, Any]:
        """The section `axes` of the sweep file."""

    @abstractmethod
    def answer(self, store: Store, sweep: str) -> Answer:
        """The answer from a trained sweep, which the user may have changed."""

    def training(self, plan: Plan) -> dict[str, Any]:
        """The section `training` of the sweep file."""
        return {"epochs": plan.epochs(self.steps, self.batch_size), "batch_size": self.batch_size}

    def settings(self, plan: Plan) -> dict[str, Any]:
        """The sections `repeats`, `training` and `axes` of the sweep file."""
        return {"repeats": plan.repeats_of(self.repeats), "training": self.training(plan), "axes": self.axes(plan)}

    def picture(self, store: Store, sweep: str) -> Picture:
        """The chart that shows the answer for a sweep."""
        return self.chart

    def check(self, dataset: Dataset) -> None:
        """Raise DataError if the study cannot answer its question with these data."""
        if self.inputs is not None and dataset.input_count != self.inputs:
            rule = f"the study {self.name} needs {self.inputs} inputs, but {dataset.name} has {dataset.input_count}"
            names = ",".join(dataset.input_names[: self.inputs])
            raise DataError(f"{rule}; choose columns of a file, such as --inputs {names}")

    def check_sweep(self, store: Store, sweep: str | int) -> None:
        """Raise SpecError if the trials of a sweep do not differ in the settings that the question is about."""
        row = store.sweep(sweep)
        axes = store.varying_axes(row["id"])
        missing = [axis for axis in self.varies if axis not in axes]
        if missing:
            found = f"varies {', '.join(axes)}" if axes else "varies nothing"
            rule = f"the study {self.name} needs a sweep that varies {' and '.join(self.varies)}"
            raise SpecError(f"{rule}, but {row['name']} {found}; train one with: {suggested('study', self.name)}")

    def others(self, store: Store, sweep: str) -> list[str]:
        """A note on axes that vary although the question is not about them."""
        axes = store.varying_axes(store.sweep(sweep)["id"])
        more = [axis for axis in axes if axis not in (*self.varies, *self.accounts_for)]
        if not more or not self.varies or any(axis not in axes for axis in self.varies):
            return []
        names = f"{', '.join(more)}, which {'varies' if len(more) == 1 else 'vary'} as well"
        if self.is_tuned:
            return [
                f"Each group has its own best setting of {names}; where single settings are named, errors are means."
            ]
        return [f"All errors are means over {names}."]

    def warning(self, store: Store, sweep: str) -> list[str]:
        """A warning before the answer if nothing was learned."""
        floor = store.floor(store.sweep(sweep)["id"])
        if not floor or floor.is_beaten is not False:
            return []
        return [f"Careful: {no_skill_text(floor.e_v, floor.skill)}. So this says little about networks that learn."]

    def reservations(self, store: Store, sweep: str) -> list[str]:
        """What limits the answer: trials that diverged or did not complete, and other axes that vary."""
        row = store.sweep(sweep)
        found = []
        status = next(each for each in store.sweeps() if each["sweep"] == row["id"])
        if status["diverged"]:
            found.append(
                f"{status['diverged']} of {counted(status['trials'], 'trial')} diverged and are left out of all means."
            )
        left = status["trials"] - status["completed"] - status["diverged"]
        if left:
            found.append(
                f"{left} of {counted(status['trials'], 'trial')} did not complete and are left out of all means."
            )
        return [*found, *self.others(store, sweep)]
