"""The benchmark command prints rows that tools can read. No test checks speed."""

import json
import math
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fitgap.runner.recorded_epochs import always_recorded

from benchmarks.__main__ import main
from benchmarks.comparison import ROW_KEYS, Comparison, Figure, Row, Side, best_side, job
from benchmarks.images import CASES, flat_size
from benchmarks.interleaving import measure
from benchmarks.networks import ACTIVATIONS, OPTIMIZERS, networks
from benchmarks.ours.driving import planned_packs, prepared_sweep
from benchmarks.ours.image_pack import network_of
from benchmarks.ours.search_time import is_over, progress
from benchmarks.ours.simulated_cluster import pack_blocks
from benchmarks.peers import PEERS, peers_called
from benchmarks.peers.products import StepProducts
from benchmarks.processes import MeasurementError
from benchmarks.search_space import (
    BATCH_SIZES,
    DATA_FILE,
    RATES,
    WEIGHTS,
    WIDTHS,
    search_file,
    split_examples,
    write_examples,
)
from benchmarks.sweeps import grid_size, grid_sweep, large_sweep
from benchmarks.tables import TABLES, Settings

ROOT = Path(__file__).parents[2]
NUMBERS = ("ours", "theirs", "ratio", "target")


def run(*arguments):
    line = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def rows_of(*arguments):
    done = run(*arguments, "--json", "--quick")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_rows(rows, table):
    """Exactly the documented keys, positive and finite numbers, and ratios that match the two sides."""
    assert rows
    for row in rows:
        assert tuple(row) == ROW_KEYS
        assert row["table"] == table
        assert all(math.isfinite(row[key]) and row[key] > 0 for key in NUMBERS), row
        better = row["ours"] / row["theirs"] if row["unit"].endswith("/s") else row["theirs"] / row["ours"]
        assert row["ratio"] == better


@pytest.mark.nightly
def test_store_gives_rows():
    rows = rows_of("store", "--without", "optuna")
    assert_rows(rows, "store")
    assert {row["peer"] for row in rows} == {"target"}


@pytest.mark.nightly
def test_core_gives_rows_without_any_package_of_the_peers():
    rows = rows_of("core", "--without", "jax", "--without", "sklearn", "--without", "torch")
    assert_rows(rows, "core")
    assert {row["peer"] for row in rows} == {"alone", "itself"}


@pytest.mark.nightly
def test_the_bound_gives_rows():
    assert_rows(rows_of("bound"), "bound")


def test_the_flat_size_of_images_is_that_of_the_layers():
    """The peers are given the number of values before the dense layer; here it is computed from the layers."""
    for case in CASES.values():
        assert network_of(case).sizes[-3] == flat_size(case)


@pytest.mark.nightly
def test_the_grid_search_gives_rows():
    assert_rows(rows_of("grid-search"), "grid-search")


@pytest.mark.nightly
def test_query_gives_rows():
    """Each query, and the export, on a store that the benchmark makes itself."""
    rows = rows_of("query", "--without", "optuna")
    assert_rows(rows, "query")
    cases = ("top 20", "compare", "curves", "export", "export")
    assert [row["case"].startswith(case) for row, case in zip(rows, cases, strict=True)] == [True] * len(cases)


@pytest.mark.nightly
def test_scale_gives_rows():
    assert_rows(rows_of("scale"), "scale")


@pytest.mark.nightly
def test_cluster_gives_rows():
    rows = rows_of("cluster")
    assert_rows(rows, "cluster")
    assert {row["peer"] for row in rows} == {"workers", "target"}


@pytest.mark.nightly
def test_the_time_of_searches_gives_rows():
    rows = rows_of("search-time")
    assert_rows(rows, "search-time")
    assert {row["peer"] for row in rows} == {"optuna-scikit-learn", "optuna-pytorch", "ray-tune-pytorch"}


