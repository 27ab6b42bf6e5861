"""The answer of a study for people: the question, the groups on which it is based, and what they show."""

import textwrap
from collections.abc import Sequence

from fitgap.runner.cli.render.lines import line_width, say
from fitgap.runner.cli.render.scores import with_score_names
from fitgap.runner.cli.render.text_tables import print_table
from fitgap.runner.studies import StudyResult

WIDTH = 100
# Explanations of the columns of a table, by the suffix of their keys.
COLUMNS = {
    "e_t": "E_t: error on training examples",
    "e_v": "E_v: error on validation examples",
    "difference_margin": "± 95 %: half the width of the 95 % interval of a difference",
    "_sd": "± sd: standard deviation over repeats",
}
MAY_DISAGREE = (
    "Verdicts compare the errors of single examples; differences compare the means of repeats. So two groups may have "
    "different verdicts although their difference is not certain."
)
# Replaces a space at which lines must not break, such as between a number and its unit.
TIED = "\N{NO-BREAK SPACE}"


def print_answer(result: StudyResult) -> None:
    """Print the question, the table with an explanation of its numbers, and the answer in short and in detail."""
    say(f"{result.sweep}: {result.study.question}")
    say(*folded(result.conditions))
    rows = [dict(row) for row in result.answer.rows]
    keys = [key for key in result.study.keys if any(row.get(key) is not None for row in rows)]
    if rows:
        shown, names = with_score_names(rows, keys, result.target_kind)
        print_table(shown, names)
        say(*folded(" ".join(notes(result, keys))), "")
    say(*folded(f"In short: {result.meaning}."))
    for sentence in result.sentences():
        say(*folded(sentence))


def notes(result: StudyResult, keys: Sequence[str]) -> list[str]:
    """Sentences that explain the numbers of the table."""
    known = [words for ending, words in COLUMNS.items() if any(key.endswith(ending) for key in keys)]
    found = [f"{'; '.join(known)}.", result.answer.about]
    judged = [row["verdict"] for row in result.answer.rows if row.get("could_be_best")]
    if "verdict" in keys and len(set(judged)) > 1:
        found.append(MAY_DISAGREE)
    return [each for each in found if each]


def folded(text: str) -> list[str]:
    """The lines of a paragraph, wrapped at spaces, but not between a number and its sign or unit."""
    tied = text.replace("± ", f"±{TIED}").replace(" %", f"{TIED}%")
    return [line.replace(TIED, " ") for line in textwrap.wrap(tied, line_width(WIDTH), break_on_hyphens=False)]
