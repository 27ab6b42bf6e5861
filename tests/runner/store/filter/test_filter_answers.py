"""Filters select the same trials as a reference in plain Python, in both databases; their text never reaches SQL."""

import contextlib
import random
import time

import pytest
import sqlalchemy as sa
from fitgap.runner.errors import FilterError
from fitgap.runner.store import open_store
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.filter import filter_expression
from fitgap.runner.store.schema import tables
from hypothesis import given
from hypothesis import strategies as st
from support.filter.filter_reference import holds
from support.filter.filter_stores import fill
from support.filter.random_filters import random_condition, random_test, written
from support.profiles import share_of_examples
from support.sampling import on_sqlite_per_commit

AT_ONCE = 25
# The number of random filters for each kind of database.
FILTERS, NIGHTLY_FILTERS = 200, 25_000
# The maximum CPU time for translating one filter.
MOST_MILLISECONDS = 50.0
# A database query takes longer than most Hypothesis examples of other tests.
slow_databases = share_of_examples(0.4)


class Filled:
    """A filled store: a connection, the number of its sweep, and its rows for the reference."""

    def __init__(self, connection, sweep_id, rows):
        self.connection, self.sweep_id, self.rows = connection, sweep_id, rows

    def answers(self, expressions):
        """For each trial, in order: whether each of the filters holds, with None for unknown."""
        trial, configuration = tables.trial, tables.configuration
        query = (
            sa.select(*(expression.label(f"answer_{number}") for number, expression in enumerate(expressions)))
            .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
            .where(trial.c.sweep_id == self.sweep_id)
            .order_by(trial.c.id)
        )
        return [[None if each is None else bool(each) for each in row] for row in self.connection.execute(query)]

    def expected(self, condition):
        return [holds(condition, row) for row in self.rows]


@pytest.fixture
def filled(database, make_plan, make_configuration):
    sweep_id, rows = fill(database, make_plan, make_configuration)
    engine = connect(database_url(database), read_only=True)
    with engine.connect() as connection:
        yield Filled(connection, sweep_id, rows)
    engine.dispose()


def translated(condition, rng):
    """The text of a condition and its expression, which is None if its numbers could leave the range of doubles."""
    text = written(condition, rng)
    try:
        return text, filter_expression(text)
    except FilterError as error:
        assert "too large or too small" in str(error), text
        return text, None


def milliseconds_of(text):
    """The CPU time that translating a filter takes, in milliseconds: the minimum of three runs.

    The minimum excludes garbage collection, which takes seconds in a process with as many objects as this one.
    """

    def once():
        began = time.process_time()
        with contextlib.suppress(FilterError):
            filter_expression(text)
        return 1e3 * (time.process_time() - began)

    return min(once() for _ in range(3))


def check_many(filled, count, seed):
    """Compare random filters with the reference, several in one query; returns their texts."""
    rng = random.Random(seed)
    done = undecided = 0
    texts = []
    while done < count:
        asked = [(condition, *translated(condition, rng)) for condition in several_conditions(rng)]
        texts += [text for _, text, _ in asked]
        asked = [each for each in asked if each[2] is not None]
        found = filled.answers([expression for _, _, expression in asked])
        for position, (condition, text, _) in enumerate(asked):
            expected = filled.expected(condition)
            assert [row[position] for row in found] == expected, text
            undecided += len(set(expected)) == 1
        done += len(asked)
    # Most filters accept some trials and reject others, so few agree with the reference by chance.
    assert undecided < done * 0.7
    return texts


def several_conditions(rng):
    return [random_condition(rng) for _ in range(AT_ONCE)]


def test_hundreds_of_random_filters_leave_what_the_reference_says(filled):
    check_many(filled, FILTERS, seed=1)