def test_the_searched_space_is_the_same_in_the_command(tmp_path):
    """The examples and the split are those of the peers, and the ranges are those of their samplers."""
    write_examples(tmp_path)
    text = search_file({"method": "random", "trials": 50}, {}, seed=1).replace(DATA_FILE, str(tmp_path / DATA_FILE))
    prepared = prepared_sweep(text)
    inputs, classes, validation_inputs, validation_classes = split_examples()
    (split,) = prepared.splits.values()
    np.testing.assert_array_equal(prepared.dataset.inputs[split.training].astype("float32"), inputs)
    np.testing.assert_array_equal(prepared.dataset.targets[split.validation, 0], validation_classes)
    assert len(validation_inputs) == 360 and len(np.unique(classes)) == 10
    for each in prepared.configurations:
        assert each.architecture[0] in WIDTHS and each.batch_size in BATCH_SIZES and each.epochs == 27
        assert WEIGHTS[0] <= each.regularizers[0].variant.weight <= WEIGHTS[1]
        assert RATES[0] <= each.optimizer.variant.rate <= RATES[1]


def test_a_search_is_timed_until_a_trial_is_good_enough(tmp_path):
    """The first ended trial with such an error counts; worse or unfinished trials do not."""
    folder, insert = str(tmp_path), "INSERT INTO trial VALUES (?, ?, ?, ?)"
    assert progress(folder, 0.5) == (math.inf, math.inf)
    with closing(sqlite3.connect(tmp_path / "sweep.db")) as connection, connection:
        connection.execute("CREATE TABLE trial (status, best_e_v, started, ended)")
        rows = [("completed", 0.6, 10, 11), ("running", 0.1, 10, None), ("pruned", 0.2, 11, 12)]
        connection.executemany(insert, rows)
    assert progress(folder, 0.5) == (math.inf, 10)
    assert is_over(folder, 0.5, limit=50) and not is_over(folder, 0.5, limit=math.inf)
    with closing(sqlite3.connect(tmp_path / "sweep.db")) as connection, connection:
        connection.executemany(insert, [("completed", 0.5, 11, 14), ("completed", 0.4, 12, 13)])
    assert progress(folder, 0.5) == (13, 10)
    assert is_over(folder, 0.5, limit=math.inf)


def test_what_was_broken_off_says_so():
    """Half of the runs reached the time limit; a result within the limit has no note."""
    assert Side(60.0, 3.0, 60.0, "median").within(60.0).note == "median: more than 60"
    assert Side(60.0, 3.0, 60.0).within(60.0).note == "more than 60"
    assert Side(59.0, 3.0, 60.0, "median").within(60.0).note == "median"


@pytest.mark.parametrize(("quick", "trials"), [(False, 108), (True, 18)])
def test_the_grid_is_as_large_as_it_says(quick, trials):
    assert grid_size(quick) == trials == prepared_sweep(grid_sweep(10, quick)).trial_count


def test_the_bound_consists_of_the_products_of_a_step():
    """Two products in the first layer, three in each other one; every member's result is the product of its own
    matrices.
    """
    steps = StepProducts((6, 5, 4, 3), size=8, examples=7)
    steps.compute()
    shapes = [each.out.shape for each in steps.products]
    of_members = [(7, 5), (5, 6), (7, 4), (4, 5), (7, 5), (7, 3), (3, 4), (7, 4)]
    assert [tuple(sorted(shape[2:])) for shape in shapes] == [tuple(sorted(shape)) for shape in of_members]
    assert {shape[:2] for shape in shapes} == {(4, 2)}
    for product in steps.products:
        left, right = (np.broadcast_to(each, (4, 2, *each.shape[2:])) for each in (product.left, product.right))
        expected = np.einsum("rkij,rkjl->rkil", left.astype(float), right.astype(float))
        np.testing.assert_allclose(product.out, expected, rtol=1e-4, atol=1e-4)


