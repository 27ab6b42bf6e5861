"""Kill points: named places before and after each step of a driver's transactions, at which its process can be killed.

A point is `TRANSACTION EDGE`, such as `record before DELETE epoch` or `claim after commit`. The transaction is the name
of the store's method that runs it, prefixed with `beat` in the heartbeat's thread. There is no point after a statement:
that is the point before the next one.
"""

import functools
import os
import re
import signal
import threading
from collections import Counter

import sqlalchemy as sa
from fitgap.runner.store import DriverSession, Store
from sqlalchemy.engine import Engine

# Methods of the store that are not transactions.
OTHERS = ("another_connection", "close", "driver_session")
TABLE = re.compile(r'\b(?:INTO|UPDATE|FROM)\s+"?(\w+)')


class KillPoints:
    """Counts the points that a process passes, and kills it when it passes a given point for the n-th time."""

    def __init__(self, kill_at=None):
        self.kill_at = tuple(kill_at) if kill_at else None
        self.passed = Counter()
        self.here = threading.local()

    def watch(self):
        """Watch every transaction of this process from now on."""
        for owner in (DriverSession, Store):
            for name, method in list(vars(owner).items()):
                if callable(method) and not name.startswith("_") and name not in OTHERS:
                    setattr(owner, name, self._watched(name, method))
        sa.event.listen(Engine, "before_cursor_execute", lambda *given: self._pass("before " + shortened(given[2])))
        sa.event.listen(Engine, "commit", lambda connection: self._pass("before commit"))

    def _watched(self, name, method):
        @functools.wraps(method)
        def call(*given, **named):
            self.here.transaction = name if threading.current_thread() is threading.main_thread() else f"beat {name}"
            answer = method(*given, **named)
            self._pass("after commit")
            self.here.transaction = "opening"
            return answer

        return call

    def _pass(self, edge):
        point = f"{getattr(self.here, 'transaction', 'opening')} {edge}"
        self.passed[point] += 1
        if (point, self.passed[point]) == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def shortened(statement):
    """A short name of a statement, such as `DELETE epoch` or `BEGIN`."""
    table = TABLE.search(statement)
    return statement.split()[0] + (f" {table[1]}" if table else "")
