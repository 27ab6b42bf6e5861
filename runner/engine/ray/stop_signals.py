"""How packs in training are asked to leave: by files in a folder that all workers see, or by an actor on a cluster."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

# Whether a pack is asked to leave; goes to its worker, and is called there after every epoch.
Asked = Callable[[], bool]
# A worker looks so often whether the actor has answered; epochs may be shorter.
LOOK_SECONDS = 0.05
# Every worker process has a question open at the actor.
MOST_WORKERS = 100_000


class StopSignals(Protocol):
    """The driver's side."""

    def for_pack(self, number: int) -> Asked:
        """What the worker of a pack asks."""

    def ask_to_leave(self, number: int) -> None:
        """Let a pack leave after its epoch."""

    def ask_all_to_leave(self) -> None:
        """Let all leave after their epoch. Called from within a signal handler."""

    def forget(self, number: int) -> None:
        """A pack has ended."""

    def pass_on(self) -> None:
        """Called again and again outside of signal handlers."""


class FileSignals:
    """Files that exist as soon as somebody is to leave."""

    def __init__(self, folder: Path):
        self.folder = folder

    def for_pack(self, number: int) -> Asked:
        return AskedByFile(self._file(number), self.folder / "stop")

    def _file(self, number: int) -> Path:
        return self.folder / f"leave-{number}"

    def ask_to_leave(self, number: int) -> None:
        self._file(number).touch()

    def ask_all_to_leave(self) -> None:
        (self.folder / "stop").touch()

    def forget(self, number: int) -> None:
        self._file(number).unlink(missing_ok=True)

    def pass_on(self) -> None:
        pass


@dataclass(frozen=True)
class AskedByFile:
    """Whether one of two files exists: that of the pack, or that of all."""

    own: Path
    of_all: Path

    def __call__(self) -> bool:
        return self.own.exists() or self.of_all.exists()


class BoardSignals:
    """What an actor on the driver's node tells workers on any node."""

    def __init__(self) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        options: Any = {"num_cpus": 0, "max_concurrency": MOST_WORKERS, "scheduling_strategy": here}
        self.board: Any = ray.remote(**options)(Board).remote()
        self.leaving: set[int] = set()
        self.are_all_leaving = self.has_news = False

    def for_pack(self, number: int) -> Asked:
        return AskedByBoard(self.board, number)

    def ask_to_leave(self, number: int) -> None:
        self.leaving.add(number)
        self.has_news = True

    def ask_all_to_leave(self) -> None:
        self.are_all_leaving = self.has_news = True

    def forget(self, number: int) -> None:
        self.leaving.discard(number)

    def pass_on(self) -> None:
        if self.has_news:
            self.has_news = False
            self.board.tell.remote(frozenset(self.leaving), self.are_all_leaving)


class Board:
    """The actor: remembers who is to leave, and answers whoever asks for news when there are some."""

    def __init__(self) -> None:
        self.number = 0
        self.leaving: frozenset[int] = frozenset()
        self.are_all_leaving = False
        self.changed = asyncio.Event()

    async def tell(self, leaving: frozenset[int], are_all_leaving: bool) -> None:
        """Replace what is written on it."""
        self.number += 1
        self.leaving, self.are_all_leaving = leaving, are_all_leaving
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    async def after(self, number: int) -> tuple[int, frozenset[int], bool]:
        """What is written on it, as soon as that is newer than `number`: who leaves, and whether all do."""
        while self.number <= number:
            await self.changed.wait()
        return self.number, self.leaving, self.are_all_leaving


@dataclass(frozen=True)
class AskedByBoard:
    """Whether the board names the pack, or all."""

    board: Any
    pack: int

    def __call__(self) -> bool:
        return reader_of(self.board).names(self.pack)


class BoardReader:
    """A worker process's view of a board: one open question, looked at now and then."""

    def __init__(self, board: Any):
        self.board = board
        self.leaving: frozenset[int] = frozenset()
        self.are_all_leaving = False
        self.answer = board.after.remote(0)
        self.looked_at = 0.0

    def names(self, pack: int) -> bool:
        """Whether a pack is to leave."""
        if time.monotonic() - self.looked_at >= LOOK_SECONDS:
            self._look()
        return self.are_all_leaving or pack in self.leaving

    def _look(self) -> None:
        import ray

        self.looked_at = time.monotonic()
        if ray.wait([self.answer], timeout=0)[0]:
            # Where the board is gone, so is the driver: the error ends the pack.
            number, self.leaving, self.are_all_leaving = ray.get(self.answer)
            self.answer = self.board.after.remote(number)


readers: dict[str, BoardReader] = {}


def reader_of(board: Any) -> BoardReader:
    """This process's reader of a board."""
    key = board._actor_id.hex()
    if key not in readers:
        readers[key] = BoardReader(board)
    return readers[key]
