"""Every method refuses arguments of the wrong type in one line that says what it takes."""

import numpy as np
import pytest
from fitgap import FitgapError, open_store
from fitgap.runner.frames.arguments import selection, sweep_name, trial_number


@pytest.mark.parametrize("value", ["1", 1.0, 1.5, None, True, [1], np.float64(1)])
def test_a_trial_is_a_whole_number(value):
    with pytest.raises(FitgapError, match="a trial is given by its number, such as 7, but received"):
        trial_number(value)


def test_numbers_of_numpy_are_numbers():
    assert trial_number(np.int64(3)) == 3
    assert selection(np.array([1, 2])) == selection((1, 2)) == selection(range(1, 3)) == [1, 2]
    assert sweep_name(np.int32(4)) == 4


def test_long_values_are_cut():
    with pytest.raises(FitgapError) as told:
        trial_number("x" * 1000)
    assert len(str(told.value)) < 200 and "(str)" in str(told.value)


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("show", ("1",), "a trial is given by its number"),
        ("epochs", (1.5,), "numbers"),
        ("epochs", ([1, "2"],), "numbers"),
        ("trials", (None,), "a sweep is given by its name or number"),
        ("importance", (2.5,), "a sweep is given by its name or number"),
        ("compare", (1.5, "activation"), "a sweep is given by its name or number"),
        ("compare", (["small", None], "activation"), "a sweep is given by its name or number"),
        ("layers", ([1],), "numbers"),
        ("diagnose", (1.0,), "numbers"),
        ("plot", ("fitmap", 1.0), "numbers"),
        ("labels", (object(),), "numbers"),
        ("tag", ("small", 5), "a tag must be text"),
        ("untag", (None, "x"), "numbers"),
        ("note", ("small", 5), "a note must be text"),
        ("rename", ("small", 5), "a name must be text"),
        ("rename", (None, "x"), "a sweep is given by its name or number"),
        ("delete", (1.5,), "numbers"),
    ],
)
def test_every_method_says_what_it_takes(method, arguments, message, trained_database):
    with open_store(trained_database) as store, pytest.raises(FitgapError) as told:
        getattr(store, method)(*arguments)
    assert message in str(told.value) and "\n" not in str(told.value)
