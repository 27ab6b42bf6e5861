"""Statements that SQLAlchemy has compiled for one engine and uses again for the next.

A command makes an engine and ends, so its statements are compiled once. The tests make thousands of engines in one
process, and would spend a fifth of their time on compiling the same statements for each of them.
"""

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

MOST_STATEMENTS = 5_000


def share_compiled_statements() -> None:
    """From now on, all engines with the same kind of database share what they have compiled."""
    shared = LRUCache(MOST_STATEMENTS)
    make = Engine.__init__

    def make_with_shared_statements(engine, *arguments, **options):
        make(engine, *arguments, **options)
        engine.update_execution_options(compiled_cache=shared)

    Engine.__init__ = make_with_shared_statements
    # A statement is found by its dialect, of which every engine has one of its own.
    DefaultDialect.__hash__ = lambda dialect: hash(kind_of(dialect))
    DefaultDialect.__eq__ = lambda dialect, other: kind_of(dialect) == kind_of(other)


def kind_of(dialect):
    """What the statements of a dialect depend on where, as in fitgap, all else is the same for each of its engines."""
    return type(dialect), getattr(dialect, "_json_serializer", None), getattr(dialect, "_json_deserializer", None)
