"""Upgrades that are killed. Run as a program that forks a process with everything loaded for each upgrade.

`python dying_upgrades.py FOLDER` reads lines of `NUMBER ADDRESS`. For each, it upgrades the database with the
migrations in FOLDER, and the process is killed just before the step with this number (0: never). The answer is its exit
status and the number of steps. A line `together COUNT ADDRESS` runs COUNT upgrades of one database at once; the answer
is their exit statuses.
"""

import os
import signal
import sys
from pathlib import Path

import sqlalchemy as sa
from alembic import command  # noqa: F401 - loaded before any process is forked
from fitgap.runner.store.admin.upgrade import upgrade_database
from fitgap.runner.store.schema import version


class Steps:
    """Counts statements and ends of transactions, and kills the process before one of them."""

    def __init__(self, fatal):
        self.fatal, self.count = fatal, 0
        for event in ("before_cursor_execute", "commit", "rollback"):
            sa.event.listen(sa.Engine, event, self.step)

    def step(self, *details):
        self.count += 1
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def forked(task):
    """Fork a process that runs only this task; returns its ID."""
    number = os.fork()
    if number:
        return number
    try:
        task()
        os._exit(0)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)


def dying(fatal, address, report):
    steps = Steps(fatal)
    upgrade_database(address)
    os.write(report, str(steps.count).encode())


def die_at(fatal, address):
    reading, writing = os.pipe()
    number = forked(lambda: dying(fatal, address, writing))
    os.close(writing)
    _, status = os.waitpid(number, 0)
    print(os.waitstatus_to_exitcode(status), os.read(reading, 20).decode() or "?", flush=True)
    os.close(reading)


def together(count, address):
    reading, writing = os.pipe()

    def upgrade_when_told():
        os.close(writing)
        os.read(reading, 1)
        upgrade_database(address)

    numbers = [forked(upgrade_when_told) for _ in range(count)]
    # Closing the pipe starts all of them.
    os.close(writing)
    print(*(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) for number in numbers), flush=True)
    os.close(reading)


def obey(line):
    first, _, rest = line.strip().partition(" ")
    if first == "together":
        count, _, address = rest.partition(" ")
        together(int(count), address)
    else:
        die_at(int(first), rest)


if __name__ == "__main__":
    version.FOLDER = Path(sys.argv[1])
    for line in sys.stdin:
        obey(line)
