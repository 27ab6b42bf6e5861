"""`fitgap study`: one command writes a sweep file, trains it, prints an answer in words and draws a chart."""

from pathlib import Path

import numpy as np
import pytest
from fitgap.runner.spec import sweep_from_file
from fitgap.runner.studies import STUDIES

LOCAL = ("--engine", "local")


@pytest.fixture
def houses():
    """A small data file in the current folder."""
    random = np.random.default_rng(0)
    area, age = random.uniform(50, 200, 90), random.uniform(0, 60, 90)
    price = area - age + random.normal(0, 5, 90)
    rows = "\n".join(f"{a:.1f},{b:.1f},{p:.1f}" for a, b, p in zip(area, age, price, strict=True))
    Path("houses.csv").write_text(f"area,age,price\n{rows}\n", encoding="utf-8")
    return "houses.csv"


def test_without_a_name_the_studies_are_listed_with_their_questions(invoke):
    answer = invoke("study")
    assert answer.code == 0
    assert all(study.name in answer.out and study.question in answer.out for study in STUDIES.values())
    assert "fitgap study capacity" in answer.out


@pytest.mark.nightly
def test_a_sweep_without_what_the_question_is_about_is_refused_with_the_rule(invoke, houses):
    assert quick(invoke, "--data", houses, "--target", "price").code == 0
    answer = invoke("study", "optimizers", "--sweep", "capacity")
    assert (answer.code, answer.out) == (2, "")
    assert "needs a sweep that varies optimizer, but capacity varies architecture" in answer.err


@pytest.mark.nightly
def test_scores_of_numbers_are_called_r2_and_differences_fit_into_80_columns(invoke, houses, in_terminal, plain_text):
    assert quick(invoke, "--data", houses, "--target", "price").code == 0
    _, written = in_terminal("study", "capacity", "--sweep", "capacity", "--db", "fitgap.db")
    page = plain_text(written)
    assert "ence" in page and "± 95 %" in page and "no room" not in page
    assert "Differences are those in E_v from the best group." in page
    descent = invoke("study", "double-descent", "--sweep", "capacity").out
    assert "r2_v" in descent and "accuracy_v" not in descent


def quick(invoke, *more):
    return invoke("study", "capacity", "--size", "quick", "--repeats", 2, *LOCAL, *more)


def test_a_dry_run_prints_the_file_and_writes_nothing(invoke):
    answer = invoke("study", "capacity", "--dry-run", "--repeats", 3)
    assert answer.code == 0
    assert answer.out.startswith("# Study capacity: How large should the network be?")
    assert "repeats: 3\n" in answer.out
    assert not list(Path().iterdir())


@pytest.mark.nightly
def test_it_studies_a_file_of_the_users(invoke, houses):
    answer = quick(invoke, "--data", houses, "--target", "price")
    assert answer.code == 0, answer.err
    assert "capacity: How large should the network be?" in answer.out
    assert "E_v is lowest with" in answer.out
    assert {path.name for path in Path().glob("capacity*")} == {"capacity.yaml", "capacity.png"}
    assert Path("capacity.png").read_bytes().startswith(b"\x89PNG")
    sweep = sweep_from_file("capacity.yaml")
    assert (sweep.data.source, sweep.data.target, sweep.repeats) == ("./houses.csv", ("price",), 2)
    stored = invoke("study", "capacity", "--sweep", "capacity")
    assert stored.code == 0
    assert stored.out == answer.out
    row = invoke("study", "capacity", "--sweep", "capacity", "--format", "json").json
    assert row["sweep"] == "capacity" and row["chart"] is None
    assert [group["architecture"] for group in row["groups"]] == ["1", "4", "32", "128"]
    assert " ".join(row["answer"][0].split()) in " ".join(answer.out.split())


@pytest.mark.nightly
def test_the_file_is_an_ordinary_one_and_is_never_overwritten(invoke, houses):
    Path("capacity.yaml").write_text("name: mine\n", encoding="utf-8")
    answer = quick(invoke, "--data", houses, "--target", "price")
    assert answer.code == 0, answer.err
    assert Path("capacity.yaml").read_text(encoding="utf-8") == "name: mine\n"
    assert "sweep file: capacity-2.yaml" in answer.err and Path("capacity-2.png").exists()
    again = invoke("run", "capacity-2.yaml", "--name", "again", *LOCAL)
    assert again.code == 0
    first, second = (invoke("trials", name, "--format", "json").json for name in ("capacity", "again"))
    assert [row["e_v"] for row in first] == [row["e_v"] for row in second]


@pytest.mark.nightly
def test_files_are_written_where_they_are_wanted(invoke, houses):
    Path("out").mkdir()
    answer = quick(invoke, "--data", houses, "--target", "price", "-o", "out/mine.yaml", "--chart", "out/mine.svg")
    assert answer.code == 0, answer.err
    assert {path.name for path in Path("out").iterdir()} == {"mine.yaml", "mine.svg"}
    assert Path(sweep_from_file("out/mine.yaml").data.source).is_absolute()


def test_a_sweep_that_was_changed_is_answered_for(invoke, houses):
    invoke(
        "run",
        "--data",
        houses,
        "--target",
        "price",
        "--hidden",
        2,
        "--hidden",
        9,
        "--epochs",
        3,
        "--name",
        "own",
        *LOCAL,
    )
    row = invoke("study", "capacity", "--sweep", "own", "--format", "json").json
    assert [group["architecture"] for group in row["groups"]] == ["2", "9"]
    assert row["outcome"] in ("flat", "falls", "rises")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["capacty"], "did you mean 'capacity'"),
        (["capacity", "--sweep", "nothing"], "no database"),
        (["capacity", "--data", "nothing"], "nothing"),
        (["capacity", "--data", "none.csv", "--target", "y"], "none.csv"),
        (["capacity", "--repeats", "1"], "--repeats"),
        (["capacity", "--size", "huge"], "huge"),
        (["capacity", "--seed", "x"], "seed"),
        (["boundaries", "--data", "iris"], "needs 2 inputs, but iris has 4"),
        (["capacity", "--chart", "x.txt"], "x.txt must end in"),
    ],
)
def test_mistakes_are_told_in_one_line_and_nothing_is_written(words, message, invoke):
    answer = invoke("study", *words)
    assert answer.code == 2
    assert message in answer.err and len(answer.err.splitlines()) == 1
    assert not list(Path().glob("*.yaml"))
