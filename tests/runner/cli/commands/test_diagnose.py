"""`fitgap diagnose`: the stored verdicts and the causes behind them, in text that fits into 80 columns."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from fitgap.core.fit_facts import Cause
from fitgap.core.fit_verdicts import RULE, Verdict
from fitgap.runner.cli.render.diagnosis_page import CAUSE_WORDS, VERDICT_WORDS

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("diagnose")

DOCUMENT = Path(__file__).parents[4] / "docs" / "how-to" / "diagnose.md"
# Configurations that learn, that have too few epochs, that are restrained by L2, and whose rate makes them diverge.
SWEEP = """\
name: odd
data: digits
repeats: 2
training: {batch_size: 32}
axes:
  architecture: [32]
  epochs: [1, 12]
  regularizer: [none, {l2: {weight: 0.5}}]
  optimizer: [{adam: {rate: 3e-3}}, {gradient_descent: {rate: 1e+30}}]
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory, command):
    folder = tmp_path_factory.mktemp("diagnosed")
    (folder / "odd.yaml").write_text(SWEEP)
    answer = command("run", "odd.yaml", "--engine", "local", "--db", "odd.db", cwd=folder)
    assert answer.code == 0, answer.err
    assert re.search(r"Fit of \d+ configurations: .*\. What to try: fitgap diagnose odd", answer.err)
    return folder / "odd.db"


@pytest.fixture
def ask(invoke, database):
    return lambda *words: invoke(*words, "--db", database)


@pytest.fixture
def told(ask):
    """`told(*words)`: the JSON output of a command."""
    return lambda *words: json.loads(ask(*words, "--format", "json").out)


def test_a_sweep_is_told_with_its_counts_its_reference_and_the_worst(told):
    found, trials = told("diagnose", "odd"), told("trials", "odd")
    judged = {row["configuration"]: row for row in trials if row["verdict"]}
    assert len(judged) == found["configurations"]["diverged"] == 4
    assert sum(found["configurations"].values()) == 8
    assert found["trials"] == {"completed": 8, "diverged": 8} and found["rule"] == RULE and found["unjudged"] == 0
    assert (found["configurations"]["good"], found["configurations"]["underfit"]) == (1, 3)
    trouble, diverged = found["troubles"]
    assert (diverged["verdict"], diverged["configurations"]) == ("diverged", 4)
    assert (trouble["verdict"], trouble["configurations"], trouble["looked_at"]) == ("underfit", 3, 3)
    excesses = [row["excess"] for row in trouble["worst"]]
    assert excesses == sorted(excesses, reverse=True)
    reference = found["reference"]["configuration"]
    assert judged[reference]["verdict"] == "good" and judged[reference]["regularizer"] == "none"
    causes = {each["cause"]: each["configurations"] for each in trouble["causes"]}
    assert causes["still_falling"] >= 1 and causes["strong_regularizer"] == 2


def test_a_trial_is_told_with_its_parts_its_reference_and_its_curve(told):
    (trial,) = [row for row in told("trials", "odd") if row["repeat"] == 2 and row["verdict"] == "underfit"][:1]
    found = told("diagnose", str(trial["trial"]))
    for key in ("excess", "underfit", "overfit", "verdict", "e_t", "e_v"):
        assert found[key] == pytest.approx(trial[key]) if isinstance(trial[key], float) else found[key] == trial[key]
    assert found["excess"] == pytest.approx(found["underfit"] + found["overfit"])
    assert all(found[f"se_{key}"] > 0 for key in ("excess", "underfit", "overfit"))
    reference = told("show", str(found["reference"]["trial"]))
    assert reference["repeat"] == 2 and found["reference"]["best_e_v"] == reference["best_e_v"]
    assert found["curve"] == [
        {key: row[key] for key in ("epoch", "e_t", "e_v")} for row in told("epochs", found["trial"])
    ]
    assert found["causes"] and all(each["advice"] for each in found["causes"])


