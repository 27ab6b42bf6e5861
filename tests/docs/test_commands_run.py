"""The commands in README.md and the how-to guides work: they run as written, page by page.

Commands that train are shortened and run in this process. Those that need a cluster, a server or another program are
left to the tests of these parts.
"""

import contextlib
import csv
import io
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from fitgap.runner.cli.main import app, exit_code_of
from fitgap.runner.data import load_dataset
from fitgap.runner.suggestions import naming_database
from support.sampling import per_commit

# These tests share a fixture that is slow to set up.
pytestmark = pytest.mark.xdist_group("commands of the pages")

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "docs" / "reference" / "filters.md",
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
]
# The commands of these pages take a second or two.
QUICK = [page for page in PAGES if page.name in ("README.md", "filters.md")]
SWEEP = """\
data: {source: digits, validation: 0.1}
repeats: 2
training: {epochs: 2, keep: best}
axes:
  architecture: [none, 4]
  activation: [relu, {prelu: {beta: 0.05}}]
  optimizer: [{adam: {rate: [1e-3, 1e-2]}}]
"""
IMAGES = """\
data: {source: images.npz, shape: [8, 8, 1]}
training: {loss: softmax_cross_entropy, epochs: 1}
axes:
  architecture: [conv8x3-pool2, 16]
"""
HOUSES = "size,rooms,area_1,zip,sold,agent,notes,price\n" + "\n".join(
    f"{40 + n},{1 + n % 5},{n % 7}.5,{n % 3},{1 + n % 28}/{1 + n % 12}/2020,agent {n % 4},note {n},{90 + 3.1 * n}"
    for n in range(300)
)
LOANS = "amount,years,defaulted\n" + "\n".join(
    f"{1 + n % 17},{1 + n % 6},{'yes' if n % 9 == 0 else 'no'}" for n in range(200)
)
SURVEY = "age,size,sampling_weight,income\n" + "\n".join(
    f"{20 + n % 50},{1 + n % 4},{1 + n % 3}.5,{20 + 1.7 * (n % 31)}" for n in range(200)
)
# Needs another machine or program, contains a placeholder, or trains for minutes.
ELSEWHERE = ("--address", "postgresql://", "--mlflow", "doctor", "examples/digits.yaml", "…", "NAME", "FILE", "SWEEP")
TRAINING = ("run", "resume", "extend", "improve", "retry")


@pytest.fixture(scope="module")
def prepared_folder(tmp_path_factory):
    """A folder with everything the pages mention: a sweep `digits`, its data and other files."""
    folder = tmp_path_factory.mktemp("pages")
    with contextlib.chdir(folder):
        Path("digits.yaml").write_text(SWEEP)
        Path("houses.csv").write_text(HOUSES)
        Path("loans.csv").write_text(LOANS)
        Path("survey.csv").write_text(SURVEY)
        Path("sweep.yaml").write_text("data: iris\naxes: {architecture: 4}\ntraining: {epochs: 2}\n")
        names = load_dataset("digits").input_names
        with open("new.csv", "w", newline="") as file:
            csv.writer(file).writerows([names, np.arange(len(names)) % 17])
        write_arrays(load_dataset("digits"))
        Path("images.yaml").write_text(IMAGES)
        Path("examples").mkdir()
        for name in ("digits-convolution.yaml", "sequences.yaml"):
            shutil.copy(ROOT / "examples" / name, "examples")
        answer("run digits.yaml --engine local")
        answer("db backup backup.db")
    return folder


def write_arrays(digits):
    """NPZ files of images and sequences."""
    images, classes = digits.inputs[:200].reshape(-1, 8, 8, 1), digits.targets[:200, 0].astype(int)
    np.savez("images.npz", inputs=images, targets=classes)
    np.savez("new-images.npz", inputs=images, **dict.fromkeys(digits.target_names, classes))
    sequences = np.random.default_rng(1).random((60, 12, 2))
    np.savez("sequences.npz", inputs=sequences, targets=sequences[:, :, 0].sum(axis=1))


@pytest.fixture
def folder(prepared_folder, tmp_path, monkeypatch):
    """A copy of the prepared folder for one page, as the current folder."""
    shutil.copytree(prepared_folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.delenv("FITGAP_DB", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(line):
    """Run a command; returns its exit code and output."""
    printed = io.StringIO()
    words = shlex.split(line, comments=True)
    if words[0] in TRAINING and "--dry-run" not in words:
        words += ["--engine", "local"]
    if words[0] == "run" and any(word.startswith("--") for word in words):
        # The first rung is after three epochs.
        words += ["--epochs", "4" if "--halving" in words else "1"]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), naming_database():
        code = exit_code_of(lambda: app(words, standalone_mode=False))
    return code or 0, printed.getvalue()


def commands(page):
    """The commands in the code blocks of a page, except those that cannot run here."""
    lines = re.findall(r"^    (?:nohup )?fitgap (.*)$", page.read_text().replace("\\\n", " "), re.MULTILINE)
    lines = [re.sub(" > .*log.*", "", line) for line in lines]
    # The web page runs until it is stopped; it is tested in tests/web.
    lines = [line for line in lines if line.split()[0] != "ui" and "--ui" not in line]
    return [line for line in lines if not any(word in line for word in ELSEWHERE)]


def with_yes(line):
    """The line with `--yes` if it would ask for confirmation."""
    words = line.partition("#")[0]
    return f"{words} --yes" if words.startswith("delete") and "--yes" not in words else line


def test_there_are_commands():
    counts = {page.name: len(commands(page)) for page in PAGES}
    assert sum(counts.values()) > 60 and counts["compare.md"] >= 8 and counts["keep-order.md"] >= 9, counts


@pytest.mark.parametrize("page", per_commit(QUICK, PAGES), ids=[page.name for page in PAGES])
def test_the_commands_of_a_page_run(page, folder):
    refused = {}
    for line in commands(page):
        code, said = answer(with_yes(line))
        if code:
            refused[line] = said
    assert refused == {}
