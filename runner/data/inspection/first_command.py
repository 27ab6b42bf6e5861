"""The command that an inspection suggests first: some networks, trained on the file as it was inspected."""

import shlex
from collections.abc import Iterator, Sequence

from fitgap.runner.data.treatment import FileChoices

NETWORKS = ("--hidden", "none", "--hidden", "16", "--hidden", "64-32", "--repeats", "5")


def first_command(source: str, target: Sequence[str], ignored: Sequence[str], choices: FileChoices) -> str:
    """The command, with these targets and ignored columns, and everything else that the user decided."""
    words = ["fitgap", "run", "--data", source]
    if target:
        words += ["--target", ",".join(target)]
    for name in ignored:
        words += ["--ignore", name]
    return shlex.join([*words, *decided(choices), *NETWORKS])


def decided(choices: FileChoices) -> Iterator[str]:
    """The options for the other choices."""
    for option, names in (("--inputs", choices.inputs), ("--categorical", choices.categorical)):
        for name in names:
            yield from (option, name)
    for name, form in choices.dates.items():
        yield from ("--dates", name if form is None else f"{name}={form}")
    single = {
        "--target-kind": choices.target_kind,
        "--separator": choices.separator,
        "--decimal": choices.decimal,
        "--encoding": choices.encoding,
    }
    for option, value in single.items():
        if value is not None:
            yield from (option, value)
    for word in choices.missing_values or ():
        yield from ("--missing-values", word)
