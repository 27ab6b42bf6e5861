"""The diagnosis of a sweep: its verdicts, their causes, what to change, and where the next sweep should go."""

from fitgap.core.fit_verdicts import Skill, Verdict
from fitgap.runner.diagnosis.edges import AMONG, edges
from fitgap.runner.diagnosis.explained import TROUBLES, trouble
from fitgap.runner.diagnosis.outcomes import outcomes
from fitgap.runner.diagnosis.rounds import rounds_text
from fitgap.runner.diagnosis.whole_sweep import disagreement, peaks, whole
from fitgap.runner.spec import advice_obstacle
from fitgap.runner.store import Row, Store
from fitgap.runner.trial_status import Status


def diagnose_sweep(store: Store, name_or_number: str) -> Row:
    """The verdicts on a sweep's configurations, with causes. Raises StoreError if there is no such sweep."""
    row = store.sweep(name_or_number)
    number = row["id"]
    status = next(each for each in store.sweeps() if each["sweep"] == number)
    trials = {each.value: status[each.value] for each in Status if status[each.value]}
    counts, by_setting = store.verdict_counts(number), store.counts_by_setting(number)
    varying, measured = store.varying_axes(number), store.measured_configurations(number, AMONG)
    small_sample = store.small_sample(number)
    found_peaks, floor = peaks(measured, varying), compared_with_constant(store, number)
    # If nothing was learned, the causes matter, not the ends of axes.
    groups = store.peer_groups(number)
    is_useful = not floor["constant"] or floor["constant"]["skill"] != Skill.NONE
    return {
        "sweep": row["name"],
        "trials": trials,
        "unjudged": store.unjudged(number),
        "configuration_count": store.configuration_count(number),
        "rounds": store.rounds_answer(number),
        "rounds_text": rounds_text(store, number),
        "advice_obstacle": advice_obstacle(row["specification"]),
        "pruned_configurations": store.configurations_with(number, Status.PRUNED) if status[Status.PRUNED] else 0,
        "rule": row["fit_rule"],
        "varying": varying,
        "peer_groups": len(groups) or 1,
        **floor,
        "groups": groups,
        "edges": edges(store, number, varying, measured) if is_useful else [],
        "peaks": [{key: peak[key] for key in peak if key != "beyond"} for peak in found_peaks],
        "most_accurate": disagreement(measured, row["target_kind"]),
        "small_sample": small_sample and str(small_sample),
        **store.limited_inputs(number),
        "outcomes": outcomes(store, row, trials),
        "configurations": {verdict.value: counts.get(verdict, 0) for verdict in Verdict},
        "troubles": [
            trouble(store, number, verdict, counts[verdict], by_setting, found_peaks)
            for verdict in TROUBLES
            if verdict in counts
        ],
    }


def compared_with_constant(store: Store, sweep_id: int) -> Row:
    """The reference and the constant prediction, and what is wrong with the reference by itself."""
    reference, floor = store.reference(sweep_id), store.floor(sweep_id)
    constant, own = None, None
    if floor:
        constant = {"e_t": floor.e_t, "e_v": floor.e_v, "is_beaten": floor.is_beaten, "skill": floor.skill}
        own = {**constant, "skill": floor.reference_skill}
    return {"reference": reference, "constant": constant, "whole": whole(reference, own)}
