"""The diagnosis of a trial as text, at most 80 columns wide, and the wording of all diagnoses."""

import textwrap
from collections.abc import Iterable
from typing import Any

from fitgap.runner.broken_names import broken
from fitgap.runner.cli.render.curve import curve_lines
from fitgap.runner.cli.render.lines import line_width, printable, say
from fitgap.runner.cli.render.table_cells import cell
from fitgap.runner.names import plainer
from fitgap.runner.trial_status import Status

WIDTH = 80
# At most this many inputs and examples are named.
MOST_NAMED = 5
# Columns taken by the labels to the left of a curve and the margin to its right.
CURVE_MARGIN = 20
# Always named; other axes only if they vary.
SETTINGS = ("architecture", "activation", "regularizer", "optimizer")
# Axes whose alternatives are not clear without a name, and that name.
NAMED = {"batch_size": "batch size", "epochs": "epochs", "schedule": "schedule", "stopping": "stopping"}
NAMED |= {"initializer": "initializer", "output_activation": "output activation"}
NAMED |= {"training_examples": "training examples", "label_noise": "label noise", "loss": "loss"}
NAMED |= {"preprocess": "preprocess"}
# What the excess and its parts mean.
PARTS = {
    "excess": "worse on unseen examples than the reference",
    "underfit": "worse on the training examples",
    "overfit": "loses more from training to unseen examples",
}
VERDICT_WORDS = {
    "good": "good: not clearly worse on unseen examples than the reference",
    "underfit": "underfit: it has not learned what can be learned from its examples",
    "overfit": "overfit: it has learned its examples, but generalizes poorly",
    "both": "underfit and overfit at once",
    "unclear": "unclear: worse than the reference, but neither underfitting nor overfitting is certain",
    "no_skill": "no skill: no better than a constant prediction",
    "diverged": "diverged: the error of at least one repeat became infinite or NaN",
}
VERBS = {
    "no_skill": "are no better than a constant prediction",
    "diverged": "diverged",
    "underfit": "underfit",
    "overfit": "overfit",
    "both": "underfit and overfit at once",
}
CAUSE_WORDS = {
    "sibling": "the same configuration is good with another setting",
    "diverged": "infinite or NaN errors",
    "double_descent": "beyond a peak of E_v over network size",
    "unstable": "unstable E_t",
    "stopped_early": "stopped while E_t still fell",
    "still_falling": "E_t still fell at the end",
    "slow": "E_t falls too slowly",
    "linear_network": "linear networks",
    "vanishing_gradients": "vanishing gradients",
    "large_weights": "very large weights",
    "not_falling": "E_t hardly fell",
    "weights_near_zero": "weights near zero",
    "dead_units": "dead units",
    "saturated_units": "saturated units",
    "constant_output": "the same output for every example",
    "strong_regularizer": "large λ or δ",
    "few_parameters": "small networks",
    "many_parameters": "at least as many parameters as examples",
    "no_regularizer": "no regularizer",
    "weak_regularizer": "small λ or δ",
    "rose": "E_v rose while E_t fell",
}


def print_limited(found: dict[str, Any]) -> None:
    """Name the inputs that were limited because they are far outside of the training examples."""
    if not found["limited_inputs"]:
        return
    names, examples = found["limited_inputs"], found["limited_examples"]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    numbers = ", ".join(map(str, examples[:MOST_NAMED])) + (", …" if len(examples) > MOST_NAMED else "")
    rule = f"inputs limited: {printable(', '.join(names[:MOST_NAMED]))}{more}, in validation examples {numbers}"
    advice = "check these examples, and leave such an input out with --ignore if it is irrelevant"
    paragraph(
        f"{rule}, whose values are far outside the range of the training examples; {advice}", before="  ", after="  "
    )


def print_trial_diagnosis(found: dict[str, Any], *, with_curve: bool = True) -> None:
    """Print the diagnosis of a trial, with its curve in text characters if `with_curve`."""
    paragraph(f"trial {found['trial']} of {found['sweep']}: {headline(found)}")
    settings = described({**found, **found["varying"]}, found["varying"])
    paragraph(f"{settings}, {parameters(found)}", before="  ", after="    ")
    of_all = found["configuration_verdict"]
    if of_all != found["verdict"] and found["verdict"] and of_all and found["completed_repeats"] > 1:
        line = f"over its {found['completed_repeats']} completed repeats, the configuration is: {of_all}"
        paragraph(line, before="  ", after="    ")
    if found["verdict"] is not None:
        print_parts(found)
    curve = found["curve"]
    e_t, e_v, epochs = ([row[key] for row in curve] for key in ("e_t", "e_v", "epoch"))
    if with_curve:
        lines = curve_lines(e_t, e_v, found["best_epoch"], epochs, columns=line_width(WIDTH) - CURVE_MARGIN)
        say(*(["", *lines] if lines else []))
    print_limited(found)
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
    yet = "" if found["status"] == Status.PRUNED else " yet"
    return f"{found['status']}, so it has no verdict{yet}"


def print_parts(found: dict[str, Any]) -> None:
    """Print the excess and its parts with their standard errors, and the reference."""
    say("")
    for key, words in PARTS.items():
        error = "" if found[f"se_{key}"] is None else f" ± {found[f'se_{key}']:.2g}"
        say(f"  {key:9}{cell(key, found[key]) + error:>20}  {words}")
    reference = found["reference"]
    own = f"E_t {cell('', found['e_t'])}, E_v {cell('', found['e_v'])}, gap {cell('', found['gap'])}"
    own += f" after epoch {found['epochs']}"
    gap = reference["best_e_v"] - reference["best_e_t"]
    errors = f"E_t {cell('', reference['best_e_t'])}, E_v {cell('', reference['best_e_v'])}, gap {cell('', gap)}"
    after = f"after its best epoch {reference['best_epoch']}"
    which = "this trial at its best" if reference["trial"] == found["trial"] else f"trial {reference['trial']}"
    say("")
    paragraph(
        f"it has {own}; the reference, {which} ({described(reference, found['varying'])}), {errors} {after}",
        before="  ",
        after="  ",
    )


def described(row: dict[str, Any], varying: Iterable[str]) -> str:
    """The main settings of a configuration, and all others that vary in its sweep."""
    others = [f"{NAMED[key]} {plain_setting(row[key])}" for key in varying if key in NAMED]
    return " · ".join([*(plain_setting(row[key]) for key in SETTINGS), *others])


def plain_setting(value: Any) -> str:
    return printable(plainer(f"{value:g}" if isinstance(value, float) else str(value)))


def parameters(found: dict[str, Any]) -> str:
    return f"{found['parameters']} parameters for {found['training_count']} training examples"


def parts_in_line(row: dict[str, Any]) -> str:
    return ", ".join(f"{key} {cell(key, row[key])}" for key in PARTS)


def configurations(count: int) -> str:
    return "1 configuration" if count == 1 else f"{count} configurations"


def paragraph(text: str, *, before: str = "", after: str = "") -> None:
    """Print text wrapped to the terminal, at most 80 columns: first line after `before`, others after `after`."""
    width = line_width(WIDTH)
    room = width - max(len(before), len(after))
    # A name that is longer than a line is broken between its layers.
    text = " ".join(part for word in text.split(" ") for part in broken(word, room))
    folded = textwrap.wrap(text, width, initial_indent=before, subsequent_indent=after, break_on_hyphens=False)
    say(*folded)
