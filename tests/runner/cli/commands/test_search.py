"""Commands on searches: planning, training, extending, and what they refuse."""

import re
import sys
from pathlib import Path

import pytest
from fitgap.runner.search import generations

FLAGS = ("--data", "iris", "--epochs", "3", "--hidden", "depth=0..2,width=2..9", "--optimizer", "adam:rate=1e-3..1")
SEARCH = ("run", *FLAGS, "--search", "random:trials=5", "--only", "parameters > 15", "--name", "searched")
LOCAL = ("--engine", "local")
KEYS = ("architecture", "optimizer", "repeat", "e_t", "e_v", "best_e_v")


def trained(invoke, sweep):
    """The settings and results of all trials, sorted."""
    rows = invoke("trials", sweep, "--format", "json").json
    return sorted(tuple(row[key] for key in KEYS) for row in rows)


def test_a_search_trains_what_the_dry_run_shows(invoke):
    shown = invoke(*SEARCH, "--dry-run")
    assert "5 configurations × 1 repeat = 5 trials" in shown.out
    assert not list(Path().iterdir())
    assert invoke(*SEARCH, *LOCAL).code == 0
    found = trained(invoke, "searched")
    assert len(found) == 5
    assert all(optimizer.removeprefix("adam:rate=") in shown.out for _, optimizer, *_ in found)


def test_trials_that_are_no_multiple_of_the_repeats_are_rounded_down_and_this_is_said(invoke):
    told = "search: plans 4 of the 5 trials, since a configuration has 2 repeats"
    assert told in invoke(*SEARCH, "--repeats", "2", "--dry-run").err
    assert "search: plans" not in invoke(*SEARCH, "--dry-run").err


def test_a_trial_of_a_search_has_the_numbers_of_the_same_trial_in_a_grid(invoke):
    invoke(*SEARCH, *LOCAL)
    found = trained(invoke, "searched")
    for architecture, optimizer, *_ in found[:2]:
        single = ("--data", "iris", "--epochs", "3", "--hidden", architecture, "--optimizer", optimizer)
        assert invoke("run", *single, "--name", f"alone-{architecture}", *LOCAL).code == 0
        (alone,) = trained(invoke, f"alone-{architecture}")
        assert alone in found


def test_repeats_extend_a_search_and_alternatives_do_not(invoke):
    invoke(*SEARCH, *LOCAL)
    before = trained(invoke, "searched")
    answer = invoke("extend", "searched", "--repeats", "3", *LOCAL)
    assert (answer.code, "10 new trials" in answer.err) == (0, True), answer.err
    after = trained(invoke, "searched")
    assert [row for row in after if row[2] == 1] == before
    whole = ("--name", "whole", "--repeats", "3", "--search", "random:trials=15")
    assert invoke(*SEARCH, *whole, *LOCAL).code == 0
    assert trained(invoke, "whole") == after, "as if all repeats had been asked for at once"
    answer = invoke("extend", "searched", "--optimizer", "adam:rate=0.5", *LOCAL)
    assert answer.code == 2
    assert "--optimizer: the alternatives of a search cannot be extended" in answer.err


def test_a_file_extends_a_search_if_its_axes_are_the_same(invoke):
    text = (
        "data: iris\nsearch: random:trials=4\ntraining: {epochs: 2}\naxes: {architecture: [{depth: 1, width: WIDTH}]}\n"
    )
    Path("a.yaml").write_text(text.replace("WIDTH", "[2, 9]"))
    assert invoke("run", "a.yaml", *LOCAL).code == 0
    Path("b.yaml").write_text(text.replace("WIDTH", "[2, 9]") + "repeats: 2")
    assert "4 new trials" in invoke("extend", "a", "b.yaml", *LOCAL).err
    Path("c.yaml").write_text(text.replace("WIDTH", "[2, 8]"))
    answer = invoke("extend", "a", "c.yaml", *LOCAL)
    assert (answer.code, "they must be the same as in sweep a" in answer.err) == (2, True), answer.err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ("--optimizer", "adam:rate=1e-3..1"),
            "adam.rate: a range needs steps, such as {range: [0.001, 1], steps: 4} or 0.001..1:log:4",
        ),
        (("--search", "random"), "--search random: trials must be given"),
        (
            ("--only", "parameters > 1e9"),
            "only: parameters > 1e9 accepts none of the 1 configuration, such as none,",
        ),
        (("--only", "e_v < 0.1"), "e_v is known only after training"),
        (("--only", "parameters >"), "filter: "),
        (("--search", "random:trials=2", "--only", "parameters > 1e9"), "only 0 can be used"),
    ],
)
def test_wrong_searches_end_with_one_line_and_write_nothing(invoke, flags, message):
    answer = invoke("run", "--data", "iris", *flags, *LOCAL)
    assert (answer.code, message in answer.err) == (2, True), answer
    assert not list(Path().iterdir())