def test_a_trial_without_a_verdict_says_why(ask, told):
    diverged = next(row["trial"] for row in told("trials", "odd") if row["status"] == "diverged")
    assert "diverged (" in ask("diagnose", diverged).out and "lower learning rate" in ask("diagnose", diverged).out
    assert told("diagnose", str(diverged))["verdict"] is None


def test_words_fit_into_80_columns(ask, told):
    pages = [ask("diagnose", "odd").out, *(ask("diagnose", row["trial"]).out for row in told("trials", "odd"))]
    assert max(len(line) for page in pages for line in page.splitlines()) <= 80
    assert "3 of 8 configurations underfit" in pages[0] and "look closer: fitgap diagnose" in pages[0]
    assert "excess" in pages[1] or "diverged" in pages[1]


def test_csv_has_a_row_for_each_of_the_worst(ask, told):
    rows = list(csv.DictReader(io.StringIO(ask("diagnose", "odd", "--format", "csv").out)))
    worst = told("diagnose", "odd")["troubles"][0]["worst"]
    underfit = [row for row in rows if row["verdict"] == "underfit"]
    assert [float(row["excess"]) for row in underfit] == [row["excess"] for row in worst]
    assert [row["causes"].split() for row in underfit] == [[each["cause"] for each in row["causes"]] for row in worst]
    (row,) = csv.DictReader(io.StringIO(ask("diagnose", str(worst[0]["trial"]), "--format", "csv").out))
    assert row["verdict"] == "underfit" and row["reference"].isdecimal()


@pytest.mark.parametrize(
    ("what", "pattern"), [("od", "there is no sweep 'od'; did you mean 'odd'?"), ("999", "there is no trial 999")]
)
def test_what_does_not_exist_is_told_in_one_line(what, pattern, ask):
    answer = ask("diagnose", what)
    assert (answer.code, answer.out) == (2, "") and pattern in answer.err and answer.err.count("\n") == 1


def test_a_sweep_of_which_nothing_completed_says_so(invoke):
    assert invoke("run", "--data", "iris", "--optimizer", "gradient_descent:rate=1e+30", "--epochs", "3").code == 0
    answer = invoke("diagnose", "iris")
    assert answer.code == 0 and "all trials diverged" in answer.out and "a lower learning rate" in answer.out


def test_every_cause_and_verdict_has_its_words_and_stands_in_the_documentation():
    assert CAUSE_WORDS.keys() == set(Cause)
    assert set(VERDICT_WORDS) == set(Verdict)
    text = DOCUMENT.read_text()
    assert all(f"`{cause}`" in text for cause in Cause)


def test_inputs_that_were_limited_are_named(invoke, own_folder):
    """A nearly constant input with one large value, which is in a validation example."""
    rng = np.random.default_rng(0)
    rows = [f"{x:.3f},{7 if row else 7.0001},{x + rng.normal() / 9:.3f}" for row, x in enumerate(rng.normal(size=60))]
    rows[40] = "0.5,900,0.5"
    marks = ["validation" if row in (40, 41, 42, 43, 44, 45) else "train" for row in range(60)]
    lines = [f"{row},{mark}" for row, mark in zip(rows, marks, strict=True)]
    (own_folder / "near.csv").write_text("a,level,y,part\n" + "\n".join(lines) + "\n")
    run = (
        "run",
        "--data",
        "near.csv",
        "--target",
        "y",
        "--validation",
        "column=part",
        "--epochs",
        "3",
        "--name",
        "near",
    )
    assert invoke(*run, "--engine", "local").code == 0
    for what in ("near", 1):
        found = invoke("diagnose", what, "--format", "json").json
        assert (found["limited_inputs"], found["limited_examples"]) == (["level"], [41])
        text = " ".join(invoke("diagnose", what).out.split())
        assert "inputs limited: level, in validation examples 41" in text
        assert max(map(len, invoke("diagnose", what).out.splitlines())) <= 80
    assert "level" in invoke("show", 1).out
