"""Commands on database files that are killed. Run as a program that forks a process with everything loaded for each
command.

It reads lines of JSON: the number of the fatal step (0: none), and the words of a command. A step is a line of the
modules that handle files, or a moment between the steps of SQLite's own backup. The process is killed just before this
step. The answer is its exit status and the number of steps.
"""

import json
import os
import signal
import sys

from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.admin.restore import restore_database
from fitgap.runner.store.schema import migrate  # noqa: F401 - loaded before any process is forked
from fitgap.runner.store.schema.backup import back_up_database

WATCHED = ("schema/backup.py", "admin/restore.py", "admin/copy.py", "files/whole_files.py")
COMMANDS = {"backup": back_up_database, "restore": restore_database, "copy": copy_database}


class Steps:
    """Counts executed lines, and kills the process before one of them."""

    def __init__(self, fatal):
        self.fatal, self.count = fatal, 0

    def watch(self, frame, event, argument):
        if not frame.f_code.co_filename.endswith(WATCHED):
            return None
        if event == "line":
            self.count += 1
            if self.count == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.watch


def do(fatal, words, report):
    steps = Steps(fatal)
    sys.settrace(steps.watch)
    COMMANDS[words[0]](*words[1:])
    sys.settrace(None)
    os.write(report, str(steps.count).encode())


def obey(fatal, *words):
    reading, writing = os.pipe()
    number = os.fork()
    if not number:
        try:
            do(fatal, words, writing)
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    os.close(writing)
    _, status = os.waitpid(number, 0)
    print(os.waitstatus_to_exitcode(status), os.read(reading, 20).decode() or "?", flush=True)
    os.close(reading)


if __name__ == "__main__":
    for line in sys.stdin:
        obey(*json.loads(line))
