"""The diagnosis of a sweep as text, at most 80 columns wide."""

from collections.abc import Sequence
from typing import Any

from fitgap.core.fit_verdicts import Skill
from fitgap.runner.cli.render.diagnosis_page import (
    CAUSE_WORDS,
    NAMED,
    VERBS,
    VERDICT_WORDS,
    configurations,
    described,
    paragraph,
    parts_in_line,
    plain_setting,
    print_limited,
)
from fitgap.runner.cli.render.lines import printable, say
from fitgap.runner.cli.render.pruned import FINISHED_WORDS, closing_of_pruned, is_hardly_judged, pruned_configurations
from fitgap.runner.cli.render.table_cells import cell
from fitgap.runner.diagnosis.whole_sweep import errors_of, no_skill_text
from fitgap.runner.store.compare.peers import SHARED
from fitgap.runner.suggestions import suggested

# How many of the worst configurations are listed per verdict.
WORST_LISTED, PEAKS_LISTED, GROUPS_LISTED = 3, 2, 8
INDENTED = {"before": "  ", "after": "    "}
WHOLE_WORDS = {
    "overfit": "everything tried overfits: even the reference has a much lower E_t than E_v",
    "underfit": "everything tried underfits: even the reference's E_t is hardly below that of a constant prediction",
}


def print_sweep_diagnosis(found: dict[str, Any]) -> None:
    """Print the diagnosis of a sweep."""
    if found["pruned_configurations"]:
        paragraph(pruned_configurations(found))
    print_progress(found)
    if found["rounds_text"]:
        paragraph(f"{found['sweep']}: {found['rounds_text']}")
    constant, counts = found["constant"], found["configurations"]
    if constant and constant["is_beaten"] is False:
        paragraph(f"{found['sweep']}: {no_skill(found)}")
    if found["reference"] is None or not sum(counts.values()):
        paragraph(f"{found['sweep']}: {why_no_diagnosis(found)}")
        print_outcomes(found)
        return
    print_reference(found)
    print_next(found)
    if found["small_sample"]:
        paragraph(found["small_sample"], before="  ", after="  ")
    print_limited(found)
    print_outcomes(found)
    for trouble in found["troubles"]:
        print_trouble(trouble, sum(counts.values()), found["varying"])
    say("")
    if found["advice_obstacle"] and advises(found):
        paragraph(found["advice_obstacle"])
    paragraph(closing(found))


def no_skill(found: dict[str, Any]) -> str:
    """What to say if nothing clearly beats a constant prediction."""
    constant = found["constant"]
    return no_skill_text(constant["e_v"], constant["skill"], is_pruned=found["pruned_configurations"] > 0)


def print_progress(found: dict[str, Any]) -> None:
    """Say how much of the sweep the diagnosis covers, unless it covers all of it."""
    trials = found["trials"]
    unfinished = sum(trials.get(status, 0) for status in ("pending", "running"))
    if unfinished:
        ends = f"{unfinished} of {sum(trials.values())} trials of {found['sweep']} have not ended"
        paragraph(f"{ends}; this is the result so far (`{suggested('resume', found['sweep'])}` trains the rest)")
    if found["unjudged"]:
        paragraph(
            f"{found['unjudged']} completed trials have no verdict yet; verdicts are updated while the sweep trains"
        )


def print_reference(found: dict[str, Any]) -> None:
    """Print the number of configurations by verdict, the reference, and the errors of the reference on both sides.

    Verdicts are relative to the reference. Its own gap is not, so it is always shown.
    """
    counts, reference = found["configurations"], found["reference"]
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    paragraph(f"{found['sweep']}: {configurations(sum(counts.values()))}: {verdicts}")
    settings = described(reference, found["varying"])
    paragraph(f"reference: {settings} ({reference['configuration']}), {reference_errors(reference)}", after="  ")
    if found["constant"]:
        constant = found["constant"]
        paragraph(f"constant prediction: E_t {cell('', constant['e_t'])}, E_v {cell('', constant['e_v'])}", after="  ")
    if found["groups"]:
        print_groups(found["groups"], found["varying"])


