"""StoreReader as data frames: the same values as the rows of the commands, with the same types even without rows."""

import subprocess
import sys
from datetime import UTC, datetime

import fitgap
import polars as pl
import pytest
from fitgap import FitgapError, open_store
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.diagnosis import diagnose_sweep
from fitgap.runner.messages import Block
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.trial_status import Status
from support.sampling import on_sqlite_per_commit


@pytest.fixture
def trained(trained_database):
    """The small trained sweep, as frames."""
    with open_store(str(trained_database)) as store:
        yield store


@pytest.fixture
def rows(trained_database):
    """The same store, as rows."""
    with open_rows(str(trained_database)) as store:
        yield store


def plain(frame):
    """The rows of a frame as the store returns them, with times in seconds."""
    return [
        {key: value.timestamp() if isinstance(value, datetime) else value for key, value in row.items()}
        for row in frame.to_dicts()
    ]


def test_frames_hold_what_the_rows_hold(trained, rows):
    assert plain(trained.trials("small")) == rows.trials("small")
    assert plain(trained.trials(1, sort="-best_e_v", limit=3)) == rows.trials("small", sort="-best_e_v", limit=3)
    assert plain(trained.epochs("small")) == rows.sweep_epochs("small")
    assert plain(trained.epochs([3, 1])) == rows.epochs([1, 3]) and plain(trained.epochs(2)) == rows.epochs([2])
    assert plain(trained.compare("small", "activation")) == rows.compare("small", ["activation"])
    (sweep,), (expected,) = plain(trained.sweeps()), rows.sweeps()
    assert sweep.pop("created") == pytest.approx(expected.pop("created"), abs=1e-6) and sweep == expected


def test_filters_and_columns_are_those_of_the_store(trained, rows):
    where, columns = "e_v < 2 and optimizer.name == 'adam'", ["trial", "optimizer.rate", "activation"]
    found = trained.trials("small", where=where, columns=columns, sort="activation,-trial")
    assert found.columns == columns and 0 < found.height < trained.trials("small").height
    assert plain(found) == rows.trials("small", where=where, columns=columns, sort="activation,-trial")
    nothing = trained.trials("small", where="e_v < 0", columns=columns)
    assert nothing.is_empty() and nothing.schema == found.schema
    flags = trained.trials("small", columns=["regularizer.l2.biases", "schedule.warm_up"])
    assert flags.dtypes == [pl.Boolean, pl.Float64] and set(flags["regularizer.l2.biases"]) == {None, False}
    chosen = [row["trial"] for row in rows.trials("small", where=where)]
    assert plain(trained.epochs("small", where=where)) == rows.epochs(chosen)


def test_shares_and_causes_are_those_of_the_commands(trained, rows):
    shares = trained.importance("small", ["e_v", "underfit"])
    assert plain(shares) == rows.importance("small", ["e_v", "underfit"])
    worst = [row for each in diagnose_sweep(rows, "small")["troubles"] for row in each["worst"]]
    causes = trained.diagnose("small")
    assert set(causes["trial"]) == {row["trial"] for row in worst}
    assert causes["cause"].drop_nulls().to_list() == [each["cause"] for row in worst for each in row["causes"]]
    number = worst[0]["trial"]
    assert trained.diagnose(number).schema == causes.schema and set(trained.diagnose(number)["trial"]) == {number}


def test_layers_are_those_of_the_command(trained, rows):
    assert plain(trained.layers("small")) == rows.layers("small")
    assert plain(trained.layers(1)) == rows.layers(1)


def test_times_statuses_and_verdicts_have_types_of_their_own(trained):
    (created,) = trained.sweeps()["created"]
    assert created.tzinfo is not None and abs((datetime.now(UTC) - created).total_seconds()) < 86_400
    status = trained.trials("small")["status"]
    assert status.dtype == pl.Enum([each.value for each in Status])
    assert trained.trials("small").schema["verdict"] == pl.Enum([each.value for each in Verdict])


def test_what_did_not_become_a_number_is_null(trained):
    diverged = trained.trials("small").filter(pl.col("status") == "diverged")
    assert diverged.height and diverged["e_v"].null_count() == diverged.height
    assert not trained.epochs("small").select(pl.col(pl.Float64).is_nan().any()).row(0).count(True)


