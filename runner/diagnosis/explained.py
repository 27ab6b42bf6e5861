"""Explanations of bad configurations: the worst ones with each verdict, and their likely causes."""

from collections import Counter
from collections.abc import Iterator, Sequence

from fitgap.core.fit_facts import Cause, FoundCause
from fitgap.core.fit_remedies import Remedy
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.diagnosis.changes import changes_for
from fitgap.runner.diagnosis.facts import Reason, reasons, words_for
from fitgap.runner.diagnosis.siblings import with_siblings
from fitgap.runner.diagnosis.standing_out import most_with
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store

# Causes are looked up for this many configurations of each verdict, those with the largest excess.
LOOKED_AT = 100
# The maximum number of different pieces of advice for a cause.
MOST_LISTED = 4
TROUBLES = (Verdict.NO_SKILL, Verdict.UNDERFIT, Verdict.OVERFIT, Verdict.BOTH, Verdict.DIVERGED)


def trouble(
    store: Store, sweep_id: int, verdict: Verdict, count: int, by_setting: Sequence[Row], peaks: Sequence[Row] = ()
) -> Row:
    """One verdict: the number of configurations that have it, the setting most affected, causes, and worst cases."""
    worst = store.worst_configurations(sweep_id, verdict, LOOKED_AT)
    by_trial = [own for _, own in explained(store, sweep_id, verdict, worst, peaks=peaks)]
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
    store: Store,
    sweep_id: int,
    verdict: Verdict,
    worst: Sequence[Row],
    *,
    siblings: bool = True,
    peaks: Sequence[Row] = (),
) -> list[tuple[Row, list[Reason]]]:
    """Configurations with the likely causes of their verdict: what a sibling shows, then what the evidence shows."""
    found = reasons(store, [(row["trial"], verdict) for row in worst])
    if siblings:
        found = with_siblings(store, sweep_id, worst, found)
    if verdict in (Verdict.OVERFIT, Verdict.BOTH):
        found |= beyond_peaks(store, sweep_id, worst, found, peaks)
    return [(row, found.get(row["trial"], [])) for row in worst]


def beyond_peaks(
    store: Store, sweep_id: int, worst: Sequence[Row], found: dict[int, list[Reason]], peaks: Sequence[Row]
) -> dict[int, list[Reason]]:
    """The reasons for configurations at or beyond a peak over network size: larger networks are better there."""
    peak_of = {configuration: peak for peak in peaks for configuration in peak["beyond"]}
    concerned = [row for row in worst if row["configuration"] in peak_of]
    settings = store.settings_of_configurations(sweep_id, [row["configuration"] for row in concerned])
    changed = {}
    for row in concerned:
        peak = peak_of[row["configuration"]]
        where = f"E_v peaks at architecture {peak['setting']} ({peak['e_v']:.3g})"
        seen = f"{where} and falls again to {peak['lower_e_v']:.3g} for larger networks"
        larger = FoundCause(Cause.DOUBLE_DESCENT, peak["e_v"], seen, (Remedy.LARGER_NETWORK,))
        changes = changes_for(larger, Configuration.from_canonical(settings[row["configuration"]]))
        others = [each for each in found.get(row["trial"], []) if not changes_size(each)]
        changed[row["trial"]] = [Reason(larger, changes), *others]
    return changed


def changes_size(reason: Reason) -> bool:
    """Whether the first suggestion of a reason is another size of the network."""
    return bool(reason.changes) and reason.changes[0].axis == "architecture"


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
    """The most frequent advice, with counts if there is more than one."""
    counts = Counter(advice).most_common()
    if len(counts) == 1:
        return counts[0][0]
    listed = ", ".join(f"{words} ({count})" for words, count in counts[:MOST_LISTED])
    others = sum(count for _, count in counts[MOST_LISTED:])
    return f"{listed}, others ({others})" if others else listed
