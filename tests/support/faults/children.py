"""Processes to disturb, forked from one that has loaded everything: new interpreters would take ten times as long."""

import contextlib
import multiprocessing
import os
import signal

PRELOADED = [
    "psycopg",
    "fitgap.runner.cli.main",
    "fitgap.runner.driver",
    "fitgap.runner.engine.in_process",
    "fitgap.runner.data.formats.columnar_files",
    "fitgap.runner.data.truth_tables",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
]
PATIENCE_SECONDS = 120.0


def nursery():
    """The context in which such processes are made."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@contextlib.contextmanager
def child(function, *arguments):
    """A process that calls a function; it is killed where it has not ended by the end of the block."""
    process = nursery().Process(target=function, args=arguments, daemon=False)
    process.start()
    try:
        yield process
    finally:
        if process.is_alive():
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
        process.join()
        process.close()


def outcome(function, *arguments, patience=PATIENCE_SECONDS):
    """The exit code of a process that calls a function; minus the signal where one ended it."""
    with child(function, *arguments) as process:
        process.join(patience)
        assert process.exitcode is not None, f"no end after {patience} seconds"
        return process.exitcode
