"""What a refused command prints: one line, and nothing else."""

import re
from pathlib import Path


def one_line(text):
    return text.count("\n") == 1 and text.endswith("\n") and text.startswith("fitgap: ") and text[:-1].isprintable()


def assert_refused(answer, pattern):
    """Exit code 2, one line on standard error, nothing on standard output, and no new files."""
    assert (answer.code, answer.out) == (2, ""), answer
    assert one_line(answer.err), answer.err
    assert re.search(pattern, answer.err), answer.err
    assert not [path for path in Path().iterdir() if ".db" in path.name]
