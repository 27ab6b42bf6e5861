"""What a kind of chart shows: fields, scales, marks and titles of its specification. The fit map has its own file."""

import pytest
from fitgap.runner.charts import repeats
from fitgap.runner.charts.palette import VERDICTS
from fitgap.runner.charts.sensitivity import title_of
from fitgap.runner.charts.settings import Axis
from fitgap.runner.errors import ChartError
from support.charts.specifications import marks, rows_of, subtitle


@pytest.mark.nightly
def test_curves_and_capacity_compare_with_another_baseline(made, specified):
    store = made(configurations=24, repeats=3)
    first = specified("curves", store, against="0000000000000005")["concat"][0]
    assert "baseline" in " ".join(first["title"]["text"])
    plain, moved = (
        subtitle(specified("capacity", store)),
        subtitle(specified("capacity", store, against="0000000000000005")),
    )
    assert plain.split("Means")[0] != moved.split("Means")[0]


def test_curves_are_a_solid_and_a_dashed_line_in_one_color_with_bands_and_the_best_epoch(made, specified):
    found = specified("curves", made(repeats=3, epochs=30))
    (line, *_), (band, *_) = marks(found, "line"), marks(found, "area")
    assert line["encoding"]["strokeDash"]["scale"] == {"domain": ["E_t", "E_v"], "range": [[1, 0], [6, 3]]}
    assert line["mark"]["color"] == band["mark"]["color"]
    assert {row["side"] for row in rows_of(found, line)} == {"E_t", "E_v"}
    assert len(marks(found, "point")) == len(found["concat"])
    assert "Bands: 95 % over repeats" in subtitle(found)


def test_curves_of_trials_have_a_panel_for_each(made, specified):
    store = made(repeats=2)
    assert len(specified("curves", store, trials=[1, 5, 7])["concat"]) == 3
    assert len(specified("curves", store, what=4)["concat"]) == 1
    with pytest.raises(ChartError, match="trial 999 is not among the trials of made"):
        specified("curves", store, trials=[999])
    with pytest.raises(ChartError, match="at most 12 trials, not 13"):
        specified("curves", store, trials=list(range(1, 14)))


def test_curves_of_many_epochs_are_thinned(made, specified):
    found = specified("curves", made(configurations=1, repeats=1, epochs=3000), what=1)
    (line,) = marks(found, "line")
    epochs = [row["epoch"] for row in rows_of(found, line) if row["side"] == "E_v"]
    assert len(epochs) <= 160 and epochs[0] == 1 and epochs[-1] == 3000


def test_errors_that_span_more_than_a_factor_of_10_have_a_logarithmic_axis(made, specified):
    wide, narrow = made(epochs=30, repeats=2), made(epochs=2, configurations=1, repeats=2)
    scales = [marks(specified("curves", each), "line")[0]["encoding"]["y"]["scale"] for each in (wide, narrow)]
    assert scales[0].get("type") is None or scales[0]["type"] == "log"
    assert "type" not in scales[1]


def test_capacity_is_drawn_over_the_numbers_of_units_in_numeric_order(made, specified):
    found = specified("capacity", made())
    line = marks(found, "line")[0]
    x = line["encoding"]["x"]
    assert (x["field"], x["type"], x["scale"]["type"]) == ("x", "quantitative", "log")
    assert x["title"] == "units per hidden layer"
    assert sorted({row["x"] for row in rows_of(found, line)}) == [2, 4, 8, 16, 32, 64]
    assert subtitle(found).startswith("Lowest E_v with ")


def test_capacity_along_a_setting_with_names_keeps_their_order(made, specified):
    found = specified("capacity", made(configurations=96), by=["regularizer"])
    x = marks(found, "point")[0]["encoding"]["x"]
    assert x["type"] == "ordinal" and x["sort"] == ["none", "l1 0.001 + dropout 0.2", "l2 0.0001", "l2 0.01"]
    assert not marks(found, "line")


def test_what_a_chart_is_drawn_along_must_exist(made, specified):
    with pytest.raises(ChartError, match="there is no axis 'rate'; known: architecture"):
        specified("capacity", made(), by=["rate"])


def test_sensitivity_has_a_line_for_each_kind_on_a_logarithmic_axis(made, specified):
    found = specified("sensitivity", made(configurations=96), by=["regularizer"])
    line, rule = marks(found, "line")[0], marks(found, "rule")[0]
    assert line["encoding"]["x"]["scale"]["type"] == "log"
    assert {row["series"] for row in rows_of(found, line)} == {"l2"}
    # A kind whose number does not vary is a level line: no regularizer, or the single strength of `l1+dropout`.
    assert {row["series"] for row in rows_of(found, rule)} == {"none", "l1+dropout"}
    assert {row["x"] for row in rows_of(found, line)} == {0.0001, 0.01}
    assert line["encoding"]["x"]["title"] == "regularizer: weight"


