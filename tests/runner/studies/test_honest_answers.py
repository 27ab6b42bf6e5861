"""Studies claim no more than their intervals show, and their charts show what their sentences say."""

import json
import re

import pytest
from fitgap.runner.charts import Request, draw
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.errors import SpecError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_mapping
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.studies import STUDIES, Plan, Size, result_of
from fitgap.runner.studies.words import against, chosen, is_shown
from support.sampling import every

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("honest answers")

TUNED = ("optimizers", "regularization", "early-stopping", "batch-size")


def train(path, content):
    store = open_store_for_writing(str(path))
    written = write_sweep(store, prepare_sweep(sweep_from_mapping(content)))
    drive(store, written, engine="local", workers=None, on_block=lambda block: None)
    return store


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """`studied(name)`: the store with the quick sweep of a study, trained briefly, and the study's result."""
    stores = {}

    def run(name, **axes):
        study, key = STUDIES[name], json.dumps([name, axes])
        if key not in stores:
            content = {"name": name, "data": study.data, "seed": 0, **study.settings(Plan(150, Size.QUICK, repeats=4))}
            content["training"]["epochs"] = 4
            content["axes"] |= axes
            stores[key] = train(tmp_path_factory.mktemp(name) / "it.db", content)
        return stores[key], result_of(study, stores[key], name)

    yield run
    for store in stores.values():
        store.close()


def specification(result, store):
    return json.loads(result.chart(store).to_json())


def subtitle(result, store):
    return " ".join(specification(result, store)["title"]["subtitle"])


def group(low, high, difference=0.02):
    return {"difference": difference, "difference_low": low, "difference_high": high}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (group(0.01, 0.03), "is 0.02 higher (95 %: 0.01 to 0.03)"),
        (group(-0.03, -0.01, -0.02), "is 0.02 lower (95 %: 0.01 to 0.03)"),
        (group(-0.01, 0.05), "cannot be told apart (95 % of the difference: -0.01 to 0.05)"),
        (group(0.0, 0.04), "cannot be told apart (95 % of the difference: 0 to 0.04)"),
        (group(None, None), "is 0.02 higher (uncertain, because there is only one repeat)"),
        (group(None, None, None), "cannot be compared"),
    ],
)
def test_higher_or_lower_is_only_said_of_what_is_shown(row, words):
    assert against(row) == words


def test_the_other_side_of_a_comparison_is_named():
    assert against(group(0.01, 0.03), "with 4") == "is 0.02 higher than with 4 (95 %: 0.01 to 0.03)"
    assert against(group(-0.01, 0.03), "with 4").startswith("cannot be told apart from that with 4 (95 %")


@pytest.mark.parametrize("name", every(2, STUDIES))
def test_no_sentence_gives_a_direction_beside_an_interval_that_includes_0(name, studied):
    _, result = studied(name)
    for sentence in result.sentences():
        for side, low in re.findall(r"(higher|lower)[^(;]*\(95 %: (\S+) to", sentence):
            assert float(low) > 0, (side, sentence)


def test_what_is_shown_to_be_worse_is_not_shaded_in_a_learning_curve(studied):
    """The text compares with the largest number of examples, so the chart does, too."""
    store, result = studied("learning-curve")
    apart = [row["training_examples"] for row in result.answer.rows[:-1] if is_shown(row) == 0]
    most = result.answer.rows[-1]["training_examples"]
    found = re.search(r"Shaded: cannot be told apart from (\d+) \(([^)]*)\)", subtitle(result, store))
    assert (found is not None) == bool(apart)
    if found:
        assert (int(found[1]), [int(each) for each in found[2].split(", ")]) == (most, apart)


@pytest.mark.parametrize("name", ["capacity", "double-descent"])
def test_shaded_sizes_are_those_that_cannot_be_told_apart(name, studied):
    store, result = studied(name)
    near = {row["architecture"] for row in store.compare(name, ["architecture"], of="e_v")[1:] if row["could_be_best"]}
    found = re.search(r"Shaded: cannot be told apart from the best \(([^)]*)\)", subtitle(result, store))
    shaded = [] if found is None else [each for each in found[1].split(", ") if each != "…"]
    assert set(shaded) <= near and len(shaded) == min(4, len(near))
    assert shaded == sorted(shaded, key=int)


RATES = {"optimizer": [{"gradient_descent": {"rate": [0.05, 0.2, 100.0, 1e30]}}], "batch_size": [8, 64]}


def test_the_rates_of_the_text_are_the_lightest_cells_of_the_picture(studied):
    store, result = studied("batch-size", **RATES)
    chart = specification(result, store)
    cells = [row for rows in chart["datasets"].values() for row in rows if "lost" not in row and "text" in row]
    assert any(cell["diverged"] for cell in cells) and all(cell["value"] is None for cell in cells if cell["diverged"])
    (sentence,) = [each for each in result.sentences() if each.startswith("Best learning rate, as in the picture")]
    for size in ("8", "64"):
        row = [cell for cell in cells if cell["y"] == size or cell["x"] == size]
        best = min((cell for cell in row if cell["value"] is not None), key=lambda cell: cell["value"])
        rate = best["x"] if best["y"] == size else best["y"]
        assert f"{rate} with batch size {size}" in sentence
    assert "×: the number of trials that diverged" in subtitle(result, store)
    # At higher rates, all trials diverged.
    assert "the highest that was tried" not in sentence