def test_a_simulated_pack_sends_what_a_real_one_would(tmp_path):
    """Each recorded epoch of every trial once, and the end and evidence of each trial, in blocks at increasing
    times.
    """
    for record in ("all", "every=7", "epochs=log"):
        (pack, *_) = planned_packs(prepared_sweep(large_sweep(80, "16", epochs=30, record=record)), workers=1)
        blocks = [make() for _, make in pack_blocks(pack, 0.0, np.linspace(0.2, 6.0, 30))]
        times = [when for when, _ in pack_blocks(pack, 0.0, np.linspace(0.2, 6.0, 30))]
        assert times == sorted(times) and len(times) > 5
        rows = [
            pair for block in blocks if block.rows for pair in zip(block.rows.trial_id, block.rows.epoch, strict=True)
        ]
        ends = {end.trial_id: end for block in blocks for end in block.ended}
        assert ends.keys() == set(pack.trials) == {each.trial_id for block in blocks for each in block.evidence}
        assert sorted(rows) == sorted(
            (trial, epoch)
            for trial, end in ends.items()
            for epoch in range(1, 31)
            if pack.recording.includes(epoch) or epoch in always_recorded(30, end.best_epoch)
        )
        assert sum(int(block.trained.count.sum()) for block in blocks) == 30 * len(pack.trials)


@pytest.mark.parametrize("arguments", [("speed",), ("core", "--without", "keras"), ("core", "--runs", "0")])
def test_wrong_arguments_are_refused(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    written = capsys.readouterr()
    assert written.out == "" and written.err.startswith("usage: python -m benchmarks")


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_planned_for_known_peers(name, quick, tmp_path):
    comparisons = TABLES[name].comparisons(Settings(quick, tmp_path))
    assert {comparison.peer for comparison in comparisons} <= PEERS.keys()
    assert len({(each.case, each.peer) for each in comparisons}) == len(comparisons)


def test_a_peer_is_called_by_its_own_name_or_by_its_module():
    assert peers_called("jax-tuned") == {"jax-tuned"}
    assert peers_called("jax") == {"jax", "jax-tuned"}
    assert peers_called("torch") == {
        "optuna-gp",
        "optuna-pytorch",
        "pytorch",
        "ray-tune-pytorch",
        "torch-pack",
        "torch-pack-compiled",
    }
    assert peers_called("keras") == set()


@pytest.mark.parametrize(("unit", "ratio"), [("s", 2.0), ("MB", 2.0), ("µs/step", 2.0), ("rows/s", 0.5)])
def test_a_ratio_above_one_is_better(unit, ratio):
    assert Row("t", "c", "p", Side(2, 1, 3), Side(4, 4, 4), unit, 1.0).ratio == ratio


@pytest.mark.parametrize(("unit", "note"), [("s", "K=8"), ("rows/s", "K=16")])
def test_the_best_alternative_counts_by_its_median(unit, note):
    eight, sixteen = (Figure(job("f", size=size), "value", f"K={size}") for size in (8, 16))
    assert best_side({eight: [1.0, 2.0, 9.0], sixteen: [0.5, 3.0, 3.5]}, unit).note == note


def test_jobs_take_turns_and_a_broken_peer_is_left_out(monkeypatch):
    ours, theirs, broken = (job(name) for name in ("ours", "theirs", "broken"))
    calls, told = [], []

    def pretend(job):
        calls.append(job)
        if job == broken:
            raise MeasurementError("no such thing")
        return {"value": float(len(calls))}

    monkeypatch.setattr("benchmarks.interleaving.run_job", pretend)
    comparisons = [
        Comparison("c", peer, (Figure(ours, "value"),), (Figure(each, "value"),), "s", 1.0)
        for peer, each in (("jax", theirs), ("pytorch", broken))
    ]
    (row,) = measure("core", comparisons, 2, told.append)
    assert calls == [ours, theirs, broken, ours, theirs]
    assert (row.peer, row.ours, row.theirs) == ("jax", Side(2.5, 1, 4), Side(3.5, 2, 5))
    assert any("left out" in line and "no such thing" in line for line in told)


@pytest.mark.parametrize("count", [8, 16, 24, 32])
def test_mixed_networks_have_every_kind_and_half_have_dropout(count):
    chosen = networks(count, mixed=True)
    assert {each.activation for each in chosen} == set(ACTIVATIONS)
    assert {each.optimizer for each in chosen} == set(OPTIMIZERS)
    assert sum(each.dropout for each in chosen) == count // 2
    assert [each.repeat for each in chosen] == sorted(count // 4 * list(range(4)))
