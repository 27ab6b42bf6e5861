"""Numbers that a search drew are grouped by quantiles, so that their share of the variance can be computed."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from fitgap import run_sweep
from fitgap.runner.store import open_store
from fitgap.runner.store.compare.quantile_groups import intervals, quantile_groups
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.integers(0, 30).map(float), min_size=1, max_size=60), st.sampled_from([2, 4]))
def test_groups_are_intervals_of_equally_many_numbers(numbers, groups):
    found = intervals(np.array(numbers), groups)
    by_number = dict(zip(numbers, found, strict=True))
    assert [by_number[each] for each in numbers] == found, "equal numbers are in one group"
    in_order = [by_number[each] for each in sorted(by_number)]
    # Every group is one run of adjacent numbers.
    assert len(set(in_order)) == 1 + sum(one != other for one, other in pairwise(in_order))
    most_equal = max(Counter(numbers).values())
    assert all(count <= -(-len(numbers) // groups) + most_equal for count in Counter(found).values())
    assert len(set(found)) <= groups


def test_a_group_of_one_number_is_called_by_it():
    sizes = np.array([15.0] * 4 + [31.0, 63.0, 127.0, 255.0])
    assert list(dict.fromkeys(intervals(sizes, 2))) == ["15", "31 to 255"]


def test_only_what_was_drawn_from_a_range_is_grouped():
    rates = [f"adam:rate={number / 100}" for number in range(1, 17)]
    parameters = {each: {"name": "adam", "rate": str((place + 1) / 100)} for place, each in enumerate(rates)}
    parameters |= {"momentum": {"name": "momentum", "rate": "0.1"}, "sgd": {"name": "sgd", "rate": "0.5"}}
    kind = {name: each["name"] for name, each in parameters.items()}
    found = quantile_groups([*rates, "momentum", "sgd"], parameters, kind)
    assert found["momentum"] == "momentum" and found["sgd"] == "sgd"
    assert [found[each] for each in rates[::4]] == [
        "adam rate 0.01 to 0.04",
        "adam rate 0.05 to 0.08",
        "adam rate 0.09 to 0.12",
        "adam rate 0.13 to 0.16",
    ]
    few = quantile_groups(rates[:8], parameters, kind)
    assert few == {each: each for each in rates[:8]}, "eight values may stand in a list"


def test_two_drawn_parameters_have_two_groups_each():
    names = [f"{row}/{column}" for row in range(10) for column in range(10)]
    parameters = {name: dict(zip(("beta", "rate"), name.split("/"), strict=True)) for name in names}
    found = quantile_groups(names, parameters, dict.fromkeys(names, "adam"))
    assert set(Counter(found.values()).values()) == {25}
    assert found["3/7"] == "adam beta 0 to 4, rate 5 to 9"


def test_the_share_of_a_range_is_that_of_its_quarters(tmp_path):
    """Compared with the variance of the quarters' means, and the part of it due to chance, computed from the trials."""
    database = str(tmp_path / "s.db")
    rate = {"adam": {"rate": {"range": [1e-3, 1]}}}
    sweep = {"name": "s", "data": "iris", "repeats": 2, "training": {"epochs": 1, "batch_size": 50}}
    sweep |= {"axes": {"optimizer": [rate]}, "search": {"method": "random", "trials": 32}}
    run_sweep(sweep, db=database, engine="local", notify=lambda line: None)
    with open_store(database) as store:
        trials = store.trials(1, columns=["configuration", "repeat", "learning_rate", "e_v"])
        share = next(row for row in store.importance("s", ["e_v"]) if row["effect"] == "optimizer")
    rates = sorted({row["learning_rate"] for row in trials})
    assert len(rates) == 16
    cells = np.array(
        [
            [
                np.mean([row["e_v"] for row in trials if row["repeat"] == repeat and row["learning_rate"] in quarter])
                for repeat in (1, 2)
            ]
            for quarter in np.split(np.array(rates), 4)
        ]
    )
    effect = cells - cells.mean(axis=0)
    total = cells.var()
    assert share["raw_share"] == pytest.approx((effect.mean(axis=1) ** 2).mean() / total)
    assert share["noise_share"] == pytest.approx(effect.var(axis=1, ddof=1).mean() / 2 / total)
    assert share["grouped"] and share["trials"] == 32
