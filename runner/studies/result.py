"""The result of a study on a trained sweep: its answer with reservations, and its chart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fitgap.runner.charts import Request, Subject, draw
from fitgap.runner.store import Row, Store
from fitgap.runner.studies.conditions import conditions
from fitgap.runner.studies.study import Answer, Study

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True)
class StudyResult:
    """The answer of a study on a sweep, a `warning` that comes before it, and `reservations` that limit it."""

    study: Study
    sweep: str
    answer: Answer
    warning: list[str]
    reservations: list[str]
    # `classes` or `numbers`; None if it is not known.
    target_kind: str | None = None
    # The data and settings that all trials have in common, in one line.
    conditions: str = ""

    @property
    def meaning(self) -> str:
        """The outcome in words."""
        return self.study.outcomes[self.answer.outcome]

    def sentences(self) -> list[str]:
        """The answer in words, with the warning and the reservations."""
        return [*self.warning, *self.answer.sentences, *self.reservations]

    def as_row(self) -> Row:
        """Everything as JSON-ready data."""
        return {
            "study": self.study.name,
            "question": self.study.question,
            "sweep": self.sweep,
            "outcome": self.answer.outcome,
            "meaning": self.meaning,
            "answer": list(self.answer.sentences),
            "reservations": [*self.warning, *self.reservations],
            "groups": list(self.answer.rows),
            "about": self.answer.about,
            "conditions": self.conditions,
        }

    def chart(self, store: Store, **options: Any) -> "alt.TopLevelMixin":
        """The picture of the study. Raises ChartError if the sweep has no trials that it could show."""
        picture = self.study.picture(store, self.sweep)
        request = Request(self.sweep, **{**picture.options, **options})
        if picture.groups is None:
            return draw(picture.kind, store, request)
        # Loaded here, because it imports Altair, which an answer in words does not need.
        from fitgap.runner.charts import differences

        chart: alt.TopLevelMixin = differences.draw(
            Subject(store, request), picture.groups, picture.name, picture.of, self.study.question
        )
        return chart


def result_of(study: Study, store: Store, sweep: str | int) -> StudyResult:
    """The result of a study on a stored sweep. Raises StoreError if there is no such sweep."""
    row = store.sweep(sweep)
    name, answer = str(row["name"]), study.answer(store, str(row["name"]))
    warning, reservations = study.warning(store, name), study.reservations(store, name)
    about = conditions(row["specification"])
    return StudyResult(study, name, answer, warning, reservations, row["target_kind"], about)
