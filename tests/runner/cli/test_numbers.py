"""Numbers keep their bits from the worker to the commands' output, on both databases; the best is always finite."""

import csv
import io
import math
import struct

import numpy as np
import pytest
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.trial_status import Status
from support.sampling import on_sqlite_per_commit

MEASURED = ("e_t", "e_v", "e_t_running", "se_t", "se_v", "accuracy_t", "accuracy_v", "learning_rate")
FEW, MANY = 100_000, 1_000_000
SPECIAL = [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, math.nan, math.inf, -math.inf]


def random_doubles(count, seed=0):
    """Doubles with random bits: of all sizes, about one in 2048 denormal, as many not finite."""
    bits = np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)
    return bits.view(np.float64)


def bits(value):
    """The bytes of a double; None for None."""
    return None if value is None else struct.pack("<d", value)


def stored(value):
    """A number as a database stores it: NULL if it is not finite, and 0 for -0."""
    return value + 0.0 if math.isfinite(value) else None


@pytest.fixture(params=[FEW, pytest.param(MANY, marks=pytest.mark.nightly)])
def written(request, store, driver, make_plan, make_rows):
    """This many numbers, written as rows by a driver: columns by name."""
    store.add_sweep(make_plan(1, 1, name="numbers"))
    driver.claim([1])
    numbers = np.concatenate([SPECIAL * len(MEASURED), random_doubles(request.param)])
    columns = dict(zip(MEASURED, np.array_split(numbers, len(MEASURED)), strict=True))
    length = min(map(len, columns.values()))
    columns = {name: values[:length] for name, values in columns.items()}
    for start in range(0, length, 2_000):
        part = {name: values[start : start + 2_000] for name, values in columns.items()}
        count = len(part["e_t"])
        driver.record(Block(make_rows([1] * count, range(start + 1, start + count + 1), **part), ()))
    return columns


@on_sqlite_per_commit
def test_numbers_keep_their_bits_in_json_and_csv(written, database, invoke):
    expected = {name: [bits(stored(value)) for value in values.tolist()] for name, values in written.items()}
    assert sum(map(len, expected.values())) >= FEW
    rows = invoke("epochs", "1", "--db", database, "--format", "json").json
    assert {name: [bits(row[name]) for row in rows] for name in MEASURED} == expected
    table = list(csv.DictReader(io.StringIO(invoke("epochs", "1", "--db", database, "--format", "csv").out)))
    from_csv = {name: [bits(float(row[name]) if row[name] else None) for row in table] for name in MEASURED}
    assert from_csv == expected


def test_lists_are_sorted_as_the_numbers_are_and_the_best_is_finite(store, driver, make_plan, database, invoke):
    errors = [abs(value) for value in (*SPECIAL, *random_doubles(150, seed=1).tolist())]
    store.add_sweep(make_plan(len(errors), 1, name="errors"))
    driver.claim(range(1, len(errors) + 1))
    ends = [
        TrialEnd(number, Status.COMPLETED if math.isfinite(error) else Status.DIVERGED, e_v=error, best_e_v=error)
        for number, error in enumerate(errors, 1)
    ]
    driver.record(Block(None, tuple(ends)))
    finite = sorted(error for error in errors if math.isfinite(error))
    nothing = [None] * (len(errors) - len(finite))
    for key, expected in (("e_v", finite), ("-e_v", finite[::-1]), ("best_e_v", finite), ("-best_e_v", finite[::-1])):
        rows = invoke("trials", "errors", "--sort", key, "--db", database, "--format", "json").json
        assert [bits(row[key.removeprefix("-")]) for row in rows] == list(map(bits, expected)) + nothing
    groups = invoke("compare", "errors", "--by", "configuration", "--db", database, "--format", "json").json
    assert [bits(row["best_e_v"]) for row in groups] == list(map(bits, finite)) + nothing
