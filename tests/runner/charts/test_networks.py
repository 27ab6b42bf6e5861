"""Charts that look into trained networks: layers, activation functions, decision boundaries."""

import json

import pytest
from fitgap.runner.charts import Request, draw
from fitgap.runner.errors import ChartError
from fitgap.runner.store import open_store
from support.databases.small_sweeps import train

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("charts of networks")

LEARNED = "prelu beta=0.01 learn=beta"


@pytest.fixture(scope="module")
def trained(tmp_path_factory, sqlite_template):
    """Networks with two inputs; one of their activation functions has learned its β."""
    path = tmp_path_factory.mktemp("networks") / "networks.db"
    path.write_bytes(sqlite_template.read_bytes())
    train(str(path))
    with open_store(str(path)) as store:
        yield store


def specification(kind, store, what="small", **request):
    return json.loads(draw(kind, store, Request(what, **request)).to_json())


def rows_of(found):
    return [row for rows in found["datasets"].values() for row in rows]


def test_layers_show_five_measures_by_setting_and_layer(trained):
    found = specification("layers", trained)
    assert len(found["hconcat"]) == 5
    rows = rows_of(found)
    gradients = found["hconcat"][-1]
    assert " ".join(gradients["title"]["text"]) == "size of the gradient"
    assert gradients["layer"][0]["encoding"]["color"]["scale"]["type"] == "log"
    assert {row["layer"] for row in rows} == {1, 2, 3}
    assert {row["group"] for row in rows} == {f"2 · {LEARNED}", "2 · tanh", f"3-2 · {LEARNED}", "3-2 · tanh"}
    assert {row["group"] for row in rows_of(specification("layers", trained, by=["optimizer"]))} <= {
        "adam 0.001",
        "gradient_descent 0.1",
        "gradient_descent 1e+30",
    }


def test_layers_of_a_trial_are_its_own(trained):
    trial = trained.trials("small", where="status == 'completed'", limit=1)[0]["trial"]
    assert {row["group"] for row in rows_of(specification("layers", trained, trial))} == {f"trial {trial}"}


def test_activation_functions_are_drawn_with_their_derivatives(trained):
    found = specification("activation", trained)
    assert [each["encoding"]["y"]["field"] for each in found["hconcat"]] == ["value", "slope"]
    at_zero = {row["series"]: (row["value"], row["slope"]) for row in rows_of(found) if row["x"] == 0}
    assert at_zero["tanh"] == (0, 1) and set(at_zero) == {"tanh", LEARNED}


def test_what_a_trial_has_learned_is_drawn_next_to_what_it_began_with(trained):
    where = "status == 'completed' and activation.name == 'prelu' and architecture == '3-2'"
    trial = trained.trials("small", where=where, limit=1)[0]["trial"]
    rows = rows_of(specification("activation", trained, trial))
    left = {row["line"]: row["value"] for row in rows if row["x"] == -1}
    learned = trained.show(trial)["learned"]
    assert len(left) == 1 + len(learned) == 3
    assert sorted(left.values()) == pytest.approx(sorted([-0.01, *(-each for each in learned.values())]))


def test_boundaries_have_an_answer_for_every_tile_and_the_examples(trained):
    found = specification("boundary", trained)
    assert 1 <= len(found["concat"]) <= 6
    sizes = sorted(map(len, found["datasets"].values()))
    # XOR has four examples.
    assert sizes[-1] == 41 * 41 and sizes[0] == 4


def test_boundaries_need_two_inputs_and_few_trials(trained, trained_database):
    with open_store(str(trained_database)) as store, pytest.raises(ChartError, match="its examples have 4 inputs"):
        specification("boundary", store)
    numbers = [row["trial"] for row in trained.trials("small", where="status == 'completed'")][:7]
    with pytest.raises(ChartError, match="at most 6 trials, not 7"):
        specification("boundary", trained, trials=numbers)
