"""Text in any encoding and locale: on streams, in file names and on the command line."""

import json
import os
import sqlite3
import sys
from contextlib import closing

import pytest
from fitgap.runner.cli.main import main
from fitgap.runner.streams.typography import PLAIN
from fitgap.runner.streams.writers import ErrorWriter, OutputWriter, text_stream
from support.cli.shells import ASKING, shell
from support.sampling import at_night, per_commit

LOCALES = {
    "strict": {"PYTHONIOENCODING": "ascii:strict"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0"},
    "unbuffered": {"PYTHONIOENCODING": "latin-1", "PYTHONUNBUFFERED": "1"},
}


@pytest.fixture
def in_encoding(monkeypatch, own_folder):
    """`in_encoding(encoding, *words)`: a command in this process, on streams in that encoding; code, output, errors."""

    def run(encoding, *words):
        paths = [own_folder / name for name in ("out", "err")]
        for name, path, writer in zip(("stdout", "stderr"), paths, (OutputWriter, ErrorWriter), strict=True):
            stream = text_stream(writer(path, "w"), encoding, PLAIN, is_by_line=True, is_unbuffered=False)
            monkeypatch.setattr(sys, name, stream)
        monkeypatch.setattr(sys, "argv", ["fitgap", *words])
        with pytest.raises(SystemExit) as exit_:
            main()
        for stream in (sys.stdout, sys.stderr):
            stream.close()
        return exit_.value.code or 0, *(path.read_bytes().decode(encoding) for path in paths)

    return run


@pytest.mark.parametrize("encoding", per_commit(["ascii"], ["ascii", "latin-1", "utf-16", "cp437", "koi8-r"]))
@pytest.mark.parametrize("words", ASKING.values(), ids=list(ASKING))
def test_questions_are_answered_in_any_encoding(words, encoding, small, in_encoding):
    with closing(sqlite3.connect(small)) as connection, connection:
        connection.execute("INSERT INTO sweep_tag VALUES (1, 'grün ☃')")
        connection.execute("UPDATE trial SET note = 'größe … ± β'")
    code, out, err = in_encoding(encoding, *words.split())
    assert (code, err) == (0, "")
    if "--format json" in words:
        assert json.loads(out)[0]["note"] == "größe … ± β"
    if words == "sweeps" and encoding == "ascii":
        assert "gr\\xfcn \\u2603" in out


@pytest.mark.nightly
@pytest.mark.parametrize("env", per_commit([LOCALES["C"]], LOCALES.values()), ids=list(LOCALES))
def test_a_sweep_with_names_in_any_script_is_trained_and_told_in_any_encoding(env, own_folder):
    rows = "".join(f"{number},{number % 3},{'ä' if number % 2 else '☃'}\n" for number in range(20))
    (own_folder / "größe.csv").write_text(f"länge β,× [cm],ziel ½\n{rows}")
    line = "fitgap run --data größe.csv --target 'ziel ½' --hidden 2 --epochs 2 --engine local"
    code, out, err = shell(line, env)
    assert code == 0, err
    assert "Traceback" not in err.decode("latin-1") and out
    assert shell("fitgap predict 1 größe.csv", env)[0] == 0
    assert shell("fitgap tag größe-nosuch x", env)[0] == 2


@pytest.mark.nightly
def test_text_of_the_command_line_is_utf_8_in_the_locale_c(small):
    shell("fitgap tag small 'grün β'; fitgap note small 'größe'", LOCALES["C"])
    (sweep,) = json.loads(shell("fitgap sweeps --format json")[1])
    assert (sweep["tags"], sweep["note"]) == (["grün β"], "größe")
    code, out, _ = shell("fitgap trials small --where 'note is null or note = \"ü\"' --format json", LOCALES["C"])
    assert code == 0 and len(json.loads(out)) == 48


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("given", "first", "second"),
    [
        ("--data größe.csv --target b --hidden 2", LOCALES["C"], ()),
        at_night("sweep.yaml", (), LOCALES["C"]),
        at_night("sweep.yaml", LOCALES["C"], LOCALES["C"]),
    ],
)
def test_a_sweep_goes_from_one_locale_to_another_with_the_names_of_its_files(given, first, second, own_folder):
    """From the command line in the C locale to UTF-8, and from a sweep file in UTF-8 to the C locale."""
    (own_folder / "größe.csv").write_text("a,b\n" + "1,2\n2,3\n3,5\n4,1\n" * 5)
    (own_folder / "sweep.yaml").write_text("data: {source: größe.csv, target: b}\naxes: {architecture: [2]}\n")
    ran = shell(f"fitgap run {given} --name one --epochs 2 --engine local", first)
    extended = shell("fitgap extend one --repeats 2 --engine local", second)
    assert (ran[0], extended[0]) == (0, 0), ran[2] + extended[2]


@pytest.mark.nightly
@pytest.mark.parametrize("kind", per_commit(["csv"], ["csv", "json", "parquet"]))
def test_file_names_that_are_no_text_are_read_and_written(kind, small, own_folder):
    name = os.fsencode("caf") + b"\xe9"
    (own_folder / os.fsdecode(name + b".csv")).write_text("a,b\n" + "1,2\n2,3\n3,5\n4,1\n" * 5)
    code, _, err = shell("fitgap run --data caf$'\\xe9'.csv --target b --hidden 2 --epochs 2 --engine local")
    assert code == 0, err
    assert shell("fitgap show 49")[0] == shell("fitgap predict 49 caf$'\\xe9'.csv")[0] == 0
    assert shell(f"fitgap epochs 1 --format {kind} -o caf$'\\xe9'.{kind}")[0] == 0
    assert (own_folder / os.fsdecode(name + b"." + kind.encode())).stat().st_size
