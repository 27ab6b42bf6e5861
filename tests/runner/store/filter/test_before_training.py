import gc
import sqlite3

import pytest
from fitgap.runner.errors import FilterError
from fitgap.runner.planning.configuration_rows import configuration_row
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store.filter import SettingsFilter

SWEEP = """
data: iris
axes:
  architecture: [none, 4, 8-4]
  activation: [relu, tanh/sigmoid]
  optimizer: [{adam: {rate: [0.001, 0.2]}}, gradient_descent:rate=0.1]
"""


@pytest.fixture(scope="module")
def prepared():
    return prepare_sweep(sweep_from_text(SWEEP))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("parameters < 40", lambda each: each.architecture in [(), (4,)]),
        ("architecture == '8-4' or learning_rate >= 0.1", lambda each: each.architecture == (8, 4)
            or rate(each) >= 0.1),
        ("not (activation.name == 'sigmoid' and optimizer.rate > 0.1)", lambda each: not (
            "sigmoid" in each.activation_label and rate(each) > 0.1
        )),
        ("architecture.depth > 0 and optimizer like 'adam*'", lambda each: bool(each.architecture)
            and each.optimizer.name == "adam"),
        ("optimizer.adam.rate is null", lambda each: each.optimizer.name != "adam"),
        ("architecture.width * 2 == 16", lambda each: 8 in each.architecture),
    ],
)  # fmt: skip
def test_a_filter_means_what_it_means_in_queries(prepared, text, expected):
    rows = [configuration_row(each, prepared) for each in prepared.configurations]
    chosen = SettingsFilter(text)
    assert chosen.accepts(rows) == [expected(each) for each in prepared.configurations]
    assert chosen.accepts(rows[::-1]) == chosen.accepts(rows)[::-1], "rows of an earlier call play no part"


def rate(configuration):
    return configuration.optimizer.variant.rate


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("e_v < 0.1", "e_v is known only after training; `only` takes settings"),
        ("parameters < 9 and not (batch_size > 1 or verdict == 'good')", "verdict is known only after"),
        ("epochs_to(e_v < 0.1) < 3", "epochs_to is known only after"),
        ("tag == 'x'", "tag is known only after"),
        ("excess > 0", "excess is known only after"),
        ("gap > 0", "gap is known only after"),
        ("paramters < 9", "did you mean 'parameters'"),
        ("recall_v.setosa > 0.5", "recall_v.setosa is known only after"),
    ],
)
def test_what_is_not_known_before_training_is_refused(text, message):
    with pytest.raises(FilterError, match=message):
        SettingsFilter(text)


def test_no_database_stays_open(prepared):
    def opened():
        gc.collect()
        return {id(each) for each in gc.get_objects() if isinstance(each, sqlite3.Connection)}

    before = opened()
    chosen = SettingsFilter("parameters < 40")
    assert any(chosen.accepts([configuration_row(each, prepared) for each in prepared.configurations]))
    assert opened() <= before
