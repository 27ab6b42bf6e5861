"""Files too large for the memory of this machine or container are refused in one line, before they are read."""

import io

import numpy as np
import polars
import pytest
from fitgap.runner.data import bounds
from fitgap.runner.data.bounds import check_file_size, check_growth, check_memory, most_bytes, trial_error
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.unseen_inputs import inputs_from_table
from fitgap.runner.errors import DataError
from fitgap.runner.system.machine_memory import Memory
from support.data.loading import load_strictly

MEGABYTE = 2**20


@pytest.fixture
def memory(monkeypatch):
    """`memory(available, per_process)`: set the usable memory, in megabytes."""

    def put(available, per_process=float("inf")):
        found = Memory(available * MEGABYTE, 10**12, per_process * MEGABYTE)
        monkeypatch.setattr(bounds, "usable_memory", lambda: found)

    return put


def npz(rows):
    content = io.BytesIO()
    np.savez(content, inputs=np.ones((rows, 10)), targets=np.arange(float(rows)))
    return content.getvalue()


def parquet(rows):
    content = io.BytesIO()
    polars.DataFrame(
        {f"c{number}": np.random.default_rng(number).normal(size=rows) for number in range(10)}
    ).write_parquet(content)
    return content.getvalue()


def test_what_needs_more_memory_than_is_left_is_refused_with_both_numbers(memory):
    memory(100)
    check_memory("a.csv", 90 * MEGABYTE)
    with pytest.raises(DataError, match=r"a\.csv: the file needs 110 MB of memory, but only 100 MB are available; end"):
        check_memory("a.csv", 110 * MEGABYTE)


def test_the_limit_of_a_process_counts(memory):
    memory(1000, per_process=100)
    with pytest.raises(DataError, match="only 100 MB are available"):
        check_memory("a.csv", 110 * MEGABYTE)


def test_what_is_small_is_never_refused(memory):
    memory(1)
    check_memory("a.csv", 60 * MEGABYTE)


def test_a_file_larger_than_memory_is_refused_before_it_is_opened(memory):
    memory(100)
    with pytest.raises(DataError, match="needs 150 MB of memory"):
        check_file_size("a.csv", 150 * MEGABYTE)


def test_growth_is_bounded_by_the_size_of_the_file(memory):
    memory(10**5)
    check_growth("a.npz", 60 * MEGABYTE, 1)
    check_growth("a.npz", 199 * MEGABYTE, MEGABYTE)
    with pytest.raises(DataError, match=r"from 1,048,576 bytes to 201 MB when read.*numpy\.savez"):
        check_growth("a.npz", 201 * MEGABYTE, MEGABYTE)


def test_a_reader_on_trial_gets_no_more_than_there_is(memory):
    memory(100)
    assert most_bytes(10 * MEGABYTE) == 100 * MEGABYTE
    assert most_bytes(10) == 64 * MEGABYTE


@pytest.mark.parametrize(
    ("load", "make"),
    [
        (lambda content: load_strictly("a", content, ["b"], Handling()), lambda: b"a,b\n" + b"1,2\n" * (2 * 10**6)),
        (lambda content: load_strictly("a", content, (), Handling()), lambda: npz(10**6)),
        (lambda content: load_strictly("a", content, ["c1"], Handling()), lambda: parquet(10**6)),
    ],
    ids=["csv", "npz", "parquet"],
)
def test_every_kind_of_file_is_refused_where_memory_is_short(load, make, memory):
    content = make()
    memory(40)
    with pytest.raises(DataError, match=r"needs \d+ MB of memory, but only 40 MB are available"):
        load(content)


def test_categories_times_rows_are_counted_before_they_are_made(memory):
    text = b"a,b\n" + b"".join(b"k%d,1\n" % (number % 900) for number in range(20_000)) + b"k1,2\n"
    memory(200)
    with pytest.raises(DataError, match=r"needs 41[12] MB of memory"):
        load_strictly("a", text, ["b"], Handling(text="one_hot"))
    memory(1000)
    assert load_strictly("a", text, ["b"], Handling(text="one_hot")).inputs.shape == (20_001, 900)


def test_the_same_holds_for_unseen_examples(memory):
    from fitgap.runner.data.columns.raw_table import Table

    table = Table("a", polars.DataFrame({"a": ["x"] * 20_000}), str)
    names = [f"a=k{number}" for number in range(900)]
    memory(200)
    with pytest.raises(DataError, match=r"needs 41[12] MB of memory"):
        inputs_from_table(table, names, {"a": [name[2:] for name in names]}, Handling())


def test_a_reader_on_trial_that_runs_out_of_memory_is_told_by_its_cause(memory):
    memory(10**5)
    assert "would grow from 10 bytes to more than 64 MB" in str(trial_error("a.parquet", 10))
    memory(40)
    assert "takes more than the available 40 MB of memory; end other" in str(trial_error("a.parquet", 10))
