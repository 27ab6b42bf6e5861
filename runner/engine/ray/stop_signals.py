"""Signals that ask packs in training to leave: files in a shared folder, or an actor on a cluster."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

# Returns whether a pack should leave. It is sent to the worker, which calls it after every epoch.
ShouldLeave = Callable[[], bool]
# Minimum seconds between checks for an answer of the actor; epochs may be shorter.
CHECK_SECONDS = 0.05
# Every worker process has one open call to the actor.
MOST_WORKERS = 100_000


class StopSignals(Protocol):
    """The driver's side of the signals."""

    def for_pack(self, number: int) -> ShouldLeave:
        """The check that the worker of a pack calls."""

    def ask_to_leave(self, number: int) -> None:
        """Ask a pack to leave after its epoch."""

    def ask_all_to_leave(self) -> None:
        """Ask all packs to leave after their epoch. May be called from a signal handler."""

    def forget(self, number: int) -> None:
        """Drop the signal of a pack that has ended."""

    def flush(self) -> None:
        """Send pending signals; called regularly outside of signal handlers."""


class FileSignals:
    """Signals as files: a file exists once its pack, or all packs, should leave."""

    def __init__(self, folder: Path):
        self.folder = folder

    def for_pack(self, number: int) -> ShouldLeave:
        return LeaveByFile(self._file(number), self.folder / "stop")

    def _file(self, number: int) -> Path:
        return self.folder / f"leave-{number}"

    def ask_to_leave(self, number: int) -> None:
        self._file(number).touch()

    def ask_all_to_leave(self) -> None:
        (self.folder / "stop").touch()

    def forget(self, number: int) -> None:
        self._file(number).unlink(missing_ok=True)

    def flush(self) -> None:
        pass


@dataclass(frozen=True)
class LeaveByFile:
    """Returns whether the file of the pack or the file for all packs exists."""

    own: Path
    of_all: Path

    def __call__(self) -> bool:
        return self.own.exists() or self.of_all.exists()


class BoardSignals:
    """Signals through an actor on the driver's node, which workers on any node can call."""

    def __init__(self) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        options: Any = {"num_cpus": 0, "max_concurrency": MOST_WORKERS, "scheduling_strategy": here}
        self.board: Any = ray.remote(**options)(Board).remote()
        self.leaving: set[int] = set()
        self.are_all_leaving = self.has_news = False

    def for_pack(self, number: int) -> ShouldLeave:
        return LeaveByBoard(self.board, number)

    def ask_to_leave(self, number: int) -> None:
        self.leaving.add(number)
        self.has_news = True

    def ask_all_to_leave(self) -> None:
        self.are_all_leaving = self.has_news = True

    def forget(self, number: int) -> None:
        self.leaving.discard(number)

    def flush(self) -> None:
        if self.has_news:
            self.has_news = False
            self.board.publish.remote(frozenset(self.leaving), self.are_all_leaving)


class Board:
    """The actor: stores which packs should leave, and answers calls once there is something new."""

    def __init__(self) -> None:
        self.number = 0
        self.leaving: frozenset[int] = frozenset()
        self.are_all_leaving = False
        self.changed = asyncio.Event()

    async def publish(self, leaving: frozenset[int], are_all_leaving: bool) -> None:
        """Replace the stored signals."""
        self.number += 1
        self.leaving, self.are_all_leaving = leaving, are_all_leaving
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    async def newer_than(self, number: int) -> tuple[int, frozenset[int], bool]:
        """The signals, once newer than version `number`: version, packs that should leave, whether all should."""
        while self.number <= number:
            await self.changed.wait()
        return self.number, self.leaving, self.are_all_leaving


@dataclass(frozen=True)
class LeaveByBoard:
    """Returns whether the board asks this pack or all packs to leave."""

    board: Any
    pack: int

    def __call__(self) -> bool:
        return reader_of(self.board).asks(self.pack)


class BoardReader:
    """A worker process's view of a board: one open call, whose answer is checked from time to time."""

    def __init__(self, board: Any):
        self.board = board
        self.leaving: frozenset[int] = frozenset()
        self.are_all_leaving = False
        self.answer = board.newer_than.remote(0)
        self.checked_at = 0.0

    def asks(self, pack: int) -> bool:
        """Whether a pack should leave."""
        if time.monotonic() - self.checked_at >= CHECK_SECONDS:
            self._refresh()
        return self.are_all_leaving or pack in self.leaving

    def _refresh(self) -> None:
        import ray

        self.checked_at = time.monotonic()
        if ray.wait([self.answer], timeout=0)[0]:
            # If the board is gone, so is the driver, and the error rightly ends the pack.
            number, self.leaving, self.are_all_leaving = ray.get(self.answer)
            self.answer = self.board.newer_than.remote(number)


readers: dict[str, BoardReader] = {}


def reader_of(board: Any) -> BoardReader:
    """This process's reader of a board."""
    key = board._actor_id.hex()
    if key not in readers:
        readers[key] = BoardReader(board)
    return readers[key]
