"""Share SQLAlchemy's compiled statements between engines.

A command makes one engine and ends, so its statements are compiled once. The tests make thousands of engines in one
process, and would spend a fifth of their time compiling the same statements for each of them.
"""

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

MOST_STATEMENTS = 5_000


def share_compiled_statements() -> None:
    """From now on, all engines for the same kind of database share their compiled statements."""
    shared = LRUCache(MOST_STATEMENTS)
    make = Engine.__init__

    def make_with_shared_statements(engine, *arguments, **options):
        make(engine, *arguments, **options)
        engine.update_execution_options(compiled_cache=shared)

    Engine.__init__ = make_with_shared_statements
    # The key of a compiled statement contains the dialect, and every engine has its own dialect object.
    DefaultDialect.__hash__ = lambda dialect: hash(kind_of(dialect))
    DefaultDialect.__eq__ = lambda dialect, other: kind_of(dialect) == kind_of(other)


def kind_of(dialect):
    """What compiled statements depend on. In fitgap, all other properties of a dialect are always the same."""
    return type(dialect), getattr(dialect, "_json_serializer", None), getattr(dialect, "_json_deserializer", None)
