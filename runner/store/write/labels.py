"""Tags and notes on sweeps and trials, the names of sweeps, and their results on test examples."""

from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.runner.errors import LabelError
from fitgap.runner.names import checked_note, checked_sweep_name, checked_tag
from fitgap.runner.store.read.lookups import Row, fetch, find_sweep
from fitgap.runner.store.schema.tables import sweep
from fitgap.runner.store.schema.tags import tags_of_sweep, tags_of_trial
from fitgap.runner.store.write.selection import Chosen
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError


def labels(connection: Connection, chosen: Chosen) -> list[Row]:
    """The tags and the note of each chosen sweep or trial."""
    table = chosen.table
    number = table.c.id.label("sweep" if chosen.are_sweeps else "trial")
    name = [sweep.c.name] if chosen.are_sweeps else []
    tags = (tags_of_sweep if chosen.are_sweeps else tags_of_trial).label("tags")
    query = sa.select(number, *name, tags, table.c.note).where(table.c.id.in_(chosen.numbers))
    return fetch(connection, query.order_by(table.c.id))


def add_tags(connection: Connection, chosen: Chosen, tags: Sequence[str]) -> None:
    """Add these tags to each sweep or trial; existing tags are kept. Raises LabelError."""
    remove_tags(connection, chosen, tags)
    rows = [{chosen.tag_owner.name: each, "tag": tag} for each in chosen.numbers for tag in checked_tags(tags)]
    connection.execute(sa.insert(chosen.tag_table), rows)


def remove_tags(connection: Connection, chosen: Chosen, tags: Sequence[str]) -> int:
    """Remove these tags from each sweep or trial; returns how many were removed. Raises LabelError."""
    here = sa.and_(chosen.tag_owner.in_(chosen.numbers), chosen.tag_table.c.tag.in_(checked_tags(tags)))
    return connection.execute(sa.delete(chosen.tag_table).where(here)).rowcount


def checked_tags(tags: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(map(checked_tag, tags)))


def write_note(connection: Connection, chosen: Chosen, text: str) -> None:
    """Replace the note of each sweep or trial; an empty text removes it. Raises LabelError."""
    change = sa.update(chosen.table).where(chosen.table.c.id.in_(chosen.numbers))
    connection.execute(change.values(note=checked_note(text) or None))


def keep_test_result(connection: Connection, sweep_id: int, result: Row) -> None:
    """Store the result of a sweep on its test examples, unless one is stored already."""
    is_new = sa.and_(sweep.c.id == sweep_id, sweep.c.test_result.is_(None))
    connection.execute(sa.update(sweep).where(is_new).values(test_result=result))


def rename_sweep(connection: Connection, name_or_number: str, name: str) -> str:
    """Rename a sweep; returns the old name. LabelError if the new name is taken or invalid."""
    found = find_sweep(connection, name_or_number)
    change = sa.update(sweep).where(sweep.c.id == found["id"]).values(name=checked_sweep_name(name))
    try:
        connection.execute(change)
    except IntegrityError:
        raise LabelError(f"a sweep {name!r} already exists; choose another name") from None
    return str(found["name"])