def test_one_trial_is_one_row_with_structs(trained, rows):
    shown = trained.show(1)
    assert shown.height == 1
    assert shown.item(0, "settings")["batch_size"] == rows.show(1)["settings"]["batch_size"]
    assert shown.schema["started"] == pl.Datetime("us", "UTC")


@on_sqlite_per_commit
def test_an_empty_answer_has_the_same_columns_and_types(trained, store, database, make_plan):
    with open_store(database) as nothing:
        assert nothing.sweeps().schema == trained.sweeps().schema and nothing.sweeps().is_empty()
        store.add_sweep(make_plan(1, 1, name="bare"))
        store.add_sweep(make_plan(1, 1, name="waiting"))
        store.delete(["1"])
        for ask in (
            lambda each, name: each.trials(name),
            lambda each, name: each.compare(name, "activation"),
            lambda each, name: each.compare(name, ["activation", "optimizer"], of="gap"),
        ):
            assert ask(nothing, "bare").is_empty()
            assert ask(nothing, "bare").schema == ask(nothing, "waiting").schema == ask(trained, "small").schema
        assert nothing.diagnose("waiting").schema == trained.diagnose("small").schema
        assert nothing.importance("waiting").schema == trained.importance("small").schema
        assert nothing.layers("waiting").schema == trained.layers("small").schema
        for nobody in ("waiting", [], 2):
            assert nothing.epochs(nobody).schema == trained.epochs("small").schema


def test_means_of_whole_numbers_are_no_whole_numbers(store, database, driver, make_plan, end_trial):
    store.add_sweep(make_plan(1, 2, name="two"))
    for trial, best in ((1, 1), (2, 2)):
        end_trial(driver, trial, epochs=2, best_epoch=best, best_e_v=0.5)
    with open_store(database) as frames:
        assert frames.compare("two", "activation")["best_epoch"].to_list() == [1.5]


def test_order_is_kept_from_python_too(store, database, driver, make_plan, make_rows):
    store.add_sweep(make_plan(2, 2, name="one"))
    driver.claim([1])
    driver.record(Block(make_rows([1], [1]), ()))
    with open_store(database) as frames:
        frames.tag("one", "a", "b")
        frames.tag([1, 2], "odd")
        frames.untag(1, "odd")
        frames.note(2, "look")
        frames.rename(1, "first")
        assert frames.labels("first")["tags"].to_list() == [["a", "b"]]
        assert frames.labels([1, 2]).rows() == [(1, [], None), (2, ["odd"], "look")]
        with pytest.raises(FitgapError, match="is training"):
            frames.delete("first")
        assert frames.delete([3, 4]).trials == 2
        assert frames.trials("first")["trial"].to_list() == [1, 2]


def test_errors_are_those_of_the_commands(trained):
    for ask in (
        lambda: trained.trials("smal"),
        lambda: trained.show(10**9),
        lambda: trained.compare("small", "activaton"),
        lambda: open_store("missing.db"),
    ):
        with pytest.raises(FitgapError) as refused:
            ask()
        assert "\n" not in str(refused.value)


def test_the_package_itself_loads_nothing():
    line = "import fitgap, sys; print(sorted({'numpy', 'polars', 'ray', 'sqlalchemy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert set(fitgap.__all__) <= set(dir(fitgap))
    with pytest.raises(AttributeError, match="no attribute 'opn_store'"):
        fitgap.opn_store  # noqa: B018


@pytest.mark.parametrize("limit", [-1, "3", 2.5])
def test_a_limit_that_cannot_be_is_one_line(limit, trained):
    with pytest.raises(FitgapError, match="limit must be a whole number from 0"):
        trained.trials("small", limit=limit)


def test_charts_are_altair_objects_that_notebooks_display(trained, trained_database):
    import altair as alt
    from fitgap import SweepFrames

    chart = trained.plot("heat", "small", by=["architecture", "optimizer"], theme="dark")
    assert isinstance(chart, alt.LayerChart) and "text/html" in chart._repr_mimebundle_()
    assert isinstance(trained.plot("curves", 1), alt.ConcatChart)
    assert isinstance(SweepFrames("small", str(trained_database)).plot("capacity", by="activation"), alt.LayerChart)
    with pytest.raises(FitgapError, match="there is no chart 'pie'"):
        trained.plot("pie", "small")