def print_groups(groups: Sequence[dict[str, Any]], varying: Sequence[str]) -> None:
    """Print the groups of configurations that verdicts compare with each other, and the reference of each group."""
    shared = [axis for axis in SHARED if axis in varying]
    what = " and ".join(NAMED[axis] for axis in shared)
    paragraph(f"Verdicts compare configurations with the same {what}:")
    for group in groups[:GROUPS_LISTED]:
        settings = ", ".join(f"{NAMED[axis]} {plain_setting(group[axis])}" for axis in shared)
        paragraph(f"- {settings}: {group_text(group, [axis for axis in varying if axis not in shared])}", **INDENTED)
    if len(groups) > GROUPS_LISTED:
        paragraph(f"- and {len(groups) - GROUPS_LISTED} more groups", **INDENTED)


def group_text(group: dict[str, Any], varying: Sequence[str]) -> str:
    """The reference of a group and its errors, next to those of a constant prediction."""
    reference = group["reference"]
    if reference is None:
        return "no reference yet"
    e_v = errors_of(reference)[1]
    constant = "" if group["constant_e_v"] is None else f"; constant prediction {cell('', group['constant_e_v'])}"
    beaten = {Skill.NONE: ", which nothing beats", Skill.UNCERTAIN: ", which nothing clearly beats"}
    best = f"best {described(reference, varying)}, E_v {cell('', e_v)}"
    return f"{best}{constant}{beaten.get(group['skill'], '') if constant else ''}"


def reference_errors(reference: dict[str, Any]) -> str:
    """The errors of the reference at the epoch with which others are compared, and the gap between them."""
    e_t, e_v = errors_of(reference)
    when = "after its last epoch" if reference["at"] == "last" else "at its best epoch"
    repeats = "" if reference["repeats"] == 1 else f", mean of {reference['repeats']} repeats"
    return f"{when} E_t {cell('', e_t)}, E_v {cell('', e_v)}, gap {cell('', e_v - e_t)}{repeats}"


def print_next(found: dict[str, Any]) -> None:
    """Print what the sweep shows as a whole, and what to try in the next one."""
    whole = found["whole"]
    if whole:
        words = FINISHED_WORDS if found["pruned_configurations"] else WHOLE_WORDS
        paragraph(f"{words[whole['kind']]}; try {whole['advice']}", before="  ", after="  ")
    where = (
        "among those that were judged, the best is" if found["pruned_configurations"] else "the best configuration is"
    )
    for edge in [] if is_hardly_judged(found) else found["edges"]:
        line = f"{where} at the edge of the sweep: {edge['end']}; try {edge['advice']}"
        paragraph(plainer_alternatives(line, edge), before="  ", after="  ")
    for peak in found["peaks"][:PEAKS_LISTED]:
        fall = f"{cell('', peak['e_v'])} there, {cell('', peak['lower_e_v'])} at {peak['lower_at']}"
        paragraph(
            f"E_v has a peak at architecture {peak['setting']} and falls again for larger networks ({fall})",
            before="  ",
            after="  ",
        )
    accurate = found["most_accurate"]
    if accurate:
        shares = f"{cell('', accurate['accuracy_v'])} against {cell('', accurate['instead_of'])}"
        settings = described(accurate, found["varying"])
        paragraph(f"accuracy prefers another configuration: {settings} ({shares})", before="  ", after="  ")


def plainer_alternatives(line: str, edge: dict[str, Any]) -> str:
    """The line, with the alternative to try written as in tables."""
    to = str(edge["changes"][0]["to"])
    return line.replace(to, plain_setting(to))


