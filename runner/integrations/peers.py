"""Common parts of the integrations: importing the peer's package, its target address, its errors as one line."""

import contextlib
import importlib
import logging
import os
from collections.abc import Collection, Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Any

from fitgap.runner.errors import IntegrationError, StoreError
from fitgap.runner.store.database.addresses import POSTGRESQL_NAMES, database_url, is_file
from fitgap.runner.store.schema.version import tables_of_file
from fitgap.runner.system.passwords import revealed, secret_spans
from packaging.requirements import Requirement

# MLflow sends telemetry unless it is switched off.
SILENCE = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


@contextlib.contextmanager
def without_telemetry() -> Iterator[None]:
    """Switch off the peer's telemetry, unless the user has set it; the environment is restored afterwards."""
    added = {name: value for name, value in SILENCE.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def import_peer(package: str, extra: str) -> Any:
    """The package of a peer. Raises IntegrationError with the command that installs it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        missing = error.name or package
        raise IntegrationError(
            f"this needs the package {missing}, which is not installed; run: pip install '{requirement_of(extra)}'"
        ) from None


def requirement_of(extra: str) -> str:
    """The requirement of an extra, such as `optuna<6,>=4`. `fitgap[optuna]` may not be on the user's package index."""
    requirements = map(Requirement, requires("fitgap") or ())
    # Markers may also depend on the version of Python.
    found = next(
        each
        for each in requirements
        if each.marker and each.marker.evaluate({"extra": extra}) and not each.marker.evaluate({"extra": ""})
    )
    return f"{found.name}{found.specifier}"


def peer_address(given: str, database: str | None, tables: Collection[str] = ()) -> str:
    """The address to which a peer writes, in its own form; a plain path is an SQLite file.

    Raises IntegrationError for our own database, which would get the peer's tables, and for a file of another program:
    one without `tables`.
    """
    text = revealed(given)
    scheme, has_scheme, _ = text.partition("://")
    if has_scheme and scheme not in ("sqlite", *POSTGRESQL_NAMES):
        return text
    url = database_url(text)
    if same_database(url, database_url(database)):
        raise IntegrationError("this is fitgap's own database; name another file or database to send to")
    if is_file(url):
        # MLflow caches databases by their address, even after a change of the current folder.
        url = url.set(database=os.path.abspath(str(url.database)))
        refuse_others_file(Path(str(url.database)), tables)
    return url.render_as_string(hide_password=False)


def refuse_others_file(path: Path, tables: Collection[str]) -> None:
    """Raise IntegrationError for a file of another program: not an SQLite database, or without the peer's tables."""
    try:
        found = tables_of_file(path)
    except StoreError as error:
        raise IntegrationError(
            f"{path} is not an SQLite database that can be read; name another file to send to"
        ) from error
    if found and not found.issuperset(tables):
        some = ", ".join(sorted(found)[:3])
        raise IntegrationError(f"{path} belongs to another program: it contains {some}; name another file to send to")


def same_database(one: Any, other: Any) -> bool:
    if is_file(one) and is_file(other):
        return os.path.realpath(one.database) == os.path.realpath(other.database)
    return bool(one == other)


@contextlib.contextmanager
def peer_errors_in_one_line(peer: str, address: str) -> Iterator[None]:
    """Turn any error of a peer into an IntegrationError: one line, without the passwords in the address."""
    try:
        yield
    except IntegrationError:
        raise
    except Exception as error:
        text = str(error).strip() or type(error).__name__
        for start, end in secret_spans(address):
            text = text.replace(address[start:end], "***")
        raise IntegrationError(f"{peer} cannot write there: {' '.join(text.split())[:300]}") from error


@contextlib.contextmanager
def only_warnings(*loggers: str) -> Iterator[None]:
    """Silence the messages of these loggers below warnings, such as those about tables and migrations."""
    before = {name: logging.getLogger(name).level for name in loggers}
    for name in loggers:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
