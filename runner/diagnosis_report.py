"""Diagnosis of sweeps and trials: what underfits or overfits, why, and what to try, as plain data."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

import numpy as np
from fitgap.core.fit import RULE, Verdict
from fitgap.core.fit_causes import Facts, FoundCause, causes, count_causes
from fitgap.core.regularizers import Dropout, Penalty
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store
from fitgap.runner.trial_status import Status

# Causes are looked up for this many configurations of each verdict, those with the largest excess.
LOOKED_AT = 100
TROUBLES = (Verdict.UNDERFIT, Verdict.OVERFIT, Verdict.BOTH)
FIT_KEYS = ("excess", "underfit", "overfit")


def diagnose_sweep(store: Store, name_or_number: str) -> Row:
    """The verdicts on a sweep's configurations, with causes. Raises StoreError if there is no such sweep."""
    row = store.sweep(name_or_number)
    status = next(each for each in store.sweeps() if each["sweep"] == row["id"])
    counts = store.verdict_counts(row["id"])
    by_setting = store.counts_by_setting(row["id"])
    return {
        "sweep": row["name"],
        "trials": {each.value: status[each.value] for each in Status if status[each.value]},
        "unjudged": store.unjudged(row["id"]),
        "rule": row["fit_rule"],
        "reference": store.reference(row["id"]),
        "configurations": {verdict.value: counts.get(verdict, 0) for verdict in Verdict},
        "troubles": [
            trouble(store, row["id"], verdict, counts[verdict], by_setting) for verdict in TROUBLES if verdict in counts
        ],
    }


def trouble(store: Store, sweep_id: int, verdict: Verdict, count: int, by_setting: Sequence[Row]) -> Row:
    """One verdict: the number of configurations that have it, the setting most affected, causes, and worst cases."""
    worst = store.worst_configurations(sweep_id, verdict, LOOKED_AT)
    reasons = found_causes(store, [(row["trial"], verdict) for row in worst])
    by_trial = [reasons.get(row["trial"], []) for row in worst]
    return {
        "verdict": verdict.value,
        "configurations": count,
        "most_with": most_with(by_setting, verdict),
        "looked_at": len(worst),
        "causes": [
            {"cause": cause.value, "configurations": number, "advice": advice}
            for cause, number, advice in count_causes(by_trial)
        ],
        "worst": [{**row, "causes": plain_causes(found)} for row, found in zip(worst, by_trial, strict=True)],
    }


def most_with(by_setting: Sequence[Row], verdict: Verdict) -> Row | None:
    """The setting whose configurations have a verdict much more often than the others; None if none stands out."""
    own: Counter[tuple[str, Any]] = Counter()
    all_of: Counter[tuple[str, Any]] = Counter()
    for row in by_setting:
        key = row["axis"], row["setting"]
        all_of[key] += row["count"]
        own[key] += row["count"] if row["verdict"] == verdict else 0
    total: Counter[str] = Counter()
    total_own: Counter[str] = Counter()
    for (axis, setting), count in all_of.items():
        total[axis] += count
        total_own[axis] += own[axis, setting]
    # Observed count minus the count expected if the setting made no difference.
    surplus = {key: own[key] - count * total_own[key[0]] / total[key[0]] for key, count in all_of.items()}
    if not surplus:
        return None
    axis, setting = max(surplus, key=lambda key: surplus[key])
    # Require at least half of all configurations with the verdict, and twice the rate of the other settings.
    found, others = own[axis, setting], total_own[axis] - own[axis, setting]
    if (
        2 * found < total_own[axis]
        or found * (total[axis] - all_of[axis, setting]) <= 2 * others * all_of[axis, setting]
    ):
        return None
    return {"axis": axis, "setting": setting, "configurations": found, "of": all_of[axis, setting]}


def diagnose_trial(store: Store, number: int) -> Row:
    """The verdict on one trial, with causes and its curve. Raises StoreError if there is no such trial."""
    row = store.show(number)
    found = store.fit_with_errors(number)
    curve = [{key: each[key] for key in ("epoch", "e_t", "e_v")} for each in store.epochs([number])]
    known = {key: row[key] for key in ("trial", "sweep", "configuration", "repeat", "status", "reason", "architecture")}
    settings = {key: row[key] for key in ("activation", "regularizer", "optimizer", "parameters", "training_count")}
    errors = {key: row[key] for key in ("epochs", "best_epoch", "e_t", "e_v", "best_e_v")}
    if found is None:
        nothing = dict.fromkeys((*FIT_KEYS, *(f"se_{key}" for key in FIT_KEYS), "verdict", "rule", "reference"))
        return {**known, **settings, **errors, **nothing, "causes": [], "curve": curve}
    fit, reference = found
    parts = {key: finite(getattr(fit, key)) for key in (*FIT_KEYS, *(f"se_{key}" for key in FIT_KEYS))}
    reasons = found_causes(store, [(number, fit.verdict)]).get(number, [])
    return {
        **known,
        **settings,
        **errors,
        **parts,
        "verdict": fit.verdict.value,
        "rule": RULE,
        "reference": reference,
        "causes": plain_causes(reasons),
        "curve": curve,
    }


def found_causes(store: Store, trials: Iterable[tuple[int, Verdict]]) -> dict[int, list[FoundCause]]:
    """The likely causes of the verdicts on these trials, by trial number."""
    verdicts = dict(trials)
    return {row["trial"]: causes(verdicts[row["trial"]], facts_of(row)) for row in store.facts(list(verdicts))}


def facts_of(row: Row) -> Facts:
    """A row from `Store.facts` in the form that `causes` takes."""
    chosen = Configuration.from_canonical(row["settings"]).regularizers
    penalties = {each.name: each.variant.weight for each in chosen if isinstance(each.variant, Penalty)}
    return Facts(
        e_t=np.array(row["e_t"], float),
        e_v=np.array(row["e_v"], float),
        parameters=row["parameters"],
        training_count=row["training_count"],
        layers=(row["statistics"] or {}).get("layers", []),
        penalties={name: weight for name, weight in penalties.items() if weight > 0},
        dropout=max((each.variant.ratio for each in chosen if isinstance(each.variant, Dropout)), default=0.0),
        reference_parameters=row["reference_parameters"],
        epochs=np.array(row["epochs"], int),
    )


def plain_causes(found: Iterable[FoundCause]) -> list[Row]:
    return [
        {"cause": each.cause.value, "value": each.value, "seen": each.seen, "advice": each.advice} for each in found
    ]


def finite(value: float) -> float | None:
    return value if isfinite(value) else None