def print_outcomes(found: dict[str, Any]) -> None:
    """Print how many trials diverged or failed, with which settings, and what to try."""
    for outcome in found["outcomes"]:
        line = f"{outcome['trials']} of {sum(found['trials'].values())} trials {outcome['status']}"
        line += f", in {configurations(outcome['configurations'])}"
        most = outcome["most_with"]
        if most:
            setting = f"{most['axis']} {plain_setting(most['setting'])}"
            line += f", most with {setting} ({most['trials']} of its {most['of']})"
        say("")
        paragraph(line)
        if outcome["reason"]:
            paragraph(f"such as trial {outcome['trial']}: {printable(outcome['reason'])}", before="  ", after="    ")
        paragraph(f"try {outcome['advice']}", before="  - ", after="    ")


def advises(found: dict[str, Any]) -> bool:
    """Whether the diagnosis contains advice."""
    return bool(found["whole"] or found["troubles"] or (found["edges"] and not is_hardly_judged(found)))


def why_no_diagnosis(found: dict[str, Any]) -> str:
    """Why there is no diagnosis: everything diverged or failed, or not everything has ended."""
    trials = found["trials"]
    for outcome in found["outcomes"]:
        if outcome["trials"] == sum(trials.values()):
            return f"all trials {outcome['status']}, so there is no diagnosis of fit"
    yet = "" if set(trials) <= {"completed", "diverged", "failed", "pruned"} else " yet"
    return f"no diagnosis of fit{yet}, since no configuration has completed all its repeats"


def verdict_line(name: str, counts: dict[str, int]) -> str:
    """The last line of a run, such as `Fit of 5 configurations: 1 good, 4 underfit. What to try: …`."""
    verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICT_WORDS if verdict in counts)
    return f"Fit of {configurations(sum(counts.values()))}: {verdicts}. What to try: {suggested('diagnose', name)}"


def print_trouble(trouble: dict[str, Any], judged: int, varying: Sequence[str]) -> None:
    """Print one verdict: how many configurations have it, the setting most affected, causes, worst configurations."""
    say("")
    is_one = trouble["configurations"] == 1
    verb = VERBS[trouble["verdict"]]
    verb = verb.replace("fit", "fits").replace("are ", "is ") if is_one else verb
    line = f"{trouble['configurations']} of {configurations(judged)} {verb}"
    most = trouble["most_with"]
    if most:
        setting = plain_setting(most["setting"])
        line += f", most with {most['axis']} {setting} ({most['configurations']} of its {most['of']})"
    paragraph(line)
    for cause in trouble["causes"]:
        paragraph(
            f"{CAUSE_WORDS[cause['cause']]}: {how_many(cause, trouble)}; try {cause['advice']}",
            before="  - ",
            after="    ",
        )
    if trouble["verdict"] == "no_skill" and not trouble["causes"]:
        paragraph("no cause was found; perhaps the inputs say nothing about the target", before="  - ", after="    ")
    for row in trouble["worst"][:WORST_LISTED]:
        parts = "" if row["excess"] is None else f": {parts_in_line(row)}"
        which = f"worst: {described(row, varying)}{parts} (such as trial {row['trial']})"
        paragraph(which, before="  ", after="    ")


def how_many(cause: dict[str, Any], trouble: dict[str, Any]) -> str:
    """How many configurations have a cause, out of those that were examined."""
    examined, count = trouble["looked_at"], cause["configurations"]
    among = "" if examined == trouble["configurations"] else "worst "
    if count == examined:
        return {1: "1 configuration", 2: "both"}.get(examined, f"all {examined} {among}configurations")
    return f"{count} of the {examined} {among}configurations"


def closing(found: dict[str, Any]) -> str:
    """The last paragraph: what to look at next."""
    if found["pruned_configurations"] and not found["troubles"]:
        return closing_of_pruned(found)
    named = [row["trial"] for trouble in found["troubles"] for row in trouble["worst"]]
    if not named:
        return "nothing underfits or overfits compared with the reference; a wider sweep may find a better one"
    return f"look closer: {suggested('diagnose', str(named[0]))}"
