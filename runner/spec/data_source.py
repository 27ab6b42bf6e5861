"""The source of the data of a sweep: a named data set with its options, or a path."""

import os
from typing import Any

from fitgap.runner.errors import SpecError, nearest
from fitgap.runner.spec.choices import read_choice, single_value
from fitgap.runner.spec.validation import LONGEST_SHOWN, SpecNode, shown


def is_path(source: str) -> bool:
    """Whether a source is a path, judged by its text alone."""
    from fitgap.runner.data import SOURCES, is_file

    # `sine:noise=0.2` looks like a file name with a suffix.
    name, _, settings = source.partition(":")
    is_shorthand = name in SOURCES or ("=" in settings and "/" not in source)
    return not is_shorthand and is_file(source)


def read_source(node: SpecNode) -> tuple[str, dict[str, Any]]:
    """The name and options of a data set, or a path without options."""
    from fitgap.runner.data import SOURCES

    if isinstance(node.value, str):
        if is_path(node.value):
            return node.value, {}
        name = node.value.partition(":")[0]
        if name not in SOURCES:
            advice = f"{nearest(name[:LONGEST_SHOWN], SOURCES)}; name a file by its path, such as data.csv"
            if name and os.path.isfile(name):
                advice = f"there is a file of this name; write ./{name[:LONGEST_SHOWN]}"
            raise SpecError(f"there is no data set {shown(name)}; {advice}", node.path)
    choice = single_value(read_choice(node, SOURCES, "data set"), node)
    return choice.name, choice.variant.settings()
