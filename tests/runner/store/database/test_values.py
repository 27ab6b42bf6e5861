"""Values and expressions that the two kinds of database would store or compute differently."""

import json
import math
import statistics

import pytest
import sqlalchemy as sa
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.database.dialects import mean, sortable
from fitgap.runner.store.database.values import finite, json_text, storable_text
from fitgap.runner.trial_status import Status
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite
from support.sampling import on_sqlite_per_commit

plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture
def engine(empty_database):
    made = connect(database_url(empty_database), read_only=False)
    yield made
    made.dispose()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_stored_as_null(value):
    assert finite(value) is None


def test_there_is_one_zero():
    assert math.copysign(1, finite(-0.0)) == 1


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_text_of_characters_is_stored_as_it_is(text):
    assert storable_text(text) == text


def test_text_that_no_database_holds_is_stored_with_question_marks(store, driver, make_plan):
    """Such as a file name that is not UTF-8, as Python represents it, or an error message that quotes bytes."""
    odd = "a\udcff b\0 ü"
    plan = make_plan(1, 1)
    plan.data_set.update(name=odd, input_names=[odd, odd])
    store.add_sweep(plan)
    driver.claim([1])
    driver.record(Block(None, (TrialEnd(1, Status.FAILED, reason=odd),)))
    row = store.show(1)
    assert (row["data"], row["reason"]) == ("a? b? ü", "a? b? ü")
    assert row["constant_columns"] == [odd]


@given(plain_json)
@example([math.inf, -0.0])
def test_json_is_that_of_the_standard_with_null_for_what_is_not_finite(value):
    def refuse(constant):
        raise ValueError(constant)

    read = json.loads(json_text(value), parse_constant=refuse)
    assert repr(read) == repr(with_null(value))


def with_null(value):
    """The same, computed through Python's own JSON, which writes NaN and Infinity as words."""
    return json.loads(json.dumps(value), parse_constant=lambda word: None)


def values_in(engine, values):
    """A table with these values in the column `value`."""
    table = sa.Table(
        "numbers",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("value", sa.Text if isinstance(values[0], str) else sa.Double),
    )
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(sa.insert(table), [{"value": value} for value in values])
    return table


@on_sqlite_per_commit
@pytest.mark.parametrize(
    "values",
    [[1.0, 2.0, 4.0], [1e200, 1.0], [1e-200, 1e-300], [5e307, 5e307, 7e307], [-1e160, 1e160, 3.0], [0.0], [None, 2.0]],
    ids=str,
)
def test_the_mean_is_that_of_the_numbers_that_are_there(values, engine):
    table = values_in(engine, values)
    with engine.connect() as connection:
        found = connection.execute(sa.select(mean(table.c.value))).scalar_one()
    expected = statistics.fmean(value for value in values if value is not None)
    assert found == pytest.approx(expected, rel=1e-15)


def test_the_mean_of_whole_numbers_is_a_double_and_of_nothing_is_null(engine):
    table = values_in(engine, [0.0])
    with engine.connect() as connection:
        query = sa.select(mean(table.c.id), mean(sa.case((table.c.id > 1, table.c.value))))
        assert connection.execute(query).one() == (1.0, None)


def test_text_is_sorted_as_python_sorts_it(engine):
    values = ["b", "a", "B", "A", "ä", "_", "10", "9", "-", "", "Z", "z", "α"]
    table = values_in(engine, values)
    with engine.connect() as connection:
        found = connection.execute(sa.select(table.c.value).order_by(sortable(table.c.value))).scalars().all()
    assert found == sorted(values)


def test_the_language_of_a_server_does_not_matter():
    """The server of these tests has none, so we check the collation in the text of the query."""
    text, number = sa.column("name", sa.Text), sa.column("number", sa.Double)
    query = sa.select(text).order_by(sortable(text), sortable(number).desc())
    assert str(query.compile(dialect=postgresql.dialect())).endswith('ORDER BY name COLLATE "C", number DESC')
    assert str(query.compile(dialect=sqlite.dialect())).endswith("ORDER BY name, number DESC")
