"""A diagnosis as text, at most 80 columns wide."""

import textwrap
from typing import Any

from fitgap.runner.cli.render.curve import curve_lines
from fitgap.runner.cli.render.lines import line_width, printable, say
from fitgap.runner.cli.render.text_tables import cell, plainer

WIDTH = 80
# Columns taken by the labels to the left of a curve and the margin to its right.
CURVE_MARGIN = 20
# How many of the worst configurations are listed per verdict.
WORST_LISTED = 3
SETTINGS = ("architecture", "activation", "regularizer", "optimizer")
# What the excess and its parts mean.
PARTS = {
    "excess": "worse on unseen examples than the reference",
    "underfit": "worse on the training examples",
    "overfit": "loses more between seen and unseen",
}
VERDICT_WORDS = {
    "good": "good: not clearly worse on unseen examples than the reference",
    "underfit": "underfit: it has not learned what can be learned from its examples",
    "overfit": "overfit: it has learned its examples, but generalizes poorly",
    "both": "underfit and overfit at once",
    "unclear": "unclear: worse than the reference, but neither part is beyond chance",
    "no_skill": "no skill: no better than a constant prediction",
    "diverged": "diverged: the error of at least one repeat became infinite or NaN",
}
VERBS = {"underfit": "underfit", "overfit": "overfit", "both": "underfit and overfit at once"}
CAUSE_WORDS = {
    "still_falling": "E_t still fell at the end",
    "not_falling": "E_t hardly fell",
    "weights_near_zero": "weights near zero",
    "dead_units": "dead units",
    "saturated_units": "saturated units",
    "constant_output": "the same output for every example",
    "strong_regularizer": "large λ or δ",
    "few_parameters": "few parameters",
    "many_parameters": "as many parameters as examples, or more",
    "no_regularizer": "no regularizer",
    "weak_regularizer": "small λ or δ",
    "rose": "E_v rose while E_t fell",
}


def print_sweep_diagnosis(found: dict[str, Any]) -> None:
    """Print the diagnosis of a sweep."""
    trials, counts = found["trials"], found["configurations"]
    unfinished = sum(trials.get(status, 0) for status in ("pending", "running"))
    if unfinished:
        ends = f"{unfinished} of {sum(trials.values())} trials of {found['sweep']} have not ended"
        paragraph(f"{ends}; this is the result so far (`fitgap resume {found['sweep']}` trains the rest)")
    if found["unjudged"]:
        paragraph(
            f"{found['unjudged']} completed trials have no verdict yet; training in the sweep updates the verdicts"
        )
    reference, judged = found["reference"], sum(counts.values())
    if reference is None or not judged:
        paragraph(f"{found['sweep']}: no diagnosis yet, since no configuration has completed all its repeats")
        return
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    paragraph(f"{found['sweep']}: {configurations(judged)}: {verdicts}")
    repeats = "" if reference["repeats"] == 1 else f", mean of {reference['repeats']} repeats"
    error = f"best E_v {cell('best_e_v', reference['best_e_v'])}{repeats}"
    paragraph(f"reference: {described(reference)} ({reference['configuration']}), {error}", after="  ")
    for trouble in found["troubles"]:
        print_trouble(trouble, judged)
    say("")
    paragraph(closing(found))


def verdict_line(name: str, counts: dict[str, int]) -> str:
    """The last line of a run, such as `Fit of 5 configurations: 1 good, 4 underfit. What to try: …`."""
    verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICT_WORDS if verdict in counts)
    return f"Fit of {configurations(sum(counts.values()))}: {verdicts}. What to try: fitgap diagnose {name}"


