"""Child processes for fault tests, forked from a server that has imported everything: ten times faster than new
interpreters.
"""

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
    """The multiprocessing context in which child processes are started."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@contextlib.contextmanager
def child(function, *arguments):
    """A process that calls a function; it is killed if it is still running at the end of the block."""
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
    """The exit code of a process that calls a function; the negative signal number if a signal killed it."""
    with child(function, *arguments) as process:
        process.join(patience)
        assert process.exitcode is not None, f"no end after {patience} seconds"
        return process.exitcode
