"""Refusal of files with scaled examples: a network scales its inputs itself."""

from collections.abc import Collection

from fitgap.runner.data.error_texts import file_error

# `fitgap data --scaled` writes a column or an array of this name in addition to those in WRITTEN_WITH.
SCALED = "scaled"
WRITTEN_WITH = {"example", "side"}


def check_unscaled(source: str, present: Collection[str], known: Collection[str] = ()) -> None:
    """Raise DataError if `fitgap data --scaled` wrote the file with the columns or arrays that are `present`.

    `known` are columns of the file that the network was trained on, which may itself have been such a file.
    """
    if SCALED in present and set(present) >= WRITTEN_WITH and SCALED not in known:
        rule = "its inputs and targets are scaled, but a network scales them itself"
        advice = "write the file with `fitgap data` without --scaled"
        raise file_error(source, f"{rule}; {advice}, or remove '{SCALED}' from it if the network was trained on it")
