"""The diagnosis of a sweep: its verdicts, their causes, and what to change."""

from collections import Counter
from collections.abc import Iterator, Sequence

from fitgap.core.fit import Verdict
from fitgap.core.fit_facts import Cause
from fitgap.runner.diagnosis.facts import Reason, reasons, words_for
from fitgap.runner.diagnosis.outcomes import outcomes
from fitgap.runner.diagnosis.siblings import with_siblings
from fitgap.runner.diagnosis.standing_out import most_with
from fitgap.runner.store import Row, Store
from fitgap.runner.trial_status import Status

# Causes are looked up for this many configurations of each verdict, those with the largest excess.
LOOKED_AT = 100
TROUBLES = (Verdict.NO_SKILL, Verdict.DIVERGED, Verdict.UNDERFIT, Verdict.OVERFIT, Verdict.BOTH)


def diagnose_sweep(store: Store, name_or_number: str) -> Row:
    """The verdicts on a sweep's configurations, with causes. Raises StoreError if there is no such sweep."""
    row = store.sweep(name_or_number)
    status = next(each for each in store.sweeps() if each["sweep"] == row["id"])
    trials = {each.value: status[each.value] for each in Status if status[each.value]}
    counts = store.verdict_counts(row["id"])
    floor = store.floor(row["id"])
    by_setting = store.counts_by_setting(row["id"])
    return {
        "sweep": row["name"],
        "trials": trials,
        "unjudged": store.unjudged(row["id"]),
        "rule": row["fit_rule"],
        "varying": store.varying_axes(row["id"]),
        "reference": store.reference(row["id"]),
        "constant": floor and {"e_t": floor.e_t, "e_v": floor.e_v, "is_beaten": floor.is_beaten},
        "outcomes": outcomes(store, row, trials),
        "configurations": {verdict.value: counts.get(verdict, 0) for verdict in Verdict},
        "troubles": [
            trouble(store, row["id"], verdict, counts[verdict], by_setting) for verdict in TROUBLES if verdict in counts
        ],
    }


def trouble(store: Store, sweep_id: int, verdict: Verdict, count: int, by_setting: Sequence[Row]) -> Row:
    """One verdict: the number of configurations that have it, the setting most affected, causes, and worst cases."""
    worst = store.worst_configurations(sweep_id, verdict, LOOKED_AT)
    by_trial = [own for _, own in explained(store, sweep_id, verdict, worst)]
    return {
        "verdict": verdict.value,
        "configurations": count,
        "most_with": most_with(by_setting, verdict),
        "looked_at": len(worst),
        "causes": [
            {"cause": cause.value, "configurations": number, "advice": advice}
            for cause, number, advice in counted_causes(by_trial)
        ],
        "worst": [{**row, "causes": [each.plain() for each in own]} for row, own in zip(worst, by_trial, strict=True)],
    }


def judged_reasons(store: Store, sweep_id: int, *, siblings: bool = True) -> Iterator[tuple[Row, list[Reason]]]:
    """The worst configurations of every bad verdict, with the likely causes."""
    for verdict in TROUBLES:
        worst = store.worst_configurations(sweep_id, verdict, LOOKED_AT)
        yield from explained(store, sweep_id, verdict, worst, siblings=siblings)


def explained(
    store: Store, sweep_id: int, verdict: Verdict, worst: Sequence[Row], *, siblings: bool = True
) -> list[tuple[Row, list[Reason]]]:
    """Configurations with the likely causes of their verdict: what a sibling shows, then what the evidence shows."""
    found = reasons(store, [(row["trial"], verdict) for row in worst])
    if siblings:
        found = with_siblings(store, sweep_id, worst, found)
    return [(row, found.get(row["trial"], [])) for row in worst]


def counted_causes(found: Sequence[Sequence[Reason]]) -> Iterator[tuple[Cause, int, str]]:
    """Each cause, the number of configurations that have it, and their advice; most frequent causes first."""
    by_cause: dict[Cause, list[str]] = {}
    for each in found:
        for reason in each:
            by_cause.setdefault(reason.found.cause, []).append(first_words(reason))
    for cause, advice in sorted(by_cause.items(), key=lambda pair: -len(pair[1])):
        yield cause, len(advice), counted_advice(advice)


def first_words(reason: Reason) -> str:
    """The first remedy of a cause in words, without the new setting, which differs between configurations."""
    if reason.found.cause is Cause.SIBLING:
        return f"{reason.changes[0].axis.replace('_', ' ')} {reason.changes[0].after}"
    return words_for(reason.changes[0]) if reason.changes else reason.found.advice


def counted_advice(advice: Sequence[str]) -> str:
    """All different advice, the most frequent first, with counts if there are several."""
    counts = Counter(advice).most_common()
    if len(counts) == 1:
        return counts[0][0]
    return ", ".join(f"{words} ({count})" for words, count in counts)