def test_the_title_of_a_parameter_is_said_once():
    assert title_of(Axis("optimizer.rate", [0.1, 0.01])) == "optimizer.rate"
    assert title_of(Axis("batch_size", [8, 16])) == "batch size"
    assert title_of(Axis("optimizer", ["adam:rate=0.1", "adam:rate=0.01"])) == "optimizer: rate"


def test_sensitivity_shows_where_trials_diverged(made, specified):
    drawn = specified("sensitivity", made(configurations=24, diverging=5))
    texts = [row["text"] for each in marks(drawn, "text") for row in rows_of(drawn, each) if "text" in row]
    assert any("/" in text for text in texts)


def test_stopping_compares_the_best_with_the_last_epoch(made, specified):
    found = specified("stopping", made())
    (points,), (diagonal,) = marks(found, "point"), marks(found, "line")
    assert points["encoding"]["x"]["field"] == "best_e_v" and points["encoding"]["y"]["field"] == "e_v"
    assert all(row["best_e_v"] == row["e_v"] for row in rows_of(found, diagonal))
    assert subtitle(found).startswith("24 of 24 configurations ended more than 5 % above their lowest E_v.")


def test_heat_shows_errors_or_verdicts_in_cells(made, specified):
    store = made(configurations=96)
    found = specified("heat", store, by=["architecture", "optimizer"])
    tiles = marks(found, "rect")[0]
    assert len(rows_of(found, tiles)) == 24 and tiles["encoding"]["color"]["field"] == "value"
    assert tiles["encoding"]["x"]["sort"] == ["2", "4", "8", "16", "32", "64"]
    verdicts = specified("heat", store, by=["architecture", "optimizer"], of="verdict")
    scale = marks(verdicts, "rect")[0]["encoding"]["color"]["scale"]
    assert scale["range"] == [VERDICTS[name].color for name in scale["domain"]]
    with pytest.raises(ChartError, match="names hidden layers alone: name both, such as --by architecture,"):
        specified("heat", store, by=["architecture"])


def test_a_cell_with_diverged_trials_is_never_the_best_and_shows_no_mean_of_the_others(made, specified):
    """Those trials of a cell that did not diverge may be the lucky ones."""
    store = made(configurations=24, diverging=5)
    found = specified("heat", store, by=("architecture", "regularizer"))
    cells = [row for row in rows_of(found, marks(found, "rect")[0]) if "diverged" in row]
    lost = [row for row in cells if row["diverged"]]
    assert 0 < len(lost) < len(cells)
    assert all(row["value"] is None and row["text"] == "" for row in lost)
    whole = [row for row in cells if not row["diverged"]]
    best = min(whole, key=lambda row: row["value"])
    (ring,) = [each for each in marks(found, "rect") if each["mark"].get("filled") is False]
    assert [(row["x"], row["y"]) for row in rows_of(found, ring)] == [(best["x"], best["y"])]
    counts = [row["count"] for each in marks(found, "text") for row in rows_of(found, each) if "count" in row]
    assert sorted(counts) == sorted(f"{row['diverged']}/{row['trials']}" for row in lost)
    assert "×: the number of trials that diverged" in subtitle(found)


def test_the_best_of_capacity_and_sensitivity_is_one_without_diverged_trials(made, specified):
    store = made(configurations=24, diverging=5)
    for kind, by, key in (("capacity", "architecture", "architecture"), ("sensitivity", "optimizer", "optimizer")):
        groups = store.compare("made", [key], of="e_v")
        whole = [group for group in groups if group["completed"] == group["trials"]]
        found = subtitle(specified(kind, store, by=(by,)))
        name = (whole or groups)[0][key] if whole else min(groups, key=lambda group: group["e_v"])[key]
        assert str(name).split("=")[-1].rstrip("0") in found


def test_importance_has_a_bar_for_each_share_the_largest_first(made, specified):
    found = specified("importance", made(configurations=96))
    (bars,) = marks(found, "bar")
    shares = [row["share"] for row in rows_of(found, bars) if row["kind"] != "noise"]
    assert shares == sorted(shares, reverse=True) and rows_of(found, bars)[0]["effect"] == "hidden layers"
    assert subtitle(found).startswith("Most by itself: hidden layers")


