"""Bad input as users encounter it, in a process of its own: one line, exit code 2, nothing written, nothing run.

`test_broken_sweeps`, `test_broken_files` and `test_bad_flags` search for such input; these are examples of each kind.
"""

from pathlib import Path

import pytest
from support.data.broken_files import plain_archive, trap_archive
from support.sampling import every

WRONG_DATA = Path(__file__).parents[1] / "data" / "wrong_files"
TRAP = b'data: iris\naxes: !!python/object/apply:os.system ["touch canary"]\n'

CASES = {
    "an unknown key": ({"bad.yaml": b"data: iris\nepochs: 3\n"}, ["bad.yaml"], "bad.yaml:2:1: epochs: there is no"),
    "a tag of Python": ({"bad.yaml": TRAP}, ["bad.yaml"], "bad.yaml:2:1: axes: has the tag"),
    "a rate that is no number": (
        {"bad.yaml": b"data: iris\naxes: {optimizer: {adam: {rate: .nan}}}\n"},
        ["bad.yaml"],
        "axes.optimizer.adam.rate: must be a number, above 0, but is nan",
    ),
    "half a character": (
        {"bad.yaml": b"data: iris\nname: \xed\xa0\x80\n"},
        ["bad.yaml"],
        "bad.yaml:2:7: the file is not valid UTF-8",
    ),
    "a null character": ({"bad.yaml": b"data: iris\0\n"}, ["bad.yaml"], r"the character '\x00' is not allowed here"),
    "no such file": ({}, ["bad.yaml"], "bad.yaml: there is no such file"),
    "layers in words": ({}, ["--data", "iris", "--hidden", "two"], "--hidden two: must be hidden layers"),
    "a seed in words": ({}, ["--data", "iris", "--seed", "lucky"], "--seed lucky: must be a whole number"),
    "bytes in a flag": ({}, ["--data", "iris", "--loss", "\udcff"], r"--loss \udcff: there is no loss"),
    "objects in an archive": ({"bad.npz": trap_archive()}, ["--data", "bad.npz"], "holds Python objects"),
    "data for a sweep file": (
        {"a b.npz": plain_archive()},
        ["a b.npz"],
        "a b.npz: must be a sweep file, but its name is that of a data file; give data with --data 'a b.npz'",
    ),
    "data under any name": (
        {"data": plain_archive()},
        ["data"],
        "or give it with --data if it holds data",
    ),
    "half an archive": (
        {"bad.npz": plain_archive()[:-30]},
        ["--data", "bad.npz"],
        "bad.npz: this is not a complete NPZ file",
    ),
    "a ragged table": (
        {"bad.csv": b"a,b\n1,2\n3\n"},
        ["--data", "bad.csv", "--target", "b"],
        "line 3 has 1 cell, but line 1 has 2",
    ),
    "a file that ends its reader": (
        {"bad.parquet": (WRONG_DATA / "kills_reader.parquet").read_bytes()},
        ["--data", "bad.parquet", "--target", "target"],
        "bad.parquet: the file is damaged",
    ),
    "a file that breaks its reader": (
        {"bad.parquet": (WRONG_DATA / "breaks_reader.parquet").read_bytes()},
        ["--data", "bad.parquet", "--target", "target"],
        "bad.parquet: the file is damaged",
    ),
}


@pytest.mark.parametrize("name", every(2, CASES))
def test_bad_input_is_told_in_one_line_and_nothing_is_written(name, forked_command, own_folder):
    files, arguments, words = CASES[name]
    for file, content in files.items():
        Path(file).write_bytes(content)
    answer = forked_command("run", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("fitgap: ") and answer.err.count("\n") == 1
    assert words in answer.err
    assert {path.name for path in own_folder.iterdir()} == set(files)
