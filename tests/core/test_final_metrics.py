"""Metrics of finished members: for the right epochs and examples, and with the same bits in every pack."""

import dataclasses
import gc

import numpy as np
import pytest
from fitgap.core import final_metrics
from fitgap.core.evaluation import Measurer
from fitgap.core.metrics import class_metrics
from fitgap.core.optimizers import GradientDescent
from fitgap.core.stopping import NoImprovement
from fitgap.core.training import Pack
from hypothesis import given
from support.core.core_strategies import packs
from support.core.trainings import same


def finals(shape, members, examples):
    """The metrics of every completed member, by its number. The best epoch is the one with the lowest E_v."""
    pack = Pack(shape, members, examples)
    best = np.full(len(members), np.inf)
    found = {}
    for results in pack.run():
        better = (results.e_v < best[results.members]) & ~results.diverged
        best[results.members[better]] = results.e_v[better]
        if better.any():
            pack.metrics.remember_best(np.flatnonzero(better))
        rows = np.flatnonzero(results.finished & ~results.diverged)
        if rows.size:
            found |= dict(zip(results.members[rows].tolist(), pack.metrics.of(rows), strict=True))
    return found


def assert_same_metrics(one, other):
    for name in ("training", "validation", "at_best"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine.keys() == theirs.keys()
        assert all(same(value, theirs[key]) for key, value in mine.items()), (mine, theirs)
    for name in ("confusion", "recognized", "best_recognized"):
        assert same(getattr(one, name), getattr(other, name)), name


@given(pack=packs())
def test_a_member_has_the_same_metrics_alone_as_in_any_pack(pack, draw_member, make_repeats):
    shape, counts, member_count, seed = pack
    if shape.loss.readings and type(shape.reading).__name__ not in ("OnePerClass", "ZeroOne"):
        return
    rng = np.random.default_rng(seed)
    members = [draw_member(rng, len(shape.network.sizes) - 1) for _ in range(member_count)]
    examples = make_repeats(shape, counts)
    together = finals(shape, members, examples)
    for number, metrics in together.items():
        assert_same_metrics(finals(shape, [members[number]], examples)[0], metrics)


@pytest.fixture
def members(make_member):
    rates = (0.02, 0.5, 0.9)
    return [make_member(optimizer=GradientDescent(rate=rate), repeat=0, epochs=12) for rate in rates]


def test_they_are_of_the_best_and_the_last_epoch(members, make_shape, make_repeats):
    shape = make_shape((3, 6, 2), 4, classes=True)
    examples = make_repeats(shape, (14, 9))
    found = finals(shape, members, examples)
    pack = Pack(shape, members, examples)
    measurer = Measurer(*pack.repeats.validation, shape)
    errors, expected = [], []
    for _ in range(12):
        errors.append(pack.run_epoch().e_v)
        outputs = measurer.outputs(pack.networks, pack.repeats.rows)
        expected.append(class_metrics(*outputs, shape.loss, shape.reading, shape.class_count, with_scores=True))
    epochs = np.argmin(errors, axis=0)
    assert len({*epochs.tolist()}) > 1
    for row, member in enumerate(pack.member_numbers.tolist()):
        for name, values in expected[-1].values.items():
            assert same(found[member].validation[name], values[row])
            assert same(found[member].at_best[name], expected[epochs[row]].values[name][row])
        assert same(found[member].confusion, expected[epochs[row]].confusion[row])


@pytest.mark.parametrize("bytes_together", [1, 300, 1 << 20])
def test_however_many_are_examined_at_once(bytes_together, members, make_shape, make_repeats, monkeypatch):
    for measured in (None, 5):
        shape = dataclasses.replace(make_shape((3, 6, 2), 4, classes=True), measured_examples=measured)
        examples = make_repeats(shape, (14, 9))
        expected = finals(shape, members, examples)
        with monkeypatch.context() as patched:
            patched.setattr(final_metrics, "MOST_BYTES", bytes_together)
            found = finals(shape, members, examples)
        for number, metrics in expected.items():
            assert_same_metrics(found[number], metrics)
            assert metrics.confusion.sum() == (measured or 9)


def test_computing_them_changes_nothing(members, make_shape, make_repeats):
    shape = make_shape((3, 6, 2), 4, classes=True)
    pack = Pack(shape, members, make_repeats(shape, (14, 9)))
    pack.run_epoch()
    pack.metrics.remember_best(np.arange(3))
    pack.run_epoch()
    before = pack.networks.parameters.copy()
    pack.metrics.of(np.arange(3))
    pack.metrics.of(np.array([1]))
    assert same(pack.networks.parameters, before)


def test_the_pack_is_freed_at_once(members, make_shape, make_repeats):
    shape = make_shape((3, 6, 2), 4, classes=True)
    pack = Pack(shape, members, make_repeats(shape, (14, 9)))
    kept = pack.networks.parameters
    referrers = len(gc.get_referrers(pack))
    assert kept is pack.networks.parameters and referrers < 4


def test_a_member_that_restores_its_best_epoch_ends_with_the_metrics_of_that(make_member, make_shape, make_repeats):
    shape = make_shape((3, 6, 2), 4, classes=True)
    rule = (NoImprovement(epochs=4, restore="best"),)
    settings = {"stopping": rule, "repeat": 0, "epochs": 40}
    members = [make_member(optimizer=GradientDescent(rate=rate), **settings) for rate in (0.5, 0.9)]
    plain = [dataclasses.replace(member, stopping=(NoImprovement(epochs=4),)) for member in members]
    examples = make_repeats(shape, (14, 9))
    restored, ended = finals(shape, members, examples), finals(shape, plain, examples)
    for number, metrics in restored.items():
        for name, value in ended[number].at_best.items():
            assert same(metrics.validation[name], value) and same(metrics.at_best[name], value)
        assert same(metrics.confusion, ended[number].confusion)
    assert any(each.validation["f1_macro"] != each.at_best["f1_macro"] for each in ended.values())
