"""A cache for answers that take long to compute, valid until the sweep changes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

Answer = TypeVar("Answer")
MOST_ANSWERS = 200
# A chart of many trials is a megabyte.
MOST_BYTES = 32 * 2**20


class AnswerCache:
    """The answers used last, by key. Each is valid only for the state of the sweep from which it was computed.

    Both the number of answers and the total size of texts and files among them are limited; the latest answer is always
    kept. Threads that request the same answer at the same time wait for the first of them.
    """

    def __init__(self, most: int = MOST_ANSWERS, most_bytes: int = MOST_BYTES):
        self._most, self._most_bytes, self._bytes = most, most_bytes, 0
        self._answers: OrderedDict[Hashable, tuple[Hashable, object]] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], Answer], state: Hashable = None) -> Answer:
        """The answer for a key and a state, computed if it is not cached. It replaces an answer for another state."""
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        try:
            with own:
                with self._lock:
                    if key in self._answers and self._answers[key][0] == state:
                        self._answers.move_to_end(key)
                        return self._answers[key][1]  # type: ignore[return-value]
                answer = compute()
                with self._lock:
                    self._keep(key, state, answer)
                return answer
        finally:
            with self._lock:
                self._locks.pop(key, None)

    def _keep(self, key: Hashable, state: Hashable, answer: object) -> None:
        """Add an answer, and evict the least recently used ones if there are too many."""
        self._bytes += size_of(answer) - size_of(self._answers.pop(key, (None, None))[1])
        self._answers[key] = state, answer
        while len(self._answers) > self._most or (self._bytes > self._most_bytes and len(self._answers) > 1):
            self._bytes -= size_of(self._answers.popitem(last=False)[1][1])


def size_of(answer: object) -> int:
    """The length of a text or a file; 0 for other answers, since only their number is limited."""
    return len(answer) if isinstance(answer, str | bytes) else 0
