"""Tuned groups compared with a search in Python: each half of the repeats uses the best setting of the other half."""

import json
import statistics

import numpy as np
import pytest
from fitgap.runner.analysis.pairing import Measured, differences
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.errors import StoreError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.compare.completed_trials import Completed
from fitgap.runner.store.compare.pairs import Members
from fitgap.runner.store.compare.tuning import tuned
from support.sampling import at_night

pytestmark = pytest.mark.xdist_group("tuning")

SWEEP = """\
name: small
data: {source: iris, validation: 0.3}
repeats: 4
training: {epochs: 3, batch_size: 16}
axes:
  architecture: [2, 4]
  optimizer: [{gradient_descent: {rate: [1.0e-3, 0.1, 1.0e+30]}}, {adam: {rate: [1.0e-3, 0.01, 0.1, 1.0]}}]
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    with open_store_for_writing(str(tmp_path_factory.mktemp("tuned") / "it.db")) as store:
        written = write_sweep(store, prepare_sweep(sweep_from_text(SWEEP)))
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        yield store


def by_halves(rows, of, sign=1):
    """For every repeat, the trial whose configuration has the lowest mean of `of` in the other half of the repeats."""
    configurations = {}
    for row in rows:
        configurations.setdefault(row["configuration"], {})[row["repeat"]] = row
    whole = {
        name: trials
        for name, trials in configurations.items()
        if all(trial["status"] == "completed" for trial in trials.values())
    }
    chosen = {}
    for measured, others in (((1, 3), (2, 4)), ((2, 4), (1, 3))):
        means = {name: sign * statistics.fmean(trials[each][of] for each in others) for name, trials in whole.items()}
        best = min(means, key=means.get)
        chosen |= {repeat: whole[best][repeat] for repeat in measured}
    return chosen


@pytest.mark.parametrize(("of", "sign"), [("e_v", 1), ("best_e_v", 1), ("honest_e_v", 1), ("accuracy_v", -1)])
def test_every_repeat_is_that_of_the_setting_chosen_in_the_other_half(of, sign, trained):
    rows = trained.trials("small", columns=["configuration", "repeat", "status", "optimizer.name", "e_t", of])
    found = {
        group["optimizer.name"]: group for group in trained.compare("small", ["optimizer.name"], of=of, tuned=True)
    }
    assert found.keys() == {"gradient_descent", "adam"}
    chosen = {name: by_halves([row for row in rows if row["optimizer.name"] == name], of, sign) for name in found}
    for name, group in found.items():
        own = list(chosen[name].values())
        assert (group["trials"], group["completed"]) == (4, 4)
        assert group[of] == pytest.approx(statistics.fmean(row[of] for row in own), rel=1e-9)
        assert group["e_t"] == pytest.approx(statistics.fmean(row["e_t"] for row in own), rel=1e-9)
        often = statistics.multimode(row["configuration"] for row in own)
        assert group["tuned_configuration"] in often
        assert group["tuned_repeats"] == sum(row["configuration"] == group["tuned_configuration"] for row in own)
        assert "1e+30" not in group["tuned"]
    best, other = sorted(found.values(), key=lambda group: sign * group[of])
    repeats = [1, 2, 3, 4]
    gaps = [chosen[other["optimizer.name"]][each][of] - chosen[best["optimizer.name"]][each][of] for each in repeats]
    assert other["difference"] == pytest.approx(statistics.fmean(gaps), rel=1e-7, abs=1e-12)
    assert other["difference_se"] == pytest.approx(statistics.stdev(gaps) / 2, rel=1e-7)
    assert (other["pairs"], other["paired_repeats"]) == (4, 4)


def test_the_settings_are_named(trained):
    for group in trained.compare("small", ["optimizer.name"], tuned=True):
        shown = trained.trials("small", where=f"configuration == '{group['tuned_configuration']}'")[0]
        assert group["tuned"] == f"{shown['architecture']}, {shown['optimizer']}"


def test_the_settings_of_both_halves_are_named(trained):
    rows = trained.trials(
        "small", columns=["configuration", "repeat", "status", "optimizer.name", "architecture", "e_v"]
    )
    names = {row["configuration"]: row for row in trained.trials("small", columns=["configuration", "optimizer"])}
    for group in trained.compare("small", ["optimizer.name"], of="e_v", tuned=True):
        own = by_halves([row for row in rows if row["optimizer.name"] == group["optimizer.name"]], "e_v").values()
        expected = {f"{row['architecture']}, {names[row['configuration']]['optimizer']}" for row in own}
        assert set(group["tuned_settings"]) == expected and group["tuned_settings"][0] == group["tuned"]
        assert len(group["tuned_settings"]) == len(expected)


def test_where_nothing_is_chosen_nothing_changes(trained):
    where = "optimizer == 'adam:rate=0.01'"
    plain, same = (trained.compare("small", ["architecture"], where=where, tuned=tuned) for tuned in (False, True))
    configurations = trained.compare("small", ["configuration"], tuned=True)
    assert [group["difference_margin"] for group in configurations] == [
        group["difference_margin"] for group in trained.compare("small", ["configuration"])
    ]
    assert [group["e_v"] for group in plain] == [group["e_v"] for group in same]


def test_a_group_that_never_completed_keeps_its_counts(trained):
    groups = trained.compare("small", ["optimizer"], tuned=True)
    lost = next(group for group in groups if group["optimizer"] == "gradient_descent:rate=1e+30")
    assert (lost["trials"], lost["completed"], lost["diverged_trials"]) == (8, 0, 8)
    assert (lost["tuned"], lost["tuned_configuration"], lost["tuned_repeats"]) == (None, None, 0)


def test_a_single_repeat_cannot_be_tuned(trained):
    with pytest.raises(StoreError, match="at least two completed repeats"):
        trained.compare("small", ["optimizer.name"], tuned=True, where="repeat == 1")
    assert trained.compare("small", ["optimizer.name"], tuned=True, where="e_v < 0") == []


def test_rows_are_ready_for_json(trained):
    json.dumps(trained.compare("small", ["architecture"], tuned=True), allow_nan=False)


def simulated(random, settings, repeats):
    """Two groups of equally good settings, the second with many of them: their members, trials and values."""
    group = np.repeat([0, 1], [1, settings])
    number = np.arange(len(group))
    members = Members(number, group, number, np.zeros_like(number), [{"group": 0}, {"group": 1}])
    configuration, repeat = np.repeat(number, repeats), np.tile(np.arange(repeats), len(number))
    luck = random.standard_normal(repeats)[repeat]
    completed = Completed(np.arange(len(repeat)), configuration, repeat, {})
    return members, completed, luck + random.standard_normal(len(repeat))


@pytest.mark.parametrize(("settings", "repeats"), [(20, 6), *(at_night(*case) for case in ((3, 6), (5, 10), (20, 10)))])
def test_many_settings_do_not_make_a_group_look_better(settings, repeats):
    """Choosing the best of equally good settings on all repeats would favor their group in nearly every sweep."""
    random = np.random.default_rng(settings + repeats)
    means, covered, naive = [], 0, []
    rounds = 2000
    for _ in range(rounds):
        members, completed, value = simulated(random, settings, repeats)
        choice = tuned(members, completed, np.array([], int), value)
        place = members.group[completed.configuration][choice.is_chosen]
        measured = Measured(place, np.zeros_like(place), completed.repeat[choice.is_chosen], value[choice.is_chosen])
        found = differences(measured, 2, 0, spent=1)
        means.append(found.mean[1])
        covered += abs(found.mean[1]) <= found.margin[1]
        table = value.reshape(-1, repeats)
        naive.append(table[1:].mean(axis=1).min() - table[0].mean())
    assert abs(np.mean(means)) < 0.05
    assert np.mean(naive) < -0.3
    assert 0.93 <= covered / rounds <= 0.97