@pytest.mark.parametrize("name", TUNED)
def test_a_row_of_a_tuned_group_names_all_settings_that_are_in_its_numbers(name, studied):
    _, result = studied(name)
    rows = [row for row in result.answer.rows if row["setting"]]
    assert rows and all(row["setting"] == chosen(row) for row in rows)
    has_two = any(len(set(row["tuned_settings"])) > 1 for row in result.answer.rows)
    assert ("the halves chose different ones" in result.answer.about) == has_two
    assert "tuned" not in result.study.keys


def test_two_chosen_settings_are_both_named():
    assert chosen({"tuned_settings": ["adam:rate=0.01", "adam:rate=0.03"]}) == "adam 0.01 and adam 0.03"
    assert chosen({"tuned_settings": ["adam:rate=0.01"]}) == "adam 0.01"
    assert chosen({"tuned_settings": ["adam:rate=0.01, cosine"]}) == "adam 0.01, cosine"


@pytest.mark.parametrize("name", ["optimizers", "regularization"])
def test_the_text_names_the_best_of_the_picture(name, studied):
    store, result = studied(name)
    best = re.search(r"Best: (.+) \(E_v (\S+)\)\. Rings", subtitle(result, store))
    assert any(f"the lowest mean is that of {best[1]} ({best[2]})" in each for each in result.sentences())


def test_a_best_rate_at_the_end_of_the_range_is_a_warning(studied):
    _, result = studied("optimizers", optimizer=[{"gradient_descent": {"rate": [1e-5, 0.1]}}, {"adam": {"rate": 0.01}}])
    told = " ".join(result.sentences())
    assert "gradient_descent: 0.1 is the highest rate that was tried; higher ones may be better." in told
    assert "adam: " not in told and "the final mean of" in told


def test_early_stopping_shows_its_four_ways_with_intervals(studied):
    store, result = studied("early-stopping")
    chart = specification(result, store)
    rows = {row["group"]: row for data in chart["datasets"].values() for row in data if "group" in row}
    assert rows.keys() == {"neither", "early stopping", "a regularizer", "both"}
    assert rows["neither"]["difference"] == 0 and all(
        row["difference_low"] < row["difference"] < row["difference_high"]
        for name, row in rows.items()
        if name != "neither"
    )


def test_depth_speaks_of_both_errors(studied):
    _, result = studied("depth")
    for name in ("sigmoid", "relu"):
        assert any(each.startswith(f"{name}: E_t is lowest") for each in result.sentences())
        assert any(each.startswith(f"E_v with {name} is lowest") for each in result.sentences())
    assert "E_t" in result.answer.about and result.as_row()["about"] == result.answer.about


def test_a_peak_that_is_not_shown_is_not_called_one(studied):
    _, result = studied("double-descent")
    assert result.answer.outcome == "no_second_descent"
    assert result.answer.sentences[0].startswith("E_v is not shown to rise to a peak and to fall again")
    assert not any("has a peak" in each or "of the peak" in each for each in result.answer.sentences)


def test_repeats_recommends_one_number(studied):
    _, result = studied("repeats")
    told = " ".join(result.sentences())
    assert told.count("Plan about") + told.count("is unknown") == 1
    assert all(row["told apart"] in ("yes", "no") for row in result.answer.rows)


def test_boundaries_are_a_square_of_panels_with_the_verdicts_of_the_table(tmp_path):
    content = {
        "name": "boundaries",
        "data": STUDIES["boundaries"].data,
        "repeats": 3,
        "training": {"epochs": 4, "keep": "last"},
        "axes": {"architecture": ["none", "3", "8", "16-16"]},
    }
    with train(tmp_path / "it.db", content) as store:
        result = result_of(STUDIES["boundaries"], store, "boundaries")
        chart = specification(result, store)
        assert chart["columns"] == 2 and len(chart["concat"]) == 4
        verdicts = {row["architecture"]: row["verdict"].replace("_", " ") for row in result.answer.rows}
        for panel in chart["concat"]:
            name, verdict = re.search(r"trial \d+: (\S+), (.+)", panel["title"]["text"]).groups()
            assert verdict == verdicts[name]
        sides = {row["side"] for data in chart["datasets"].values() for row in data if "side" in row}
        assert sides == {"training", "validation"}


def test_a_sweep_that_varies_something_else_is_refused(studied):
    store, _ = studied("capacity")
    message = "the study optimizers needs a sweep that varies optimizer, but capacity varies architecture"
    with pytest.raises(SpecError, match=message):
        STUDIES["optimizers"].check_sweep(store, "capacity")
    STUDIES["capacity"].check_sweep(store, "capacity")


def test_what_errors_are_means_over_is_told(studied):
    store, result = studied("capacity", activation=["tanh", "relu"])
    assert "All errors are means over activation, which varies as well." in result.sentences()
    _, plain = studied("capacity")
    assert not any("means over" in each for each in plain.sentences())
    request = Request("capacity", by=("architecture",))
    assert "units per hidden layer" in json.dumps(json.loads(draw("capacity", store, request).to_json())["title"])
