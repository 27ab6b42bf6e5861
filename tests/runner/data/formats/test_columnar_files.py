"""Tests of Parquet files."""

import io
from decimal import Decimal

import numpy as np
import polars
import pytest
from fitgap.runner.data.handling import Handling
from packaging.version import Version
from support.data.loading import load_strictly

REFUSE = Handling()


def load(target, handling=REFUSE, **columns):
    stream = io.BytesIO()
    polars.DataFrame(columns).write_parquet(stream)
    return load_strictly("a.parquet", stream.getvalue(), target, handling)


def test_all_kinds_of_numbers_are_inputs(started_reader):
    dataset = load(
        ["y"],
        small=polars.Series([1, 2], dtype=polars.UInt8),
        single=polars.Series([0.5, 1.5], dtype=polars.Float32),
        flag=[True, False],
        price=[Decimal("1.25"), Decimal("2.50")],
        y=[0.1, 0.2],
    )
    assert dataset.inputs.tolist() == [[1, 0.5, 1, 1.25], [2, 1.5, 0, 2.5]]
    assert dataset.inputs.dtype == np.float64
    assert dataset.inputs.flags.c_contiguous
    assert dataset.target_kind == "numbers"


@pytest.mark.parametrize("kind", [polars.String, polars.Categorical, polars.Enum(["pear", "apple"])])
def test_text_and_categories_are_classes_sorted_by_name(kind):
    dataset = load(["kind"], x=[1.0, 2.0, 3.0], kind=polars.Series(["pear", "apple", "pear"], dtype=kind))
    assert dataset.target_kind == "classes"
    assert dataset.class_names == ("apple", "pear")
    assert dataset.targets.tolist() == [[1], [0], [1]]


@pytest.mark.parametrize("kind", [polars.String, polars.Categorical, polars.Enum(["pear", "apple"])])
def test_text_and_categories_are_inputs_where_wanted(kind):
    column = polars.Series(["pear", None, "apple"], dtype=kind)
    dataset = load(["y"], Handling("mean", "one_hot"), kind=column, y=[0.1, 0.2, 0.3])
    assert dataset.input_names == ("kind=apple", "kind=pear")
    assert np.array_equal(dataset.inputs, [[0, 1], [np.nan, np.nan], [1, 0]], equal_nan=True)


@pytest.mark.parametrize("number", [polars.UInt8, polars.Float32, polars.Boolean, polars.Decimal(10, 2)])
def test_any_kind_of_number_may_be_missing(number):
    column = polars.Series([1, None, 0]).cast(number)
    dataset = load(["y"], Handling("median"), x=column, y=[0.1, 0.2, 0.3])
    assert np.array_equal(dataset.inputs, [[1], [np.nan], [0]], equal_nan=True)


def test_text_that_looks_like_numbers_is_text():
    dataset = load(["y"], Handling(text="one_hot"), code=["2", "10"], y=[0.1, 0.2])
    assert dataset.input_names == ("code=10", "code=2")


# Older releases of polars cannot write such a file.
WRITES_LARGE_NUMBERS = Version(polars.__version__) >= Version("1.34")
LARGE_NUMBERS = pytest.param(polars.Int128, marks=pytest.mark.skipif(not WRITES_LARGE_NUMBERS, reason="old polars"))


@pytest.mark.parametrize("number", [polars.Int8, polars.UInt64, LARGE_NUMBERS, polars.Decimal(10, 2)])
def test_unusual_number_types_are_targets(number):
    dataset = load(["y"], x=[1.0, 2.0], y=polars.Series([3, 5]).cast(number))
    assert dataset.target_kind == "numbers"
    assert dataset.targets.tolist() == [[3], [5]]