def print_trouble(trouble: dict[str, Any], judged: int) -> None:
    """Print one verdict: how many configurations have it, the setting most affected, causes, worst configurations."""
    say("")
    is_one = trouble["configurations"] == 1
    verb = VERBS[trouble["verdict"]]
    verb = verb.replace("fit", "fits") if is_one else verb
    line = f"{trouble['configurations']} of {configurations(judged)} {verb}"
    most = trouble["most_with"]
    if most:
        setting = plain_setting(most["setting"])
        line += f", most with {most['axis']} {setting} ({most['configurations']} of its {most['of']})"
    paragraph(line)
    for cause in trouble["causes"]:
        how_many = f"{cause['configurations']} of {trouble['looked_at']}"
        paragraph(f"{CAUSE_WORDS[cause['cause']]} ({how_many}); try {cause['advice']}", before="  - ", after="    ")
    for row in trouble["worst"][:WORST_LISTED]:
        paragraph(f"worst: trial {row['trial']}, {described(row)}: {parts_in_line(row)}", before="  ", after="    ")


def closing(found: dict[str, Any]) -> str:
    """The last paragraph: what to look at next."""
    named = [row["trial"] for trouble in found["troubles"] for row in trouble["worst"]]
    if not named:
        return "nothing underfits or overfits compared with the reference; a wider sweep may find a better one"
    return f"look closer: fitgap diagnose {named[0]}"


def print_trial_diagnosis(found: dict[str, Any]) -> None:
    """Print the diagnosis of a trial."""
    paragraph(f"trial {found['trial']} of {found['sweep']}: {headline(found)}")
    paragraph(f"{described(found)}, {parameters(found)}", before="  ", after="    ")
    if found["verdict"] is not None:
        print_parts(found)
    curve = found["curve"]
    e_t, e_v, epochs = ([row[key] for row in curve] for key in ("e_t", "e_v", "epoch"))
    lines = curve_lines(e_t, e_v, found["best_epoch"], epochs, columns=line_width(WIDTH) - CURVE_MARGIN)
    if lines:
        say("", *lines)
    if found["causes"]:
        say("", "why, and what to try")
    for cause in found["causes"]:
        paragraph(f"{cause['seen']}: try {cause['advice']}", before="  - ", after="    ")


def headline(found: dict[str, Any]) -> str:
    """The verdict, or why there is none."""
    if found["verdict"] is not None:
        return VERDICT_WORDS[found["verdict"]]
    if found["status"] == "diverged":
        return f"diverged ({found['reason']}), so it has no verdict; try a lower learning rate"
    if found["status"] == "completed":
        return "completed, but its sweep has no reference yet: no configuration has completed all its repeats"
    return f"{found['status']}, so it has no verdict yet"


def print_parts(found: dict[str, Any]) -> None:
    """Print the excess and its parts with their standard errors, and the reference."""
    say("")
    for key, words in PARTS.items():
        error = "" if found[f"se_{key}"] is None else f" ± {found[f'se_{key}']:.2g}"
        say(f"  {key:9}{cell(key, found[key]) + error:>20}  {words}")
    reference = found["reference"]
    own = f"E_t {cell('', found['e_t'])}, E_v {cell('', found['e_v'])} after epoch {found['epochs']}"
    errors = f"E_t {cell('', reference['best_e_t'])}, E_v {cell('', reference['best_e_v'])}"
    after = f"after its best epoch {reference['best_epoch']}"
    which = "this trial at its best" if reference["trial"] == found["trial"] else f"trial {reference['trial']}"
    say("")
    paragraph(
        f"it has {own}; the reference, {which} ({described(reference)}), {errors} {after}", before="  ", after="  "
    )


def described(row: dict[str, Any]) -> str:
    """The main settings of a configuration."""
    return " · ".join(plain_setting(row[key]) for key in SETTINGS)


def plain_setting(value: Any) -> str:
    return printable(plainer(str(value)))


def parameters(found: dict[str, Any]) -> str:
    return f"{found['parameters']} parameters for {found['training_count']} training examples"


def parts_in_line(row: dict[str, Any]) -> str:
    return ", ".join(f"{key} {cell(key, row[key])}" for key in PARTS)


def configurations(count: int) -> str:
    return "1 configuration" if count == 1 else f"{count} configurations"


def paragraph(text: str, *, before: str = "", after: str = "") -> None:
    """Print text wrapped to the terminal, at most 80 columns: first line after `before`, others after `after`."""
    width = line_width(WIDTH)
    folded = textwrap.wrap(text, width, initial_indent=before, subsequent_indent=after, break_on_hyphens=False)
    say(*folded)
