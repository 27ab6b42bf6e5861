"""`--record` stores fewer epochs; all other output is the same as with all epochs."""

import json

import pytest
from fitgap.runner.cli.main import app
from fitgap.runner.recorded_epochs import Recording, always_recorded
from fitgap.runner.suggestions import naming_database
from support.sampling import at_night, steps

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("sweeps that record less")

SWEEP = """\
name: NAME
data: iris
repeats: 2
training: {epochs: 60, batch_size: 16, record: RECORD}
axes:
  architecture: [4, 8]
  stopping: [none, {no_improvement: {epochs: 4}}]
  optimizer: [{adam: {rate: [1e-4, 0.05]}}, {gradient_descent: {rate: 1e+30}}]
"""
# Keys that differ between any two runs, and causes, which come from trends over the stored epochs.
UNEQUAL = ("seconds", "created", "trial", "best_trial", "sweep", "started", "ended", "causes")


@pytest.fixture(scope="module", params=["every=7", *map(at_night, ("every=100", "epochs=log"))])
def thinned(request, tmp_path_factory):
    """A database with a sweep recorded whole and thinned, and how it was thinned."""
    folder = tmp_path_factory.mktemp("recorded")
    for name, record in (("whole", "all"), ("thin", request.param)):
        (folder / f"{name}.yaml").write_text(SWEEP.replace("NAME", name).replace("RECORD", record))
        words = ["run", str(folder / f"{name}.yaml"), "--engine", "local", "--db", str(folder / "it.db")]
        with naming_database():
            assert not app(words, standalone_mode=False)
    every = request.param.removeprefix("every=")
    return folder / "it.db", Recording(int(every) if every.isdigit() else None)


@pytest.fixture
def told(invoke, thinned):
    """`told(*words)`: the output of a command as JSON, without what differs between any two runs."""

    def tell(*words):
        answer = invoke(*words, "--format", "json", "--db", thinned[0])
        assert answer.code == 0, answer.err
        return comparable(json.loads(answer.out))

    return tell


def comparable(value):
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items() if key not in UNEQUAL}
    return [comparable(each) for each in value] if isinstance(value, list) else value


def test_lists_comparisons_and_diagnoses_are_the_same(told):
    for words in (("trials",), ("compare",), ("diagnose",), ("importance",)):
        more = ("--by", "optimizer") if words == ("compare",) else ()
        assert told(*words, "thin", *more) == told(*words, "whole", *more)


@pytest.mark.parametrize("step", steps(5))
def test_so_is_the_diagnosis_of_every_trial_but_for_its_curve(step, invoke, told, thinned):
    database, recording = thinned
    rows = {
        name: json.loads(invoke("trials", name, "--format", "json", "--db", database).out) for name in ("whole", "thin")
    }
    for whole, thin in list(zip(rows["whole"], rows["thin"], strict=True))[::step]:
        one, other = told("diagnose", whole["trial"]), told("diagnose", thin["trial"])
        stored = always_recorded(thin["epochs"], thin["best_epoch"])
        curve = [each for each in one.pop("curve") if recording.includes(each["epoch"]) or each["epoch"] in stored]
        assert other.pop("curve") == curve
        assert one == other


def test_a_trial_with_few_epochs_is_drawn_and_its_page_fits(invoke, thinned):
    answer = invoke("diagnose", 13, "--db", thinned[0])
    assert "▲" in answer.out and max(map(len, answer.out.splitlines())) <= 80


def test_a_dry_run_tells_how_many_epochs_would_be_stored(invoke):
    flags = ("--data", "iris", "--hidden", "4", "--epochs", "100", "--dry-run")
    assert "stores at most 12 of 100 epochs of a trial" in invoke("run", *flags, "--record", "every=10").out
    assert "stores" not in invoke("run", *flags).out


def test_what_is_recorded_cannot_be_changed_by_extending(invoke, own_folder):
    (own_folder / "it.yaml").write_text("{data: iris, training: {epochs: 3, record: every=2}}")
    assert invoke("run", "it.yaml", "--engine", "local").code == 0
    (own_folder / "it.yaml").write_text("{data: iris, training: {epochs: 3, record: all}, repeats: 2}")
    answer = invoke("extend", "it", "it.yaml", "--engine", "local")
    assert answer.code == 2 and "training: must be the same as in sweep it" in answer.err
