"""Advice in a search space: the value of an axis that is nearest to the advised one within the space."""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.optimizers import Adam
from fitgap.core.regularizers import L2
from fitgap.runner.search.generations import proposals, proposals_at
from fitgap.runner.search.nearest import difference, nearest_point
from fitgap.runner.spec import Choice, Sweep
from hypothesis import given
from hypothesis import strategies as st

AXES = {
    "architecture": ["none", {"depth": [1, 2], "width": [2, 16]}],
    "activation": ["relu", "tanh"],
    "regularizer": ["none", {"l2": {"weight": "1e-4..1e-2"}}],
    "optimizer": [{"gradient_descent": {"rate": "1e-3..1"}}, {"adam": {"rate": "1e-4..1e-1", "beta_1": [0.5, 0.9]}}],
    "batch_size": ["4..64"],
    "epochs": {"range": [10, 90], "steps": 5},
}


def sweep_of(seed=0, axes=AXES):
    written = {"data": {"source": "iris"}, "axes": axes, "seed": seed}
    return Sweep.from_canonical({**written, "search": {"method": "advice", "trials": 99, "generation": 32}})


def reached(sweep, proposal, axis, advised):
    """The configuration at the nearest point; None if there is none."""
    dimensions = list(sweep.space.dimensions())
    point = nearest_point(sweep.space, dimensions, proposal.point, axis, advised)
    if point is None:
        return None
    (found,) = proposals_at(sweep, dimensions, np.array([point]))
    return found.configuration


def first(sweep, accepts):
    """The first proposal whose configuration is accepted."""
    known = proposals(sweep, [], (), generation=0, count=32)
    return next(each for each in known if accepts(each.configuration))


def with_rate(configuration, rate):
    optimizer = configuration.optimizer
    return replace(configuration, optimizer=Choice(optimizer.name, replace(optimizer.variant, rate=rate)))


@pytest.mark.parametrize(("rate", "expected"), [(0.03, 0.03), (0.5, 0.1), (1e-9, 1e-4)])
def test_a_rate_is_taken_from_the_range_or_from_its_end(rate, expected):
    sweep = sweep_of()
    own = first(sweep, lambda each: each.optimizer.name == "adam")
    assert reached(sweep, own, "optimizer", with_rate(own.configuration, rate)) == with_rate(
        own.configuration, expected
    )


def test_what_is_at_the_end_of_a_range_goes_no_further():
    sweep = sweep_of(axes={"optimizer": [{"adam": {"rate": [0.001, 0.1]}}], "epochs": [30]})
    own = first(sweep, lambda each: each.optimizer.variant.rate == 0.1)
    assert reached(sweep, own, "optimizer", with_rate(own.configuration, 1.0)) is None
    assert reached(sweep, own, "epochs", replace(own.configuration, epochs=90)) is None


def test_other_alternatives_are_taken_with_what_is_advised_for_them():
    sweep = sweep_of()
    own = first(sweep, lambda each: each.optimizer.name == "gradient_descent" and not each.regularizers)
    adam = replace(own.configuration, optimizer=Choice("adam", Adam(rate=0.002)))
    assert reached(sweep, own, "optimizer", adam) == adam
    penalty = replace(own.configuration, regularizers=(Choice("l2", L2(weight=0.03)),))
    assert reached(sweep, own, "regularizer", penalty).regularizer_label == "l2:weight=0.01"
    other = "tanh" if own.configuration.activation_label == "relu" else "relu"
    changed = first(sweep, lambda each: each.activation_label == other).configuration.activation
    assert reached(sweep, own, "activation", replace(own.configuration, activation=changed)).activation_label == other


@pytest.mark.parametrize(
    ("layers", "advised", "label"),
    [((), (16,), "16"), ((4,), (16,), "16"), ((16,), (64,), None), ((9, 9), (2, 2), "2-2")],
)
def test_networks_become_larger_and_smaller_as_far_as_they_may(layers, advised, label):
    """If no layer may be wider, a second layer makes the network larger."""
    sweep = sweep_of(axes={"architecture": ["none", {"depth": [1, 2], "width": [2, 16]}]})
    own = first(sweep, lambda each: len(each.architecture) == len(layers))
    point = list(own.point)
    for place, width in zip([place for place, each in enumerate(point) if each is not None][2:], layers, strict=False):
        point[place] = (width - 1.5) / 15
    own = replace(own, point=point)
    found = reached(sweep, own, "architecture", replace(own.configuration, architecture=advised))
    assert found.architecture_label == label if label else len(found.architecture) == 2


@given(st.integers(0, 99), st.sampled_from(["architecture", "regularizer", "optimizer", "batch_size", "epochs"]))
def test_only_the_axis_changes_and_it_comes_nearer(seed, axis):
    sweep = sweep_of(seed)
    known = proposals(sweep, [], (), generation=0, count=32)
    own, wanted = known[0], known[1].configuration
    found = reached(sweep, own, axis, wanted)
    name = {"regularizer": "regularizers"}.get(axis, axis)
    if found is None:
        return
    assert replace(found, **{name: getattr(own.configuration, name)}) == own.configuration
    assert found != own.configuration
    # A value that another proposal has can be reached.
    assert axis == "architecture" or getattr(found, name) == getattr(wanted, name)


def test_the_distance_of_settings():
    assert difference({"name": "l2", "weight": 0.1}, {"name": "l2", "weight": 0.1}) == 0
    near = difference({"name": "l2", "weight": 0.1}, {"name": "l2", "weight": 0.2})
    far = difference({"name": "l2", "weight": 0.1}, {"name": "l2", "weight": 0.001})
    assert 0 < near < far < difference({"name": "l2", "weight": 0.1}, {"name": "l1", "weight": 0.1})
    assert difference([], [{"name": "l2", "weight": 0.1}]) == difference("relu", "tanh")
    assert 0 < difference(0.0, 0.5) < 1
