"""The page of a trial: verdict, causes and advice, curves, settings, learned parameters, versions, how to replay it."""

from typing import Any

from fitgap.runner.store import METRIC_KEYS, Row
from fitgap.runner.web.pages import found_sweep, found_trial, page, reading, settings_of
from fitgap.runner.web.views.sweep import blocks_of
from starlette.requests import Request
from starlette.responses import Response

SECTIONS: dict[str, tuple[str, ...]] = {
    "Errors": (
        *("e_t", "e_v", "gap", "best_epoch", "best_e_v", "honest_e_v", "excess", "underfit", "overfit"),
        *("accuracy_t", "accuracy_v"),
    ),
    "Metrics": METRIC_KEYS,
    "Network": (
        *("architecture", "layers", "parameters", "activation", "regularizer", "optimizer", "learning_rate"),
        *("batch_size", "epochs", "loss"),
    ),
    "Trial": ("configuration", "repeat", "status", "reason", "attempt", "started", "ended", "seconds"),
    "Data": ("data", "training_count", "validation_count", "constant_columns", "limited_inputs"),
}
# Maximum number of classes listed, with the lowest recalls.
MOST_CLASSES = 20


def trial_page(request: Request) -> Response:
    """The page."""
    settings = settings_of(request)
    with reading(request) as store:
        row = found_trial(store, request.path_params["trial"])
        sweep = found_sweep(store, row["sweep"])
        siblings = store.trials(
            sweep["id"],
            where=f"configuration == '{row['configuration']}'",
            columns=("trial", "repeat", "status", "e_v", "verdict"),
            limit=100,
        )
        answer = settings.wording.trial_answer(store, row["trial"])
    return page(
        request,
        "trial.html",
        trial=row,
        sweep=sweep,
        siblings=siblings,
        sections=sections_of(row),
        blocks=blocks_of(answer),
    )


def sections_of(row: Row) -> dict[str, list[tuple[str, Any]]]:
    """The known values of a trial, by section."""
    found = {name: [(key, row[key]) for key in keys if row[key] not in (None, [])] for name, keys in SECTIONS.items()}
    # The lowest recalls come first, since classes that are not recognized at all matter most.
    recalls = [(name, value) for name, value in (row["recall"] or {}).items() if value is not None]
    found["Recall after the best epoch"] = sorted(recalls, key=lambda each: each[1])[:MOST_CLASSES]
    found["Learned parameters"] = list((row["learned"] or {}).items())
    found["Trained with"] = [(key, value) for key, value in (row["environment"] or {}).items() if value is not None]
    return {name: values for name, values in found.items() if values}