def test_parallel_coordinates_lead_through_every_axis_to_the_error(made, specified):
    found = specified("parallel", made(configurations=96))
    lines = marks(found, "line")
    assert [each["mark"]["strokeWidth"] for each in lines] == [1, 2.6]
    rows = rows_of(found, lines[0])
    assert {row["axis"] for row in rows} == {0, 1, 2, 3} and all(0 <= row["place"] <= 1 for row in rows)
    assert len({row["configuration"] for row in rows if row["is_best"]}) == 5


def test_a_learning_curve_is_over_the_numbers_of_examples_and_compares_with_the_largest(made, specified):
    found = specified("learning-curve", made(examples=True))
    x = marks(found, "line")[0]["encoding"]["x"]
    assert (x["type"], x["title"]) == ("quantitative", "training examples")
    assert sorted({row["x"] for row in rows_of(found, marks(found, "line")[0])}) == [20, 40, 80, 160]
    assert "cannot be told apart from the best" not in subtitle(found)


def test_repeats_say_how_many_to_plan_and_that_an_early_end_is_luck(made, specified):
    found = specified("repeats", made(configurations=3, repeats=12))
    bars = next(each for each in marks(found, "rule") if each["encoding"]["y"].get("field") == "difference_low")
    assert [row["repeats"] for row in rows_of(found, bars)] == [3, 5, 10, 12]
    assert bars["encoding"]["y2"]["field"] == "difference_high"
    assert "Plan about 2 repeats for a difference of this size" in subtitle(found)
    assert "it excludes 0 from 3 repeats on; how early that happens is luck" in subtitle(found)


@pytest.mark.parametrize(("needed", "line"), [(46, [46]), (160, [160]), (161, []), (2, []), (None, [])])
def test_a_line_is_at_the_number_of_repeats_to_plan_if_it_is_not_far_away(needed, line):
    assert repeats.plan_of({"repeats_needed": needed, "repeats": 40}) == line


def test_the_best_of_each_row_of_a_heat_map_is_marked_if_it_is_asked_for(made, specified):
    store = made(configurations=96)
    found = specified("heat", store, by=["architecture", "optimizer"], each="architecture")
    tiles, rings = marks(found, "rect")
    assert tiles["encoding"]["y"]["title"] == "hidden layers"
    best = {}
    for row in rows_of(found, tiles):
        if row["value"] is not None and row["value"] < best.get(row["y"], {"value": 1e9})["value"]:
            best[row["y"]] = row
    assert {row["y"]: row["x"] for row in rows_of(found, rings)} == {name: row["x"] for name, row in best.items()}
    assert "Rings: the best optimizer in each row." in subtitle(found)
    with pytest.raises(ChartError, match="batch_size is not one of its two settings; name both with --by"):
        specified("heat", store, by=["architecture", "optimizer"], each="batch_size")


def test_rates_that_cannot_be_told_apart_from_the_best_of_their_line_are_shaded(made, specified):
    store = made(configurations=96)
    found = specified("sensitivity", store, by=["optimizer"])
    shaded = [each for each in marks(found, "point") if each["mark"]["size"] == 900]
    rows = store.compare("made", ["optimizer"], of="e_v")
    near = {float(row["optimizer"].split("=")[1]) for row in rows[1:] if row["could_be_best"]}
    assert {row["x"] for each in shaded for row in rows_of(found, each)} == near
    assert ("Shaded: cannot be told apart from it." in subtitle(found)) == bool(near)


def test_the_best_result_so_far_never_rises(made, specified):
    found = specified("time", made())
    (line,) = marks(found, "line")
    best = [row["best"] for row in rows_of(found, line)]
    assert best == sorted(best, reverse=True) and line["mark"]["interpolate"] == "step-after"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"theme": "blue"}, "there is no theme 'blue'; known: light, dark"),
        ({"width": 20}, "the width must be 200 to 4,000 pixels, but is 20"),
        ({"of": "loss"}, "there is no measure 'loss'"),
    ],
)
def test_impossible_requests_are_told(request_, message, made, specified):
    with pytest.raises(ChartError, match=message):
        specified("fitmap", made(configurations=1), **request_)


def test_an_unknown_kind_and_an_unsuited_one_name_others(made, specified):
    store = made(configurations=1, repeats=1)
    with pytest.raises(ChartError, match=r"there is no chart 'fit-map'; did you mean 'fitmap'\? known: fitmap, curves"):
        specified("fit-map", store)
    rule = "heat does not suit made: it needs two settings that vary, but in this sweep nothing varies"
    with pytest.raises(ChartError, match=f"{rule}; these do: fitmap, curves"):
        specified("heat", store)
