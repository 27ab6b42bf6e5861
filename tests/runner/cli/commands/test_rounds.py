"""Commands on sweeps with rounds of repeats: planning, training, reporting, continuing, and what they refuse."""

import json
import re
import shlex
from pathlib import Path

import pytest

FLAGS = ("--data", "iris", "--epochs", "4", "--hidden", "2", "--hidden", "8", "--batch-size", "8", "--seed", "4")
RATES = ("--optimizer", "adam:rate=0.05", "--optimizer", "adam:rate=0.0001")
RUN = ("run", *FLAGS, *RATES, "--engine", "local")
ROUNDS = ("--repeats", "from=1,to=3")


@pytest.fixture
def repeated(invoke):
    answer = invoke(*RUN, *ROUNDS)
    assert answer.code == 0, answer.err
    return answer


def answer_of(invoke):
    return invoke("diagnose", "iris", "--format", "json").json["rounds"]


def test_the_plan_says_how_many_trials_there_may_be(invoke):
    plan = invoke(*RUN, *ROUNDS, "--dry-run").out.splitlines()
    assert "iris: 4 configurations × 1 repeat = 4 trials" in plan
    assert "rounds: at least 6, at most 12 trials" in plan
    assert plan[-1].startswith(
        "configurations that could be the best get more than 1 repeat, up to 3, until one is the best with 95 %"
    )
    assert not list(Path().iterdir())


def test_the_answer_is_told_and_in_json(invoke, repeated):
    found = answer_of(invoke)
    rows = invoke("trials", "iris", "--format", "json").json
    near, repeats = found["within_reach"], found["repeats"]
    assert len(rows) < 12 and found["is_over"]
    assert {row["repeat"] for row in rows if row["configuration"] in near} == set(range(1, repeats + 1))
    if len(near) > 1:
        assert f"{len(near)} configurations cannot be told apart after {repeats} repeats; " in repeated.err
        assert re.search(r" looks best \(others: [^;)]+(; [^;)]+)*\)", repeated.err)
    else:
        assert f" is the best with 95 % confidence, after {repeats} repeats (" in repeated.err
    assert "by repeats and honest E_v at the best epoch" in repeated.out
    assert "Means over different numbers of repeats (n) cannot be compared directly" in repeated.out.replace("\n", " ")
    text = invoke("diagnose", "iris").out.replace("\n", " ")
    assert ("cannot be told apart after" if len(near) > 1 else "is the best with") in text


def test_the_command_in_the_answer_allows_more(invoke):
    answer = invoke(*RUN, "--repeats", "from=1,to=2,until=0.999")
    told = re.search("allow more repeats with: fitgap (.*)", answer.err)[1]
    assert told == "extend iris --repeats 4"
    words = shlex.split(told)
    assert "0 new trials; rounds add up to 4 repeats" in invoke(*words, "--dry-run").out
    before = len(invoke("trials", "iris", "--format", "json").json)
    extended = invoke(*words, "--engine", "local")
    assert extended.code == 0 and "rounds add up to 4 repeats of configurations that could be the best" in extended.err
    assert len(invoke("trials", "iris", "--format", "json").json) > before
    assert invoke("extend", "iris", "--repeats", "3").err.strip().endswith("write from=1,to=4,until=0.999")


def test_a_budget_leaves_rounds_for_later(invoke):
    answer = invoke(*RUN, *ROUNDS, "--max-trials", "4")
    assert answer.code == 1
    assert "the next round of repeats has 2 trials; continue with: fitgap resume iris" in answer.err
    assert "so far, 4 configurations are within reach of the best after 1 repeat" in answer.err
    assert invoke("resume", "iris", "--engine", "local").code == 0
    assert answer_of(invoke)["is_over"]


def test_a_budget_within_a_round_says_what_is_left_and_how_to_go_on(invoke):
    answer = invoke(*RUN, *ROUNDS, "--max-trials", "3")
    assert answer.code == 1
    assert "rounds: 1 trial of this round left, so it is not known yet which could be the best" in answer.err
    stopped = "stopped after 3 trials, the limit of its budget; 1 trial is still pending, and further rounds may follow"
    assert f"{stopped}; continue with: fitgap resume iris" in answer.err
    assert "nothing can be compared" not in answer.err


def test_an_added_repeat_can_be_replayed(invoke, repeated):
    rows = invoke("trials", "iris", "--where", "repeat == 2", "--format", "json").json
    assert "are equal bit for bit" in invoke("replay", rows[-1]["trial"]).out


def test_single_configurations_are_not_added(invoke, repeated):
    refused = invoke("improve", "iris", "--engine", "local")
    assert refused.code == 2
    assert "sweep iris has rounds of repeats, in which new configurations would compete" in refused.err


def test_cancelled_trials_are_told(invoke):
    invoke(*RUN, *ROUNDS, "--max-trials", "4")
    invoke("resume", "iris", "--engine", "local", "--max-trials", "1")
    pending = invoke("trials", "iris", "--where", "status == 'pending'", "--format", "json").json
    invoke("cancel", "iris", "--trial", pending[0]["trial"])
    answer = invoke("resume", "iris", "--engine", "local")
    assert "1 configuration could not be compared, as a trial failed or was cancelled" in answer.err
    assert answer_of(invoke)["not_compared"] == 1


def test_comparisons_and_charts_name_the_same_best_as_the_leaderboard(invoke, repeated):
    """Even though means are over different repeats, as both the comparison and the chart say."""
    best = answer_of(invoke)["best"]
    rows = invoke("compare", "iris", "--by", "configuration", "--format", "json").json
    assert rows[0]["configuration"] == best
    axis = invoke("compare", "iris", "--by", "architecture", "--format", "json").json
    assert all(row["difference"] >= 0 for row in axis[1:])
    told = invoke("compare", "iris", "--by", "architecture").out.replace("\n", " ")
    assert "Means are over different numbers of repeats, whose splits differ. Compare the differences" in told
    first = invoke("compare", "iris", "--by", "architecture", "--of", "e_v", "--format", "json").json[0]
    drawn = invoke("plot", "capacity", "iris", "--output", "drawn.json")
    assert drawn.code == 0, drawn.err
    below = " ".join(json.loads(Path("drawn.json").read_text())["title"]["subtitle"])
    assert f"Lowest E_v in shared repeats with {first['architecture']} (mean " in below
    assert "Means are over different numbers of repeats." in below
