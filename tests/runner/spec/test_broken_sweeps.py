"""Any sweep file or flag gives a sweep, or one line that says where the mistake is."""

import time
from pathlib import Path

from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Sweep, sweep_from_file
from fitgap.runner.spec.places import path_text
from hypothesis import given
from support.profiles import share_of_examples
from support.spec.broken_sweeps import MENDED_BYTES, MENDED_TEXTS, WITH_A_WRONG_PART, with_an_unknown_key

FILE = Path("broken.yaml")
# Everything here takes some hundredths of a second; this limit catches what would not end.
MOST_SECONDS = 10.0


def told(read, *arguments):
    """The sweep that was read, or the one-line error that says why there is none. Other exceptions fail the test."""
    start = time.monotonic()
    try:
        answer = read(*arguments)
        assert isinstance(answer, Sweep)
        # What was accepted can be written and read again.
        assert Sweep.from_canonical(answer.canonical()) == answer
    except SpecError as error:
        answer = str(error)
        assert answer.isprintable() and 10 < len(answer) < 2000
    assert time.monotonic() - start < MOST_SECONDS
    return answer


def check_file(content, folder):
    """Read a file with this content; errors must start with its name, and no other file may be written."""
    FILE.write_bytes(content)
    answer = told(sweep_from_file, FILE)
    assert isinstance(answer, Sweep) or answer.startswith("broken.yaml")
    assert list(folder.iterdir()) == [folder / FILE]
    return answer


@share_of_examples(5)
@given(content=WITH_A_WRONG_PART)
def test_a_file_with_a_wrong_part_is_a_sweep_or_one_line(content, own_folder):
    check_file(content, own_folder)


@share_of_examples(3)
@given(content=MENDED_TEXTS)
def test_a_file_that_was_cut_and_mended_is_a_sweep_or_one_line(content, own_folder):
    check_file(content, own_folder)


@share_of_examples(1.5)
@given(content=MENDED_BYTES)
def test_a_file_of_any_bytes_is_a_sweep_or_one_line(content, own_folder):
    check_file(content, own_folder)


@given(written=with_an_unknown_key())
def test_an_unknown_key_is_named(written, own_folder):
    text, path, key = written
    answer = check_file(text.encode(), own_folder)
    # A mapping that may have only one key is reported as a whole.
    assert isinstance(answer, str) and (key in answer or (path and path_text(path) in answer))
