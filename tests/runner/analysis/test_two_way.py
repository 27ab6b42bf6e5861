"""Two-way tables: a cell per group, in natural order, with marks on the best and on what could be the best."""

import pytest
from fitgap.runner.analysis.two_way import two_way
from fitgap.runner.errors import StoreError


def group(architecture, rate, mean, could_be_best, against="16,0.1"):
    return {
        "architecture": architecture,
        "rate": rate,
        "e_v": mean,
        "e_v_sd": None if mean is None else mean / 10,
        "could_be_best": could_be_best,
        "against": against,
    }


GROUPS = [
    group("16", 0.1, 0.1, True),
    group("2", 0.1, 0.12, True),
    group("16", 0.01, 0.2, False),
    group("2", 1.0, None, None),
]


def test_alternatives_are_in_natural_order_with_empty_cells():
    table = two_way(GROUPS, ["architecture", "rate"], "e_v")
    assert table.keys == ["architecture", "0.01", "0.1", "1.0"]
    assert table.rows() == [
        {"architecture": "2", "0.01": None, "0.1": 0.12, "1.0": None},
        {"architecture": "16", "0.01": 0.2, "0.1": 0.1, "1.0": None},
    ]


def test_the_best_and_what_could_be_it_are_marked():
    low, high = two_way(GROUPS, ["architecture", "rate"], "e_v").cells_as_text()
    assert (low["0.1"], high["0.1"], high["0.01"]) == ("0.12 ± 0.012*", "0.1 ± 0.01**", "0.2 ± 0.02")
    assert list(two_way(GROUPS, ["architecture", "rate"], "e_v").notes())


def test_nothing_is_marked_if_the_baseline_was_named():
    named = [{**each, "could_be_best": None} for each in GROUPS]
    table = two_way(named, ["architecture", "rate"], "e_v")
    assert "*" not in str(table.cells_as_text())
    assert not list(table.notes())


def test_an_alternative_with_the_name_of_the_first_setting_keeps_a_column_of_its_own():
    groups = [{"a": 1, "b": "a", "e_v": 0.5, "could_be_best": None, "against": "x"}]
    table = two_way(groups, ["a", "b"], "e_v")
    assert table.rows() == [{"a": 1, "b a": 0.5}]


@pytest.mark.parametrize("by", [["architecture"], ["architecture", "rate", "e_v"], []])
def test_a_table_has_two_settings(by):
    with pytest.raises(StoreError, match=f"two settings, but received {len(by)}"):
        two_way(GROUPS, by, "e_v")
