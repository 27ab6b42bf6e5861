"""Learning curve: whether more training examples would help."""

from typing import Any, ClassVar

from fitgap.runner.store import Row, Store
from fitgap.runner.studies.line import Line, line_of
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import against, is_shown, number

AXIS = "training_examples"
# Shares of the training examples, each about twice the one before.
SHARES = (0.06, 0.12, 0.25, 0.5, 1.0)
# A gap above this share of E_v is called wide.
WIDE = 0.25


class LearningCurve(Study):
    """The same network, trained on more and more of the training examples and validated on the same examples."""

    name = "learning-curve"
    question = "Would more training examples help?"
    data: ClassVar = {"source": "diabetes", "validation": 0.3}
    repeats, steps = 12, 3000
    varies = (AXIS,)
    outcomes: ClassVar = {
        "still_falling": "E_v is shown to fall up to the largest number of examples, so more would probably help",
        "levels_off": "E_v is shown to fall at first, but not with the last examples",
        "flat": "E_v is not shown to depend on the number of examples",
        "rises": "E_v is shown to be lower with fewer examples",
        "unknown": "there are not enough completed trials",
    }
    keys = (AXIS, "e_v", "difference", "difference_margin", "e_t", "gap", "trials", "e_v_sd")

    # The gap between both errors is a difference, which a logarithmic axis would distort.
    chart = Picture("learning-curve", {"linear": True})

    def axes(self, plan: Plan) -> dict[str, Any]:
        return {
            "architecture": [16],
            "regularizer": [{"l2": {"weight": 0.03}}],
            "optimizer": [{"adam": {"rate": 0.01}}],
            AXIS: plan.some_of(SHARES),
        }

    def answer(self, store: Store, sweep: str) -> Answer:
        line = line_of(store, sweep, AXIS)
        if line is None or len({group[AXIS] for group in line.groups}) < 2:
            return unknown("Trials with two numbers of training examples must have completed.")
        most = line.groups[-1]
        found = store.compare(sweep, [AXIS], of="e_v", against=line.name(most))
        known = {group[AXIS]: group for group in found if group["completed"]}
        rows = [known[group[AXIS]] for group in line.groups]
        outcome = outcome_of(rows)
        sentences = [course(line, rows), WORDS[outcome].format(before=rows[-2][AXIS]), gap(most)]
        about = f"Differences are those in E_v from {most[AXIS]} examples."
        return Answer(outcome, sentences, rows, about)


def outcome_of(rows: list[Row]) -> str:
    """The outcome, from the comparison of each number of examples with the largest one."""
    shown = [is_shown(row) for row in rows[:-1]]
    if any(each < 0 for each in shown):
        return "rises"
    if shown[-1] > 0:
        return "still_falling"
    return "levels_off" if any(shown) else "flat"


WORDS = {
    "still_falling": "The last step, from {before} examples on, still lowers E_v: more examples would probably help.",
    "levels_off": "From {before} examples on, E_v is not shown to fall: more examples may help little.",
    "flat": "So the number of examples is not shown to matter in this range.",
    "rises": "E_v is lower with fewer examples, which is unusual: look for double descent.",
}


def course(line: Line, rows: list[Row]) -> str:
    """E_v with each number of examples, and how far it falls from the last number that is shown to be worse."""
    values = ", ".join(f"{number(row['e_v'])} with {row[AXIS]}" for row in rows)
    worse = [row for row in rows[:-1] if is_shown(row) > 0]
    told = f"E_v is {values} training examples."
    if not worse:
        return told
    last = worse[-1]
    return f"{told} With {last[AXIS]}, it {against(last, f'with {rows[-1][AXIS]}')}."


def gap(most: Row) -> str:
    """What the gap between E_t and E_v at the largest number of examples means."""
    e_t, e_v = most["e_t"], most["e_v"]
    found = f"With all {most[AXIS]} examples, E_t is {number(e_t)} and E_v {number(e_v)}"
    if e_v - e_t > WIDE * e_v:
        return f"{found}: a wide gap, which more examples or a regularizer would narrow."
    return f"{found}. The two approach each other, so further examples can gain at most the gap of {number(e_v - e_t)}."
