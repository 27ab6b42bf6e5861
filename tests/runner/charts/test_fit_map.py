"""The fit map: its points, its baseline, and the cells in which it and other charts count many points."""

import pytest
from fitgap.runner.charts.palette import VERDICTS
from support.charts.specifications import marks, rows_of, subtitle


def test_the_fit_map_has_every_configuration_in_the_color_and_shape_of_its_verdict(made, specified):
    found = specified("fitmap", made(configurations=24))
    points = next(each for each in marks(found, "point") if "tooltip" in each["encoding"])
    assert points["encoding"]["x"]["field"] == "underfit" and points["encoding"]["y"]["field"] == "overfit"
    scale, shapes = points["encoding"]["color"]["scale"], points["encoding"]["shape"]["scale"]
    assert scale["range"] == [VERDICTS[name].color for name in scale["domain"]]
    assert shapes["domain"] == scale["domain"] and len(set(shapes["range"])) == len(shapes["range"])
    assert len(rows_of(found, points)) == 24
    assert points["encoding"]["size"]["field"] == "parameters"
    assert found["title"]["text"] == ["made: what underfits and what overfits"]
    assert all(name in subtitle(found) for name in scale["domain"])


def test_the_fit_map_is_linear_unless_its_values_span_more_than_a_factor_of_100(made, specified):
    kind = specified("fitmap", made())
    point = next(each for each in marks(kind, "point") if "tooltip" in each["encoding"])
    assert "type" not in point["encoding"]["x"]["scale"]


def test_diverged_configurations_are_crosses_and_are_counted(made, specified):
    found = specified("fitmap", made(configurations=24, diverging=4))
    crosses = [each for each in marks(found, "point") if each["encoding"]["y"].get("field") == "place"]
    assert len(crosses) == 1 and len(rows_of(found, crosses[0])) == 6
    assert "6 diverged" in subtitle(found)


def tooltipped(found):
    return next(each for each in marks(found, "point") if "tooltip" in each["encoding"])


def test_five_thousand_points_are_drawn_one_by_one(made, specified):
    found = specified("fitmap", made(configurations=5000, repeats=1, epochs=1))
    assert len(rows_of(found, tooltipped(found))) == 5000


@pytest.mark.parametrize("kind", ["fitmap", "stopping", "time"])
def test_more_points_are_counted_in_cells_and_the_chart_says_so(kind, made, specified):
    store = made(configurations=5001, repeats=1, epochs=1)
    found = specified(kind, store)
    cells = rows_of(found, tooltipped(found))
    assert sum(cell["counted"] for cell in cells) == 5001 and len(cells) < 1000
    assert "5,001" in subtitle(found) and "are counted in" in subtitle(found)


def test_a_cell_of_the_fit_map_is_at_the_mean_of_its_points_and_names_the_best_of_them(made, specified):
    store = made(configurations=5001, repeats=1, epochs=1)
    found = specified("fitmap", store)
    cells = rows_of(found, tooltipped(found))
    trials = {
        row["configuration"]: row for row in store.trials("made", columns=("configuration", "underfit", "excess"))
    }
    mean = sum(cell["underfit"] * cell["counted"] for cell in cells) / 5001
    assert mean == pytest.approx(sum(row["underfit"] for row in trials.values()) / 5001)
    assert min(trials.values(), key=lambda row: row["excess"])["configuration"] in {
        cell["configuration"] for cell in cells
    }


@pytest.mark.nightly
def test_a_fit_map_from_another_baseline_has_it_at_the_origin(made, specified):
    store = made(configurations=24, repeats=3, diverging=0)
    found = specified("fitmap", store, against="0000000000000005")
    rows = {row["configuration"]: row for row in rows_of(found, tooltipped(found))}
    assert rows["0000000000000005"]["underfit"] == rows["0000000000000005"]["overfit"] == 0.0
    plain = {
        row["configuration"]: row for row in rows_of(specified("fitmap", store), tooltipped(specified("fitmap", store)))
    }
    moved = plain["0000000000000007"]["underfit"] - plain["0000000000000005"]["underfit"]
    assert rows["0000000000000007"]["underfit"] == pytest.approx(moved)
    assert "Ring: the baseline" in subtitle(found) and "compare with the reference" in subtitle(found)
