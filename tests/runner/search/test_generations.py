import json
from itertools import pairwise
from statistics import mean, median

import numpy as np
import pytest
from fitgap.runner.search import Proposal, Result, proposals
from fitgap.runner.search.generations import METHODS, combinations_at, cube_of
from fitgap.runner.spec import Sweep

AXES = {
    "architecture": ["none", {"depth": [1, 2], "width": [2, 16]}],
    "optimizer": [{"adam": {"rate": "1e-4..1"}}, {"gradient_descent": {"rate": "1e-3..1"}}],
}


def sweep_of(method="tpe", axes=AXES, seed=0):
    written = {"data": {"source": "iris"}, "axes": axes, "seed": seed}
    return Sweep.from_canonical({**written, "search": {"method": method, "trials": 99, "generation": 8}})


def result_of(proposal: Proposal) -> Result:
    """The error depends on the learning rate, the size on the architecture; the point has passed through JSON."""
    configuration = proposal.configuration
    point = json.loads(json.dumps(proposal.point))
    return Result(point, abs(configuration.optimizer.variant.rate - 0.1), 1 + sum(configuration.architecture))


def searched(sweep, generations, lag=0):
    """The proposals of every generation."""
    found = []
    for number in range(generations):
        known = {each.configuration.hash for part in found for each in part}
        results = [result_of(each) for part in found[: max(0, number - lag)] for each in part]
        found.append(proposals(sweep, results, known, generation=number, count=8))
    return found


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("lag", [0, 1])
def test_a_search_repeats_nothing_and_can_be_repeated(method, lag):
    found = searched(sweep_of(method), 5, lag)
    hashes = [each.configuration.hash for part in found for each in part]
    assert len(hashes) == len(set(hashes)) == 40
    assert searched(sweep_of(method), 5, lag) == found
    assert searched(sweep_of(method, seed=1), 1) != found[:1]


def test_points_hold_what_a_configuration_depends_on():
    for each in searched(sweep_of(), 1)[0]:
        assert len(each.point) == 8
        layers = len(each.configuration.architecture)
        # Whether there are layers, their number, their widths; the optimizer and its rate.
        assert sum(one is not None for one in each.point) == (1 if layers == 0 else 2 + layers) + 2


def test_a_point_depends_on_what_its_configuration_asks_for():
    """Which coordinates it uses is found without creating configurations, for all kinds of alternatives."""
    widths = [{"depth": [0, 3], "width": {"range": [4, 16], "steps": 3}}, {"depth": 2, "width": [3, 9]}, "7"]
    sweep = sweep_of(
        axes={**AXES, "architecture": ["none", *widths], "batch_size": [8, "16..32"], "loss": ["half_squared_error"]}
    )
    dimensions = list(sweep.space.dimensions())
    points = np.random.default_rng(1).random((200, len(dimensions)))
    used = [names for _, names in combinations_at(sweep, dimensions, points)]
    expected = [[name in names for name, _ in dimensions] for names in used]
    assert cube_of(sweep, dimensions).active(points).tolist() == expected
    assert {len(names) for names in used} == {4, 5, 6, 7, 8, 9}


def test_a_filter_and_a_small_space_leave_fewer():
    sweep = sweep_of(axes={"batch_size": [1, 2, 3, 4, 5, 6]})
    even = proposals(sweep, [], (), generation=0, count=8, accept=lambda all: [one.batch_size % 2 == 0 for one in all])
    assert sorted(each.configuration.batch_size for each in even) == [2, 4, 6]
    everything = proposals(sweep, [], (), generation=0, count=8)
    assert len(everything) == 6
    known = {each.configuration.hash for each in everything}
    assert proposals(sweep, list(map(result_of, everything)), known, generation=1, count=8) == []


def test_tpe_moves_to_where_errors_are_low():
    """The first generation is uniform; the later ones use results."""
    ratios = []
    for seed in range(6):
        parts = searched(sweep_of(seed=seed), 8)
        medians = [median(result_of(each).error for each in part) for part in parts]
        ratios.append(mean(medians[1:]) / medians[0])
        assert all(one != other for one, other in pairwise(parts))
    assert mean(ratios) < 0.75


def test_advice_comes_first_and_fills_a_quarter_of_a_generation_at_most():
    sweep = sweep_of("advice")
    first = searched(sweep, 1)[0]
    known, results = {each.configuration.hash for each in first}, list(map(result_of, first))
    plain = proposals(sweep, results, known, generation=1, count=8)
    others = proposals(sweep, results, known, generation=2, count=8)

    def advised(points, **more):
        return proposals(sweep, results, known, generation=1, count=8, advised=points, **more)

    # Points that were proposed before are left out.
    points = [each.point for each in (*first[:2], *others[:6])]
    assert advised(points) == [*others[:2], *plain[:6]]
    assert advised([others[0].point] * 3) == [others[0], *plain[:7]]
    refused = others[0].configuration

    def accept(configurations):
        return [each != refused for each in configurations]

    assert advised(points, accept=accept)[:2] == others[1:3]


PINNED = {
    "tpe": [("adam:rate=0.0925222", (8, 11)), ("gradient_descent:rate=0.0993035", (6, 12))],
    "cmaes": [("gradient_descent:rate=0.0653388", (5,)), ("gradient_descent:rate=0.119713", ())],
    "gp": [("adam:rate=0.0618486", ()), ("adam:rate=0.0702213", ())],
}


@pytest.mark.parametrize("method", PINNED)
def test_proposals_of_later_generations_never_change(method):
    """A file, its seed and its results must give the same networks in all versions."""
    last = searched(sweep_of(method), 3)[2]
    assert [(each.configuration.optimizer.label, each.configuration.architecture) for each in last[:2]] == PINNED[
        method
    ]
