"""Comparing several sweeps: paired by repeat, each configuration once, and only if they use the same data."""

import statistics

import pytest
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.errors import StoreError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_mapping
from fitgap.runner.store import open_store_for_writing

pytestmark = pytest.mark.xdist_group("several-sweeps")


def sweep(name, optimizers, *, repeats=3, **more):
    return {
        "name": name,
        "data": {"source": "iris", "validation": 0.3},
        "repeats": repeats,
        "training": {"epochs": 3, "batch_size": 16},
        "axes": {"architecture": [2, 4], "optimizer": optimizers},
        **more,
    }


DESCENT, ADAM = {"gradient_descent": {"rate": 0.1}}, {"adam": {"rate": 0.01}}
SWEEPS = (
    sweep("one", [DESCENT]),
    sweep("two", [ADAM]),
    # Has the same configurations as the first, with more repeats.
    sweep("three", [DESCENT], repeats=5),
    sweep("seeded", [ADAM], seed=1),
    sweep("split", [ADAM], data={"source": "iris", "validation": 0.2}),
    sweep("other", [ADAM], data={"source": "wine", "validation": 0.3}),
    sweep("loss", [ADAM], training={"epochs": 3, "loss": "softmax_cross_entropy"}),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    with open_store_for_writing(str(tmp_path_factory.mktemp("several") / "it.db")) as store:
        for each in SWEEPS:
            written = write_sweep(store, prepare_sweep(sweep_from_mapping(each)))
            drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        yield store


def test_trials_of_two_sweeps_are_paired(trained):
    groups = {group["optimizer.name"]: group for group in trained.compare(["one", "two"], ["optimizer.name"], of="e_v")}
    rows = [*trained.trials("one"), *trained.trials("two")]
    value = {(row["optimizer"], row["architecture"], row["repeat"]): row["e_v"] for row in rows}
    gaps = [
        statistics.fmean(
            value["gradient_descent:rate=0.1", width, repeat] - value["adam:rate=0.01", width, repeat]
            for width in ("2", "4")
        )
        for repeat in (1, 2, 3)
    ]
    worse = groups["gradient_descent"]
    sign = 1 if worse["against"] == "adam" else -1
    found = worse if sign == 1 else groups["adam"]
    assert found["difference"] == pytest.approx(sign * statistics.fmean(gaps), rel=1e-9)
    assert found["difference_se"] == pytest.approx(statistics.stdev(gaps) / 3**0.5, rel=1e-7)
    assert (found["pairs"], found["paired_repeats"]) == (6, 3)
    assert [group["trials"] for group in groups.values()] == [6, 6]


def test_the_sweep_is_a_key(trained):
    groups = {group["sweep"]: group for group in trained.compare(["one", "two"], ["sweep"])}
    assert {name: group["trials"] for name, group in groups.items()} == {"one": 6, "two": 6}
    alone = {group["architecture"]: group["e_v"] for group in trained.compare("one", ["architecture"])}
    both = trained.compare(["one", "two"], ["sweep", "architecture"])
    assert {group["architecture"]: group["e_v"] for group in both if group["sweep"] == "one"} == alone


def test_a_configuration_of_both_sweeps_counts_once_with_the_most_repeats(trained):
    assert [group["trials"] for group in trained.compare(["one", "three"], ["optimizer"])] == [10]
    assert [group["trials"] for group in trained.compare(["three", "one"], ["optimizer"])] == [10]
    assert sorted(group["trials"] for group in trained.compare(["one", "three"], ["sweep"])) == [6, 10]
    filtered = trained.compare(["one", "three"], ["optimizer"], where="repeat > 3")
    assert [group["trials"] for group in filtered] == [4]


def test_the_same_sweep_twice_is_that_sweep(trained):
    assert trained.compare(["one", 1, "one"], ["architecture"]) == trained.compare("one", ["architecture"])


def test_they_can_be_tuned_together(trained):
    groups = trained.compare(["one", "two"], ["optimizer.name"], tuned=True)
    assert {group["optimizer.name"] for group in groups} == {"gradient_descent", "adam"}
    assert all(group["trials"] == 3 for group in groups)


@pytest.mark.parametrize(
    ("other", "differs"), [("seeded", "seed"), ("split", "validation"), ("other", "data"), ("loss", "loss")]
)
def test_sweeps_with_other_examples_or_errors_are_refused(other, differs, trained):
    with pytest.raises(StoreError, match=rf"one and {other} cannot be compared, because their {differs} differs"):
        trained.compare(["one", other], ["optimizer"])


def test_other_data_are_named_in_words(trained):
    with pytest.raises(StoreError, match=r"differs \((\w+ and \w+|the contents of \w+ are not the same)\);") as told:
        trained.compare(["one", "other"], ["optimizer"])
    assert len(str(told.value)) < 160


def test_parts_of_the_excess_are_refused(trained):
    with pytest.raises(StoreError, match="reference of their own sweep"):
        trained.compare(["one", "two"], ["optimizer"], of="excess")
