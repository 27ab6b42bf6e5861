"""Answers that take long, kept until the sweep changes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

Answer = TypeVar("Answer")
MOST_ANSWERS = 200


class AnswerCache:
    """The latest answers by key. A key contains the state of the sweep, so an old answer is never returned.

    Threads that ask for the same answer at once wait for the first of them.
    """

    def __init__(self, most: int = MOST_ANSWERS):
        self._most = most
        self._answers: OrderedDict[Hashable, object] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """The answer for a key, computed if it is not known."""
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        try:
            with own:
                with self._lock:
                    if key in self._answers:
                        self._answers.move_to_end(key)
                        return self._answers[key]  # type: ignore[return-value]
                answer = compute()
                with self._lock:
                    self._answers[key] = answer
                    while len(self._answers) > self._most:
                        self._answers.popitem(last=False)
                return answer
        finally:
            with self._lock:
                self._locks.pop(key, None)
