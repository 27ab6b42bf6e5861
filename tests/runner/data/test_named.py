"""Tests of the table of named data sets."""

import subprocess
import sys

import numpy as np
import pytest
from fitgap.core.target_coding import READINGS, TWO_CLASSES
from fitgap.core.variants import REQUIRED
from fitgap.runner.data import SOURCES, SourceDefaults, default_reading, load_dataset, source_defaults
from fitgap.runner.errors import DataError


@pytest.mark.parametrize("name", SOURCES)
def test_contract_of_every_named_set(name):
    dataset = load_dataset(name)
    assert dataset.name == name
    assert dataset.inputs.dtype == dataset.targets.dtype == np.float64
    assert np.isfinite(dataset.inputs).all() and np.isfinite(dataset.targets).all()
    assert len(dataset.input_names) == dataset.input_count
    assert len(dataset.target_names) == dataset.target_count
    words = (*dataset.input_names, *dataset.target_names, *dataset.class_names)
    assert all(type(word) is str for word in words)
    assert dataset.text_columns == {}
    if dataset.target_kind == "classes":
        assert set(np.unique(dataset.targets)) == set(range(dataset.class_count))
    else:
        assert dataset.class_names == ()


@pytest.mark.parametrize("name", SOURCES)
def test_every_named_set_has_a_reading_that_suits_it(name):
    dataset = load_dataset(name)
    reading = default_reading(name, dataset)
    assert READINGS[reading].for_classes == (dataset.target_kind == "classes")
    if reading in TWO_CLASSES:
        assert dataset.class_count == 2


@pytest.mark.parametrize("name", SOURCES)
def test_every_named_set_describes_itself(name):
    source = SOURCES[name]
    assert source.__doc__.splitlines()[0].endswith(".")
    assert all(field.default is not REQUIRED for field in source.parameters().values())
    assert source_defaults(name) == SourceDefaults(source.preprocess, source.validation)


@pytest.mark.parametrize("name", SOURCES)
def test_loading_twice_gives_independent_arrays(name):
    first = load_dataset(name, seed=3)
    first.inputs[:] = -1
    assert not np.array_equal(first.inputs, load_dataset(name, seed=3).inputs)


def test_unknown_name_says_the_nearest_and_how_files_are_given():
    for call in (load_dataset, source_defaults):
        with pytest.raises(DataError, match=r"unknown data set 'digts': did you mean 'digits'.*path with suffix"):
            call("digts")


def test_named_sets_take_no_target():
    with pytest.raises(DataError, match="iris: a named data set has its own target, but 'species' was given"):
        load_dataset("iris", target=["species"])


@pytest.mark.parametrize(
    ("name", "options", "pattern"),
    [
        ("iris", {"noise": 1}, "^iris: takes no options, but 'noise' was given"),
        ("moons", {"nose": 1}, "^moons: unknown option 'nose': did you mean 'noise'"),
        ("moons", {"noise": -1}, "^moons: noise must be a number, at least 0.*but is -1"),
        ("sine", {"examples": 2.5}, "^sine: examples must be a whole number.*but is 2.5"),
        ("sine", {"examples": "many\n"}, r"but is many\\n"),
    ],
)
def test_wrong_options(name, options, pattern):
    with pytest.raises(DataError, match=pattern):
        load_dataset(name, options=options)


def test_named_sets_do_without_polars():
    program = (
        "import sys; from fitgap.runner.data import SOURCES, load_dataset; [load_dataset(name) for name in SOURCES];"
        "assert 'polars' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
