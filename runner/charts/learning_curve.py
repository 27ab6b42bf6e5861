"""Learning curve: E_t and E_v along the number of training examples, averaged over all other settings."""

from typing import Any

from fitgap.runner.charts import capacity
from fitgap.runner.charts.subject import Subject

AXIS = "training_examples"


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if subject.completed.is_empty():
        return "no trial has completed"
    if AXIS not in subject.axes:
        return "all its trials have the same number of training examples; make training_examples an axis"
    return None


def draw(subject: Subject) -> Any:
    # The question is whether the last examples helped, so everything is compared with the largest number.
    axis = subject.axes[AXIS]
    most = max(subject.completed[AXIS].drop_nulls())
    return capacity.drawn_along(subject, axis, f"{subject.name}: learning curve", most)
