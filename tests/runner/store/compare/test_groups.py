"""Groups compared with a reference in plain Python: means, spreads and pairs, with and without a filter."""

import math
import statistics
from collections import defaultdict

import numpy as np
import pytest
from fitgap.runner.analysis.pairing import Measured
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.errors import FilterError, StoreError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.compare.group_differences import Baseline, add_differences
from fitgap.runner.store.compare.groups import add_verdicts
from fitgap.runner.store.compare.pairs import Members
from fitgap.runner.store.schema.result_keys import VERDICTS

# Runs these tests in one process, because they share a slow fixture.
pytestmark = pytest.mark.xdist_group("groups")

SWEEP = """\
name: small
data: {source: iris, validation: 0.3}
repeats: 3
training: {epochs: 3, batch_size: 16}
axes:
  architecture: [4, 6-3]
  activation: [relu, tanh]
  regularizer: [none, {l2: {weight: [1e-3, 1e-2]}}]
  optimizer: [{gradient_descent: {rate: [0.1, 1e+30]}}, {adam: {rate: [0.01, 0.1]}}]
"""
SETTINGS = ("architecture", "activation", "regularizer", "optimizer")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store with a sweep of 72 trials, a quarter of which diverged."""
    with open_store_for_writing(str(tmp_path_factory.mktemp("compared") / "it.db")) as store:
        written = write_sweep(store, prepare_sweep(sweep_from_text(SWEEP)))
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        yield store


def grouped(rows, by):
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[key] for key in by)].append(row)
    return groups


def completed(rows):
    return [row for row in rows if row["status"] == "completed"]


@pytest.mark.parametrize(
    ("by", "where"),
    [
        (("activation",), None),
        (("optimizer", "regularizer"), None),
        (("configuration",), "repeat > 1"),
        (("activation",), "optimizer.rate <= 0.1 and architecture == '4'"),
        (("architecture",), "underfit is not null"),
    ],
)
def test_groups_are_what_their_trials_say(by, where, trained):
    rows = grouped(trained.trials("small", where=where), by)
    found = trained.compare("small", by, where=where)
    assert {tuple(group[key] for key in by) for group in found} == rows.keys()
    for group in found:
        own = rows[tuple(group[key] for key in by)]
        done = completed(own)
        assert (group["trials"], group["completed"]) == (len(own), len(done))
        for key in ("e_t", "e_v", "best_e_v", "gap", "underfit", "overfit", "excess", "honest_e_v"):
            expected = statistics.fmean(row[key] for row in done) if done else None
            assert group[key] == (expected if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-12))
        for verdict in ("good", "underfit", "overfit", "both", "unclear", "no_skill"):
            assert group[f"{verdict}_trials"] == sum(row["verdict"] == verdict for row in done)
        assert group["best_e_v_sd"] == approximately(pooled(done, "best_e_v"))
        assert group["best_e_v_spread"] == approximately(spread(done, "best_e_v"))


def approximately(value):
    return None if value is None else pytest.approx(value, rel=1e-7, abs=1e-12)


def pooled(rows, key):
    """The standard deviation over repeats within configurations."""
    own = [[row[key] for row in each] for each in grouped(rows, ("configuration",)).values()]
    degrees = sum(len(each) - 1 for each in own)
    if not degrees:
        return None
    return math.sqrt(sum((x - statistics.fmean(each)) ** 2 for each in own for x in each) / degrees)


def spread(rows, key):
    """The standard deviation of the configurations' means."""
    means = [statistics.fmean(row[key] for row in each) for each in grouped(rows, ("configuration",)).values()]
    return statistics.stdev(means) if len(means) > 1 else None