def test_sobol_says_how_to_install_what_it_needs(invoke, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    answer = invoke("run", "--data", "iris", "--search", "sobol:trials=2", "--batch-size", "1..9", "--dry-run")
    assert (answer.code, "pip install 'fitgap[search]'" in answer.err) == (2, True), answer


LEARNING = ("run", "--data", "iris", "--epochs", "2", "--hidden", "depth=0..2,width=2..5")
LEARNING += ("--optimizer", "adam:rate=1e-3..1", "--search", "tpe:trials=20,generation=6,lag=1")


def proposed(invoke, sweep):
    """The trials in the order of the plan."""
    rows = invoke("trials", sweep, "--format", "json", "--sort", "trial").json
    return [tuple(row[key] for key in (*KEYS, "configuration")) for row in rows]


def test_a_search_that_learns_is_the_same_with_interruptions_and_with_other_workers(invoke):
    assert invoke(*LEARNING, "--name", "whole", *LOCAL).code == 0
    whole = proposed(invoke, "whole")
    assert len(whole) == len(set(whole)) == 20
    answer = invoke(*LEARNING, "--name", "parts", "--max-trials", "12", *LOCAL)
    assert answer.code == 1
    assert (
        "after 12 trials, the limit of its budget; the search will propose 8 more configurations; continue"
        in answer.err
    )
    while invoke("resume", "parts", "--max-trials", "5", *LOCAL).code:
        pass
    assert proposed(invoke, "parts") == whole
    assert invoke(*LEARNING, "--name", "two", "--workers", "2").code == 0
    assert proposed(invoke, "two") == whole


def test_what_a_budget_kept_back_counts_what_was_not_proposed_yet(invoke):
    answer = invoke(*LEARNING, "--name", "few", "--max-trials", "4", *LOCAL)
    assert answer.code == 1
    assert "; 8 trials are still pending, and the search will propose 8 more configurations; continue" in answer.err


def test_a_dry_run_of_a_search_that_learns_shows_how_it_begins(invoke):
    shown = invoke(*LEARNING, "--dry-run").out
    assert "6 configurations × 1 repeat = 6 trials" in shown
    assert "the first of 20 configurations; tpe proposes the others from the results of these" in shown
    repeated = invoke(*LEARNING, "--repeats", "4", "--dry-run").out
    assert "the first of 5 configurations" not in repeated, "there are no others"


ADVISED = ("run", "--data", "iris", "--epochs", "3", "--optimizer", "adam:rate=1e-5..1e-4")
ADVISED += ("--search", "advice:trials=12,generation=4", "--only", "learning_rate < 9e-5", "--name", "advised")


def test_a_search_by_advice_says_what_is_advised_beyond_it(invoke):
    """It follows advice within its space, even if trained in parts; its last lines give the advice beyond that."""
    whole = invoke(*ADVISED, *LOCAL)
    assert (whole.code, "beyond what the search may try, the advice is: " in whole.err) == (0, True), whole.err
    assert "epochs 6" in whole.err and "see fitgap diagnose advised" in whole.err
    expected = proposed(invoke, "advised")
    assert len(expected) == 12 and all(float(optimizer[10:]) < 9e-5 for _, optimizer, *_ in expected)
    answer = invoke(*ADVISED[:-1], "parts", "--max-trials", "5", *LOCAL)
    assert answer.code == 1 and "beyond" not in answer.err
    while invoke("resume", "parts", "--max-trials", "3", *LOCAL).code:
        pass
    assert proposed(invoke, "parts") == expected


def test_a_search_by_advice_says_which_trials_were_advised(invoke, monkeypatch):
    """Up to the first quarter of a generation is advised; which trials were is derived again from the results alone."""
    advised, first_advised = [], generations.first_advised

    def watched(*arguments):
        found = first_advised(*arguments)
        advised.extend(found)
        return found

    monkeypatch.setattr(generations, "first_advised", watched)
    flags = ("--hidden", "none", "--hidden", "4", "--hidden", "8", "--optimizer", "adam:rate=1e-5..1e-1")
    run = ("run", "--data", "iris", "--epochs", "3", *flags, "--search", "advice:trials=32,generation=8")
    answer = invoke(*run, "--name", "told", *LOCAL)
    assert answer.code == 0 and advised
    shown = invoke("trials", "told", "--columns", "trial,configuration,honest_e_v", "--format", "json").json
    expected = [row["trial"] for row in shown if row["configuration"] in advised]
    line = r"\d configurations? follows? advice, within the alternatives of the search: trials? (.*)"
    told = re.search(line, answer.err)[1]
    assert told == ", ".join(map(str, expected))
    change = r"(?:\w+ \S+ instead of \S+ in trial \d+|trial \d+ with another change that helped)\n"
    reasons = re.findall(rf"  trial (\d+) \(E_v \S+\): {change}", answer.err)
    best = sorted((row for row in shown if row["trial"] in expected), key=lambda row: row["honest_e_v"])
    assert reasons == [str(row["trial"]) for row in best[:3]]
    assert "advice" not in invoke(*LEARNING, *LOCAL).err


def test_a_search_that_learns_says_if_there_is_nothing_else_to_train(invoke):
    few = ("--hidden", "2", "--hidden", "3", "--activation", "relu", "--activation", "tanh", "--only", "parameters > 5")
    answer = invoke("run", "--data", "iris", "--epochs", "1", *few, "--search", "tpe:trials=9,generation=3", *LOCAL)
    assert answer.code == 0
    assert "the search ended 5 configurations short, because it found no others that are allowed" in answer.err
