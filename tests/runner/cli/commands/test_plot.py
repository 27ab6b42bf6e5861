"""`fitgap plot`: in the terminal, or as a file."""

import sys

import pytest


@pytest.fixture
def plot(invoke, trained_database):
    """`plot(kind, what, …)`: the command on the small trained sweep."""

    def run(kind, what="small", *options):
        return invoke("plot", kind, what, *options, "--db", trained_database)

    return run


@pytest.mark.parametrize("kind", ["curves", "capacity", "importance", "fitmap"])
def test_a_terminal_gets_a_drawing_of_at_most_80_columns(kind, plot):
    answer = plot(kind)
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert len(lines) > 3 and max(map(len, lines)) <= 80


def test_the_drawing_of_a_trial_is_its_curve(plot):
    answer = plot("curves", "2")
    assert answer.out.startswith("trial 2: ") and "E_t, █ E_v" in answer.out


@pytest.mark.nightly
def test_a_stream_of_ascii_gets_ascii(plot, monkeypatch, command, trained_database):
    for kind in ("fitmap", "capacity"):
        answer = command("plot", kind, "small", "--db", trained_database, env={"PYTHONIOENCODING": "ascii", "PATH": ""})
        assert answer.code == 0 and answer.out.isascii() and "\\" not in answer.out


def test_a_file_appears_with_the_chart(plot, tmp_path):
    assert plot("fitmap", "small", "-o", tmp_path / "map.svg").code == 0
    assert (tmp_path / "map.svg").read_text().startswith("<svg")
    assert plot("heat", "small", "--by", "architecture,optimizer", "--of", "verdict", "-o", "heat.json").code == 0
    assert plot("curves", "small", "--trials", "1,2", "--theme", "dark", "--width", "300", "-o", "c.json").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("heat",), "heat cannot be drawn in a terminal; name a file, such as -o heat.png"),
        (("fit", "small", "-o", "a.png"), "there is no chart 'fit'; did you mean 'fitmap'?"),
        (("fitmap", "small", "-o", "a.gif"), "a.gif must end in .png"),
        (("fitmap", "large"), "there is no sweep 'large'"),
        (("curves", "9999"), "there is no trial 9999"),
        (("curves", "small", "--trials", "x"), "'x' is not the number of a trial"),
        (("curves", "small", "--where", "e_v <"), "filter: "),
        (("stopping", "small", "-o", "no/such/folder/a.png"), "cannot be written"),
    ],
)
def test_mistakes_are_one_line(words, message, plot):
    answer = plot(*words)
    assert answer.code == 2 and answer.out == ""
    assert message in answer.err and "Traceback" not in answer.err


def test_a_chart_never_replaces_a_database(plot, trained_database):
    answer = plot("fitmap", "small", "-o", trained_database)
    assert answer.code == 2 and trained_database.read_bytes().startswith(b"SQLite")


@pytest.mark.nightly
def test_only_drawing_loads_altair(command, trained_database):
    code = (
        "import sys, fitgap.runner.cli.main, fitgap.runner.frames; print({'altair', 'vl_convert'} & set(sys.modules))"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_heat_says_what_it_lacks(invoke):
    run = ("run", "--data", "moons", "--epochs", "1", "--hidden", "2", "--hidden", "3", "--engine", "local")
    assert invoke(*run, "--name", "one").code == 0
    answer = invoke("plot", "heat", "one", "-o", "h.png")
    assert answer.code == 2 and "in this sweep hidden layers alone varies" in answer.err
    assert invoke(*run, "--name", "two", "--activation", "relu", "--activation", "tanh").code == 0
    answer = invoke("plot", "heat", "two", "--by", "architecture", "-o", "h.png")
    assert answer.code == 2 and "name both, such as --by architecture,activation" in answer.err