@pytest.mark.parametrize("where", [None, "optimizer.rate < 1 and regularizer != 'none'"])
@pytest.mark.parametrize("against", [None, "relu", "tanh"])
def test_differences_are_paired_by_repeat_and_the_other_settings(where, against, trained):
    rows = completed(trained.trials("small", where=where))
    found = trained.compare("small", ["activation"], against=against, where=where)
    base = against or found[0]["activation"]
    others = [key for key in SETTINGS if key != "activation"]
    partner = {(row["repeat"], *(row[key] for key in others)): row for row in rows if row["activation"] == base}
    for group in found:
        pairs = defaultdict(list)
        for row in rows:
            beside = partner.get((row["repeat"], *(row[key] for key in others)))
            if row["activation"] == group["activation"] != base and beside:
                pairs[row["repeat"]].append(row["best_e_v"] - beside["best_e_v"])
        assert (group["against"], group["pairs"]) == (base, sum(map(len, pairs.values())))
        means = [statistics.fmean(each) for each in pairs.values()]
        if not means:
            assert group["difference"] is None
            continue
        assert group["difference"] == pytest.approx(statistics.fmean(means), rel=1e-9, abs=1e-12)
        assert group["difference_low"] == pytest.approx(group["difference"] - group["difference_margin"])
        if against:
            error = statistics.stdev(means) / math.sqrt(len(means))
            assert group["difference_se"] == pytest.approx(error, rel=1e-7)
            # The 97.5% quantile of Student's t distribution with two degrees of freedom is 4.3027.
            assert group["difference_margin"] == pytest.approx(4.302653 * error, rel=1e-5)
            assert group["could_be_best"] is None
        else:
            # Simultaneous intervals for all groups are wider; tests/runner/analysis/test_best.py checks by how much.
            assert group["difference_margin"] > 1.9 * group["difference_se"]
            assert group["could_be_best"] is (group["difference_low"] <= 0)


@pytest.mark.parametrize(
    "name",
    [
        "optimizer.rate",
        "optimizer.name",
        "regularizer.l2.weight",
        "regularizer.name",
        "architecture.depth",
        "architecture.width",
        "activation.name",
    ],
)
def test_groups_by_a_setting_are_those_of_the_trials_with_it(name, trained):
    rows = trained.trials("small", columns=["trial", "status", "best_e_v", name])
    groups = grouped(rows, (name,))
    found = {group[name]: group for group in trained.compare("small", [name])}
    assert found.keys() == {key for (key,) in groups} and len(found) > 1
    for (value,), own in groups.items():
        done = completed(own)
        assert (found[value]["trials"], found[value]["completed"]) == (len(own), len(done))
        if done:
            assert found[value]["best_e_v"] == pytest.approx(statistics.fmean(row["best_e_v"] for row in done))


def test_groups_by_verdict_are_the_configurations_that_have_it(trained):
    found = {group["verdict"]: group["configurations"] for group in trained.compare("small", ["verdict"])}
    counts = trained.verdict_counts(trained.sweep("small")["id"])
    assert counts and {verdict: number for verdict, number in found.items() if verdict} == counts
    assert counts["diverged"] > 0
    assert sum(found.values()) == len(trained.compare("small", ["configuration"])) == sum(counts.values())


def test_pairs_of_a_setting_leave_the_kind_alone(trained):
    """Rates of Adam are paired only with rates of Adam, never with the rate 0.1 of gradient descent."""
    found = trained.compare("small", ["optimizer.rate"], where="optimizer.name == 'adam'", against="0.01")
    other = next(group for group in found if group["optimizer.rate"] == 0.1)
    assert other["pairs"] == 2 * 2 * 3 * 3


def test_depth_and_width_together_leave_nothing_of_an_architecture(trained):
    """In this sweep they determine the architecture, so the pairs are the same as for groups by architecture."""
    measured = ("pairs", "difference", "difference_se", "difference_margin")
    by_both = trained.compare("small", ["architecture.depth", "architecture.width"])
    by_architecture = trained.compare("small", ["architecture"])
    assert by_both[1]["pairs"] > 0
    assert [[row[key] for key in measured] for row in by_both] == [
        [row[key] for key in measured] for row in by_architecture
    ]


def test_repeats_that_do_not_tell_groups_apart_are_not_enough():
    """One of many groups varies a lot, so the intervals of all groups are wide."""
    rng = np.random.default_rng(5)
    values = np.array([[number / 10] * 4 for number in range(30)]) + 0.005 * rng.normal(size=(30, 4))
    values[-1] += rng.normal(size=4)
    group, repeat = np.divmod(np.arange(values.size), 4)
    groups = [{} for _ in values]
    trials = Measured(group, np.zeros(values.size, int), repeat, values.ravel())
    add_differences(groups, trials, [str(number) for number in range(30)], Baseline(None, False))
    apart = [not row["could_be_best"] for row in groups[1:]]
    assert any(apart) and not all(apart)
    for row in groups[1:]:
        assert row["could_be_best"] is False or row["repeats_needed"] > row["paired_repeats"]


