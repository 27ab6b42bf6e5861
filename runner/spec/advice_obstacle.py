"""Reasons why configurations that a diagnosis advises cannot be added to a stored sweep."""

from collections.abc import Mapping
from typing import Any

from fitgap.runner.spec.pruning_settings import stored_pruning
from fitgap.runner.spec.repeat_settings import stored_rounds


def advice_obstacle(specification: Mapping[str, Any]) -> str | None:
    """Why single configurations cannot be added to the sweep with this specification, in words; None if they can."""
    pruning = stored_pruning(specification)
    if pruning:
        rule = f"this sweep uses {pruning.title}, which compared all its trials with each other"
        return f"{rule}, so nothing can be added to it; follow the advice in a new sweep"
    if stored_rounds(specification):
        rule = "this sweep has rounds of repeats, in which single new configurations would compete with those it has"
        return f"{rule}; follow the advice in a new sweep, or add alternatives for all configurations (fitgap extend)"
    return None
