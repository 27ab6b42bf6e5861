"""Prepared examples in nameless files, which all processes of this machine share through memory mapping."""

import contextlib
import errno
import mmap
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.core.preprocessing import TABLES, Examples
from fitgap.runner.engine.worker.examples import MOST_BYTES, KeptRepeats, PreparedRepeats, RepeatKey
from fitgap.runner.errors import EngineError
from fitgap.runner.files.unnamed_files import nameless_file
from fitgap.runner.messages import PackTask

# Tables start at multiples of a cache line.
ALIGNMENT = 64


@dataclass(frozen=True)
class TablePlace:
    """The offset, shape and type of a table in a file."""

    offset: int
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class FileDescription:
    """What a reader needs to know about a file of examples: where the tables are, and all other fields."""

    places: Mapping[str, TablePlace]
    others: Mapping[str, Any]


class FileLimitError(EngineError):
    """This process has reached its limit of open files."""


class ExampleFile:
    """The examples of a repeat in a file. `examples` reads from this file, as all other processes do.

    Raises FileLimitError if no more files can be opened, EngineError if there is not enough memory.
    """

    def __init__(self, examples: Examples):
        tables = examples.tables
        others = {field.name: getattr(examples, field.name) for field in fields(examples) if field.name not in TABLES}
        self.is_closed = True
        try:
            self.descriptor = nameless_file("fitgap-examples")
            self.is_closed = False
            self.description = FileDescription(write_tables(self.descriptor, tables), others)
            self.examples = read_examples(self.descriptor, self.description)
        except OSError as error:
            self.close()
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise FileLimitError(
                    f"no file can be opened for the examples of a repeat ({error}); raise the limit: `ulimit -n 1024`"
                ) from error
            raise EngineError(
                f"not enough memory for the examples of a repeat, {examples.byte_count / 1e6:,.0f} MB ({error}); "
                "free some memory, or train on fewer examples"
            ) from error

    @property
    def byte_count(self) -> int:
        return self.examples.byte_count

    def close(self) -> None:
        """Close the file, so that it cannot be shared further. Processes that already read from it can continue."""
        if not self.is_closed:
            os.close(self.descriptor)
            self.is_closed = True


class SharedRepeats(KeptRepeats[ExampleFile]):
    """The examples of a data set, shared between this process and others on this machine."""

    def __init__(self, dataset: Dataset, most_bytes: int = MOST_BYTES):
        super().__init__(lambda key: ExampleFile(key.prepare(dataset)), ExampleFile.close, most_bytes)
        self.dataset = dataset


class ExamplesHere:
    """The examples for training in this process: shared, or in its own memory if no more files can be opened."""

    def __init__(self, shared: SharedRepeats):
        self.shared = shared
        self.own: PreparedRepeats | None = None

    def of_task(self, task: PackTask) -> dict[int, Examples]:
        if self.own is None:
            try:
                return {repeat: file.examples for repeat, file in self.shared.of_task(task).items()}
            except FileLimitError:
                self.shared.clear()
                self.own = PreparedRepeats(self.shared.dataset)
        return self.own.of_task(task)


def write_tables(descriptor: int, tables: Mapping[str, np.ndarray]) -> dict[str, TablePlace]:
    """Write tables to a file one after another; returns where they are. Raises OSError if memory is short."""
    places = {}
    with open(descriptor, "wb", closefd=False) as file:
        for name, table in tables.items():
            file.write(bytes(-file.tell() % ALIGNMENT))
            places[name] = TablePlace(file.tell(), table.shape, table.dtype.str)
            file.write(np.ascontiguousarray(table).data)
    return places


def read_examples(descriptor: int, description: FileDescription) -> Examples:
    """The examples in a file, read-only and without a copy."""
    memory = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    tables: dict[str, Any] = {
        name: np.frombuffer(memory, place.dtype, int(np.prod(place.shape)), place.offset).reshape(place.shape)
        for name, place in description.places.items()
    }
    return Examples(**tables, **description.others)


@dataclass(frozen=True)
class ExamplesSent:
    """Announces that the file with the examples of a repeat comes next."""

    key: RepeatKey
    description: FileDescription


@dataclass(frozen=True)
class ExamplesForgotten:
    """Announces that the examples of these repeats are no longer needed."""

    keys: frozenset[RepeatKey]


def send_examples(connection: Connection, key: RepeatKey, file: ExampleFile) -> None:
    """Send a file to the process on the other side. Raises OSError if it is gone."""
    connection.send(ExamplesSent(key, file.description))
    with as_socket(connection) as ours:
        socket.send_fds(ours, [b"f"], [file.descriptor])


@contextlib.contextmanager
def as_socket(connection: Connection) -> Iterator[socket.socket]:
    """The socket behind a connection, without another file descriptor."""
    borrowed = socket.socket(fileno=connection.fileno())
    try:
        yield borrowed
    finally:
        borrowed.detach()


def receive_examples(connection: Connection, sent: ExamplesSent) -> Examples:
    """The examples that were announced."""
    with as_socket(connection) as ours:
        _, (descriptor,), _, _ = socket.recv_fds(ours, 1, 1)
    try:
        return read_examples(descriptor, sent.description)
    finally:
        os.close(descriptor)