@pytest.mark.parametrize(
    ("by", "label", "ways"),
    [
        ("architecture.width", "4", ("4", "4.0")),
        ("optimizer.rate", "0.01", ("0.01", "1e-2")),
    ],
)
def test_a_group_of_numbers_is_named_as_people_write_numbers(by, label, ways, trained):
    for way in ways:
        assert {group["against"] for group in trained.compare("small", [by], against=way)} == {label}


@pytest.mark.parametrize(
    ("by", "options", "pattern"),
    [
        (["activatoin"], {}, "cannot compare by 'activatoin'; did you mean 'activation'?"),
        (["optimiser.rate"], {}, "cannot compare by 'optimiser.rate'; did you mean 'optimizer.rate'?"),
        ([], {}, "name a setting to compare by"),
        (["activation"], {"of": "e_w"}, "there is no measure 'e_w'; did you mean 'e_v'?"),
        (["activation"], {"against": "rellu"}, "there is no group 'rellu' to compare with; did you mean 'relu'?"),
    ],
)
def test_what_cannot_be_compared_is_told_with_what_can(by, options, pattern, trained):
    with pytest.raises(StoreError) as told:
        trained.compare("small", by, **options)
    assert pattern in str(told.value)


def test_a_filter_that_leaves_nothing_leaves_no_groups(trained):
    assert trained.compare("small", ["activation"], where="e_v < 0") == []
    assert trained.importance("small", ["e_v"], where="e_v < 0") == []
    with pytest.raises(FilterError):
        trained.compare("small", ["activation"], where="e_w < 0")


@pytest.mark.parametrize("where", [None, "optimizer.name == 'adam'"])
@pytest.mark.parametrize("of", ["e_v", "underfit", "overfit"])
def test_shares_of_the_variance_add_up_to_one(of, where, trained):
    shares = trained.importance("small", [of], where=where)
    whole = [row for row in shares if row["kind"] != "part"]
    assert sum(row["share"] for row in whole) == pytest.approx(1.0)
    assert sum(row["raw_share"] for row in whole) == pytest.approx(1.0)
    axes = {row["effect"] for row in shares if row["kind"] == "axis"}
    assert axes == {"architecture", "activation", "regularizer", "optimizer"}


def test_an_axis_that_makes_no_difference_has_no_share_and_one_that_makes_all_has_all(
    store, driver, make_plan, make_configuration, end_trial
):
    plan = [
        make_configuration(number, activation=activation, architecture=architecture)
        for number, (activation, architecture) in enumerate((a, b) for a in ("relu", "tanh") for b in ("4", "8", "16"))
    ]
    specification = {"axes": {"activation": ["relu", "tanh"], "architecture": ["4", "8", "16"]}}
    store.add_sweep(make_plan(plan, 2, name="made", specification=specification))
    for row in store.trials("made"):
        value = {"4": 0.1, "8": 0.4, "16": 0.9}[row["architecture"]]
        end_trial(driver, row["trial"], e_t=0.1, e_v=value, best_e_t=0.1, best_e_v=value)
    shares = {row["effect"]: row["share"] for row in store.importance("made", ["e_v"])}
    assert shares["architecture"] == pytest.approx(1.0) and shares["activation"] == pytest.approx(0.0)


def test_a_group_has_its_most_frequent_verdict_however_many_configurations_have_none():
    none, good, underfit = len(VERDICTS), VERDICTS.index("good"), VERDICTS.index("underfit")
    verdict = np.array([none, none, none, good, underfit, underfit, good, none])
    group = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    members = Members(number=np.arange(8), group=group, others=np.arange(8), verdict=verdict, settings=[{}] * 3)
    rows = [{}, {}, {}]
    add_verdicts(rows, members, np.arange(8))
    assert [row["verdict"] for row in rows] == ["good", "underfit", None]