@pytest.mark.nightly
def test_tens_of_thousands_of_random_filters_leave_what_the_reference_says(filled, database_kind):
    seed = random.randrange(2**32)
    print(f"{database_kind}: seed {seed}")
    texts = check_many(filled, NIGHTLY_FILTERS, seed)
    times = sorted((milliseconds_of(text), text) for text in texts)
    (middle, _), (last, slowest) = times[len(times) // 2], times[-1]
    print(f"{database_kind}: {len(times)} filters, {middle:.1f} ms in the middle, {last:.1f} ms the slowest: {slowest}")
    assert last < MOST_MILLISECONDS


@given(rng=st.randoms(use_true_random=False))
@slow_databases
def test_a_filter_leaves_what_the_reference_says(rng, filled):
    """The same with Hypothesis, which shrinks filters that give a wrong answer."""
    condition = random_condition(rng, depth=1)
    text, expression = translated(condition, rng)
    if expression is not None:
        assert [answer for (answer,) in filled.answers([expression])] == filled.expected(condition), text


@given(rng=st.randoms(use_true_random=False))
@slow_databases
def test_trials_are_those_for_which_a_filter_holds(rng, filled, database):
    """Trials for which the filter is false or unknown are left out."""
    condition = random_test(rng)
    text, expression = translated(condition, rng)
    if expression is None:
        return
    with open_store(database) as store:
        found = store.trials(filled.sweep_id, where=text)
        assert store.count_trials(filled.sweep_id, text) == len(found)
    assert [row["trial"] for row in found] == [row["id"] for row in filled.rows if holds(condition, row)]


def halved(part):
    """The same condition with other numbers in it."""
    if part[0] == "number":
        return ("number", part[1] / 2)
    return tuple(halved(each) if isinstance(each, tuple) and isinstance(each[0], str) else each for each in part)


@given(seed=st.integers(0, 10**9))
@slow_databases
def test_the_statement_is_the_same_whatever_the_numbers_are(seed, filled):
    """So the text of the statement contains none of the numbers."""
    condition = random_condition(random.Random(seed))
    expressions = [translated(each, random.Random(seed))[1] for each in (condition, halved(condition))]
    if all(each is not None for each in expressions):
        one, other = (str(expression.compile(filled.connection)) for expression in expressions)
        assert one == other


INJECTIONS = (
    "'; DROP TABLE trial; --",
    "' OR '1'='1",
    '" OR ""="',
    "x'; DELETE FROM epoch; /*",
    "1; UPDATE trial SET note = 'x'",
    "') UNION SELECT specification FROM sweep --",
    "\\'; DROP TABLE trial; --",
    "%27; DROP TABLE trial; --",
    "$$; DROP TABLE trial; $$",
    "%(param_9)s",
    ":param_9",
    "{0}",
    "E'\\047'",
    "' || (SELECT name FROM sweep) || '",
    "; ATTACH DATABASE 'x' AS y; --",
    "'; COPY trial TO PROGRAM 'true'; --",
    "__import__('os').system('true')",
    "note.id",
    "0x31",
    "/**/OR/**/1=1",
    "ʼ OR 1=1",
    "－－",
)


@on_sqlite_per_commit
@pytest.mark.parametrize("evil", INJECTIONS)
def test_evil_text_in_quotes_is_only_text(evil, filled):
    """It matches exactly the notes that equal this text, and no statement contains it."""
    quoted = "'" + evil.replace("'", "''") + "'"
    for text in (f"note == {quoted}", f"note in ({quoted}, 'x')", f"note like {quoted}", f"{quoted} in tags"):
        assert evil not in str(filter_expression(text).compile(filled.connection))
    equal = filled.answers([filter_expression(f"note == {quoted}")])
    assert [answer is True for (answer,) in equal] == [row["note"] == evil for row in filled.rows]
    count = sa.select(sa.func.count()).select_from(tables.trial)
    assert filled.connection.execute(count).scalar_one() == len(filled.rows)


@pytest.mark.parametrize("evil", INJECTIONS)
def test_evil_text_that_is_no_filter_is_refused(evil):
    for text in (evil, f"e_v < {evil}", f"e_v {evil} 1", f"note == '{evil}", f"{evil} == 1", f"e_v < 1 {evil}"):
        with pytest.raises(FilterError):
            filter_expression(text)
