"""The diagnosis of a trial: its verdict with standard errors, causes, changes to try, and its curve."""

from math import isfinite

from fitgap.core.fit_verdicts import RULE
from fitgap.runner.diagnosis.changes import alternative
from fitgap.runner.diagnosis.facts import reasons
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store

FIT_KEYS = ("excess", "underfit", "overfit")


def diagnose_trial(store: Store, number: int) -> Row:
    """The verdict on one trial, with causes and its curve. Raises StoreError if there is no such trial."""
    row = store.show(number)
    found = store.fit_with_errors(number)
    varying = store.varying_axes(store.sweep(row["sweep"])["id"])
    configuration = Configuration.from_canonical(row["settings"])
    curve = [{key: each[key] for key in ("epoch", "e_t", "e_v")} for each in store.epochs([number])]
    known = {key: row[key] for key in ("trial", "sweep", "configuration", "repeat", "status", "reason", "architecture")}
    settings = {key: row[key] for key in ("activation", "regularizer", "optimizer", "parameters", "training_count")}
    known["varying"] = {axis: alternative(configuration, axis) for axis in varying}
    known["configuration_verdict"], known["completed_repeats"] = store.verdict_over_repeats(number)
    known |= {key: row[key] for key in ("limited_inputs", "limited_examples")}
    errors = {key: row[key] for key in ("epochs", "best_epoch", "e_t", "e_v", "best_e_v", "gap")}
    if found is None:
        nothing = dict.fromkeys((*FIT_KEYS, *(f"se_{key}" for key in FIT_KEYS), "verdict", "rule", "reference"))
        return {**known, **settings, **errors, **nothing, "causes": [], "curve": curve}
    fit, reference = found
    parts = {key: finite(getattr(fit, key)) for key in (*FIT_KEYS, *(f"se_{key}" for key in FIT_KEYS))}
    causes = reasons(store, [(number, fit.verdict)]).get(number, [])
    return {
        **known,
        **settings,
        **errors,
        **parts,
        "verdict": fit.verdict.value,
        "rule": RULE,
        "reference": reference,
        "causes": [each.plain() for each in causes],
        "curve": curve,
    }


def finite(value: float) -> float | None:
    return value if isfinite(value) else None
