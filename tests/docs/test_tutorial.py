"""docs/tutorial.md: its commands run as written, in order, and give the results that the page describes."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

# These tests share a fixture that is slow to set up.
pytestmark = pytest.mark.xdist_group("tutorial")

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text()
# The content of the file that the tutorial asks readers to write.
NEW = re.search(r"`new.csv`:\n\n```text\n(.*?)```", PAGE, re.DOTALL).group(1)
# The installation, and a command with placeholders for the reader's own file.
NOT_RUN = ("python3 -m venv", ".venv/bin/pip", "source ", "fitgap run --data FILE")


def commands():
    """The commands of the page that the tests run, each on one line."""
    text = re.sub(r"```.*?```", "", PAGE.replace("\\\n", " "), flags=re.DOTALL)
    lines = [" ".join(line.split()) for line in re.findall(r"^    (.*)$", text, re.MULTILINE)]
    return [line for line in lines if not line.startswith(NOT_RUN)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function that runs a command in a folder where all commands of the page have run."""
    folder = tmp_path_factory.mktemp("tutorial")
    script = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1)
    (folder / "make_houses.py").write_text(script)
    (folder / "new.csv").write_text(NEW)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "100"}

    def run(line):
        done = subprocess.run(
            shlex.split(line), cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        return done.stdout

    run("python -W error::SyntaxWarning make_houses.py")
    run.printed = "".join(
        run(f"{line} --engine local" if line.startswith(("fitgap run", "fitgap extend")) else line)
        for line in commands()
    )
    return run


def masked(line):
    """A line with its numbers masked, because their last digits depend on the processor, and with normalized spaces."""
    return " ".join(re.sub(r"[\d.]+", "#", line).split())


def test_commands_are_found():
    assert len(commands()) == 10 and commands()[0].startswith("fitgap run --data houses.csv")


@pytest.mark.nightly
def test_networks_fit_as_the_page_says(trained):
    rows = json.loads(trained("fitgap compare houses --by architecture,regularizer --format json"))
    verdicts = {(row["architecture"], row["regularizer"]): row["verdict"] for row in rows}
    assert verdicts["none", "none"] == "underfit"
    assert verdicts["64-64", "none"] == "overfit"
    assert verdicts["64-64", "l2:weight=0.01"] == "good"


@pytest.mark.nightly
def test_predictions_are_near_the_true_prices(trained):
    prices = [row["price"] for row in json.loads(trained("fitgap predict model.npz new.csv --format json"))]
    assert prices == pytest.approx([340, 160], abs=30)


@pytest.mark.nightly
def test_only_the_new_trials_were_trained(trained):
    rows = json.loads(trained("fitgap trials houses --format json"))
    assert len(rows) == 40 and {row["attempt"] for row in rows if "attempt" in row} <= {1}
    assert sum(row["architecture"] == "32-32" for row in rows) == 10


@pytest.mark.nightly
def test_output_is_printed_as_the_page_shows_it(trained):
    blocks = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    # Every line except the curve, with numbers masked; `…` marks omissions.
    shown = {masked(line) for block in blocks for line in block.splitlines() if "│" not in line} - {"…", ""}
    printed = {masked(line) for line in (trained.printed + NEW).splitlines()}
    assert len(shown) > 20 and shown - printed == set()
