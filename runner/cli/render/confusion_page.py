"""The confusion matrix of a trial in the terminal: as a table if it fits, otherwise the largest confusions."""

from typing import Any

from fitgap.runner.amounts import counted
from fitgap.runner.cli.render.lines import printable, say
from fitgap.runner.cli.render.text_tables import print_table

# Up to this width, and with names of classes up to this length, the whole matrix is printed.
WIDEST, LONGEST_NAME = 78, 12
# For a larger matrix, at most this many confusions are printed.
MOST_CONFUSIONS = 10


def print_confusion(matrix: dict[str, Any], recall: dict[str, float | None], epoch: int) -> None:
    """Print a confusion matrix in the form of `Store.show`, with the recall of every class."""
    if fits(matrix):
        say(f"confusion (validation examples after epoch {epoch}; rows: class, columns: answer)")
        print_table(*whole(matrix, recall))
        return
    rows = confusions(matrix)
    classes = len(matrix["classes"])
    say(
        f"confusion (validation examples after epoch {epoch}; the largest of {classes} classes, "
        f"{counted(len(rows), 'confusion')} in all)"
    )
    if rows:
        print_table(rows[:MOST_CONFUSIONS], ["class", "answer", "examples", "share"])
    known = {name: value for name, value in recall.items() if value is not None}
    lowest = sorted(known, key=lambda name: known[name])[:3]
    say("  lowest recall: " + ", ".join(f"{printable(name)} {known[name]:.3g}" for name in lowest))


def fits(matrix: dict[str, Any]) -> bool:
    """Whether the whole matrix has room in a terminal of 80 columns."""
    answers, names = matrix["answers"], [*matrix["classes"], *matrix["answers"]]
    used = max(map(len, names)) + sum(max(len(name), 3) + 1 for name in answers) + len("recall") + 2
    return max(map(len, names)) <= LONGEST_NAME and used <= WIDEST


def whole(matrix: dict[str, Any], recall: dict[str, float | None]) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows and keys of the table of a matrix."""
    # The trailing space keeps these keys distinct from the other columns, whatever the classes are called.
    keys = [f"{answer} " for answer in matrix["answers"]]
    rows = [
        {"class": name, **dict(zip(keys, row, strict=True)), "recall": recall[name]}
        for name, row in zip(matrix["classes"], matrix["counts"], strict=True)
    ]
    return rows, ["class", *keys, "recall"]


def confusions(matrix: dict[str, Any]) -> list[dict[str, Any]]:
    """The wrong answers, the most frequent first."""
    rows = [
        {"class": name, "answer": answer, "examples": count, "share": count / sum(row)}
        for name, row in zip(matrix["classes"], matrix["counts"], strict=True)
        for answer, count in zip(matrix["answers"], row, strict=True)
        if count and answer != name
    ]
    return sorted(rows, key=lambda row: -row["examples"])
