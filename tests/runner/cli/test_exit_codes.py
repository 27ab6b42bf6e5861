"""Every row of the table of exit codes in docs/reference/exit-codes.md is true, and has a test here."""

import errno
import os
import pty
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from fitgap.runner import store
from fitgap.runner.doctor import CHECKS
from fitgap.runner.driver import launch, loop
from fitgap.runner.errors import ClusterLostError, DriverFencedError, EngineError
from fitgap.runner.store.admin import damage
from support.sampling import every, per_commit

COMMAND = Path(sys.executable).parent / "fitgap"
TABLE = Path(__file__).parents[3] / "docs" / "reference" / "exit-codes.md"
LONG = (
    "--data",
    "digits",
    "--hidden",
    "32",
    "--repeats",
    "4",
    "--epochs",
    "5000",
    "--engine",
    "local",
    "--name",
    "long",
)
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
TESTED = {}


def row(code, when):
    """Mark the test of a row of the table."""

    def mark(test):
        TESTED.setdefault((code, when), test)
        return test

    return mark


def rows_of_table():
    cells = re.findall(r"^\| (\d+) \| (.*) \|$", TABLE.read_text(), flags=re.MULTILINE)
    return [(int(code), when) for code, when in cells]


def test_every_row_of_the_table_has_a_test_and_every_test_a_row():
    assert rows_of_table() == list(TESTED)


@pytest.fixture
def small(trained_database, own_folder):
    """A copy of the trained database, `fitgap.db` in the current folder; `small(*statements)` changes it with SQL."""
    path = Path(shutil.copy(trained_database, own_folder / "fitgap.db"))

    def change(*statements):
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return change


def piped(line):
    """The exit code and error output of a command whose output is piped into `true`, which reads nothing."""
    script = f'{{ "$0" {line}; echo $? >code; }} | true; cat code'
    done = subprocess.run(["bash", "-c", script, COMMAND], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return int(done.stdout), done.stderr


@row(0, "the command did what it was asked to do")
def test_answers(invoke, small):
    for words in (("sweeps",), ("trials", "small"), ("tag", "1", "x"), ("cancel", "small"), ("delete", "1", "--yes")):
        assert invoke(*words).code == 0


@row(0, "`--help` or `--version` was printed")
def test_help_and_version(invoke):
    assert invoke("--help").code == invoke("run", "--help").code == invoke("db", "--help").code == 0
    version = invoke("--version")
    assert (version.code, version.err) == (0, "") and re.fullmatch(r"fitgap \d+\.\d+\.\d+\n", version.out)


@row(0, "training: every trial has ended and none has failed; diverged and cancelled trials count as ended")
def test_training_to_the_end(invoke, small_flags, small):
    assert invoke("run", *small_flags, "--engine", "local", "--db", "new.db").code == 0
    small("UPDATE trial SET status = 'cancelled' WHERE id = 1")
    assert invoke("resume", "small", "--engine", "local").code == 0


@pytest.mark.nightly
@row(0, "the reader closed the pipe early, as `head -1` does")
@pytest.mark.parametrize(
    "words",
    every(5, ["trials small --format csv", "sweeps", "epochs 1 --format parquet", "show 1 --format json", "--help"]),
)
def test_readers_that_go(words, small):
    assert piped(words) == (0, "")


@pytest.mark.nightly
@pytest.mark.parametrize("kind", per_commit(["csv"], ["table", "csv", "json", "parquet"]))
def test_readers_that_go_from_a_pipe_with_a_name(kind, small):
    """As with standard output."""
    os.mkfifo("pipe")
    line = f'true <pipe & "$0" epochs small --format {kind} -o pipe'
    done = subprocess.run(["bash", "-c", line, COMMAND], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.nightly
@row(1, "training: a trial has failed")
def test_failed_trials(invoke, small):
    small("UPDATE trial SET status = 'failed', reason = 'a test' WHERE id = 1")
    assert invoke("resume", "small", "--engine", "local").code == 1
    # The same if the reader of the output reads nothing.
    code, said = piped("resume small --engine local")
    assert code == 1 and "1 failed" in said


@row(1, "training: trials are still pending or running")
@pytest.mark.parametrize("status", ["pending", "running"])
def test_pending_trials(status, invoke, small, monkeypatch):
    """For whatever reason, such as an engine that has given up without saying so."""
    monkeypatch.setattr(launch, "drive", lambda *given, **options: None)
    small(f"UPDATE trial SET status = '{status}' WHERE id < 4")
    answer = invoke("resume", "small", "--engine", "local")
    assert answer.code == 1
    assert answer.err.endswith("3 trials are still pending; continue with: fitgap resume small\n")


@row(1, "training: the engine cannot be started")
def test_engines_that_do_not_start(invoke, small_flags, monkeypatch):
    def make_engine(*given, **options):
        raise EngineError("Ray could not be started: a test")

    monkeypatch.setattr(loop, "make_engine", make_engine)
    answer = invoke("run", *small_flags)
    assert answer.code == 1
    assert answer.err.endswith("; the results so far are stored, continue with: fitgap resume small\n")


def raising(error):
    def drive(*given, **options):
        raise error

    return drive


@row(1, "training: the Ray cluster is lost")
def test_lost_clusters(invoke, small, monkeypatch):
    monkeypatch.setattr(launch, "drive", raising(ClusterLostError("the cluster does not answer")))
    answer = invoke("resume", "small", "--engine", "local")
    assert answer.code == 1 and answer.err.endswith("fitgap resume small\n")


@row(1, "training: this process was silent for too long, and another driver has taken over its trials")
def test_drivers_that_were_replaced(invoke, small, monkeypatch):
    monkeypatch.setattr(launch, "drive", raising(DriverFencedError()))
    assert invoke("resume", "small", "--engine", "local").code == 1


@row(1, "`watch`: a trial has failed, or trials are left that no process trains")
def test_watching_what_is_left_or_failed(invoke, small, monkeypatch):
    monkeypatch.setattr("fitgap.runner.cli.render.watching.IDLE_SECONDS", -1.0)
    assert invoke("watch", "small").code == 0
    small("UPDATE trial SET status = 'failed', reason = 'x' WHERE id = 1")
    assert invoke("watch", "small").code == 1
    small("UPDATE trial SET status = 'pending' WHERE id = 1")
    assert invoke("watch", "small").code == 1


@pytest.mark.nightly
@row(1, "`replay`: the trial differs from what is stored")
def test_replays_that_differ(invoke, small):
    assert invoke("replay", "1").code == 0
    small("UPDATE epoch SET e_t = e_t + 1 WHERE trial_id = 1")
    assert invoke("replay", "1").code == 1
    assert piped("replay 1")[0] == 1


@row(1, "`delete`: the question was not answered with yes")
@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"])
def test_deletions_that_are_declined(answer, small, in_terminal):
    code, written = in_terminal("delete", "small", answer=answer)
    assert (
        code == 1
        and "Delete small: 48 trials" in written
        and written.endswith("nothing was deleted\n")
        and "Traceback" not in written
    )


@row(1, "`doctor`: there is a problem")
def test_doctors_that_find_something(invoke, own_folder, monkeypatch):
    monkeypatch.delitem(CHECKS, "Ray")
    (own_folder / "notes.txt").write_text("no database")
    assert invoke("doctor", "--db", "notes.txt").code == 1


MISTAKES = [
    "nosuch",
    "trials --nosuch",
    "run nosuch.yaml",
    "run --data nosuch.csv --target y",
    "trials nosuch",
    "show 10000",
    "sweeps --db nosuch.db",
    "rename small 1",
    "epochs 1 --columns nosuch",
    "predict 1 nosuch.csv",
]


@row(2, "a command, option, sweep file, data file, name or database is wrong")
@pytest.mark.parametrize("words", MISTAKES)
def test_mistakes(words, invoke, small):
    answer = invoke(*words.split())
    assert (answer.code, answer.out) == (2, "") and answer.err.startswith("fitgap: ")


@pytest.mark.nightly
@pytest.mark.parametrize("words", per_commit(["show 10000"], MISTAKES))
def test_that_nobody_reads_the_answer_does_not_make_a_mistake_right(words, small):
    code, said = piped(words)
    assert code == 2 and said.startswith("fitgap: ")


@row(2, "no command was given")
def test_no_command(invoke):
    assert invoke().code == invoke("db").code == 2


@row(2, "`delete` without `--yes` and without a terminal to ask at")
@pytest.mark.parametrize("stdin", per_commit(["<&-"], ["</dev/null", "<&-", "<fitgap.db", ">&- <&- 2>said"]))
def test_deletions_without_anybody_to_ask(stdin, small):
    done = subprocess.run(
        ["bash", "-c", f'"$0" delete small {stdin}', COMMAND], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    said = Path("said").read_text() if "said" in stdin else done.stderr
    assert done.returncode == 2 and re.fullmatch(r"fitgap: this deletes .*; add --yes .*\n", said)


@pytest.mark.nightly
@row(2, "standard output cannot be written, for example on a full disk")
@pytest.mark.parametrize(
    "words",
    every(
        6,
        [
            "trials small --format csv",
            "sweeps",
            "trials small --format json",
            "epochs 1 --format parquet",
            "show 1",
            "--help",
        ],
    ),
)
def test_outputs_that_are_full(words, small):
    done = subprocess.run(["bash", "-c", f'"$0" {words} >/dev/full', COMMAND], capture_output=True, text=True)
    assert done.returncode == 2
    assert Path("/dev/full").is_char_device()
    assert re.fullmatch("fitgap: standard output cannot be written: No space left on device; .*\n", done.stderr)


@row(
    2,
    "the operating system refuses something (files, memory, threads, disk space, permissions), "
    "or the current folder is gone",
)
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EMFILE, "Too many open files", "x"), "raise it, as with `ulimit -n 1024`"),
        (OSError(errno.ENFILE, "File table overflow"), "raise it"),
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/x"), "/tmp/x: No space left on device; free space"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), "/x: Read-only file system; choose a place"),
        (PermissionError(errno.EACCES, "Permission denied", b"/x\xff"), "check the permissions"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "free memory"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "ulimit -u"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "Broken pipe; "),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "set TMPDIR"),
        (OSError("something else"), "something else; `fitgap doctor` checks"),
        (RuntimeError("can't start new thread"), "refuses to start more threads"),
        (MemoryError(), "not enough memory"),
        (RecursionError("maximum recursion depth exceeded"), "nested too deeply"),
        (ImportError("libfoo.so: failed to map segment from shared object"), "not enough memory"),
        (ImportError("libfoo.so: cannot open shared object file: Too many open files"), "ulimit -n"),
        (ImportError("No module named 'foo'"), "No module named 'foo'; install fitgap again"),
        (UnicodeEncodeError("ascii", "ö", 0, 1, "ordinal not in range"), "LC_ALL=C.UTF-8"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_the_system_refuses(error, words, invoke, monkeypatch):
    def open_store(database):
        raise error

    monkeypatch.setattr(store, "open_store", open_store)
    # No database was queried before that might explain the error.
    monkeypatch.setattr(damage, "last_queried", None)
    answer = invoke("sweeps")
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err and re.fullmatch("fitgap: [^\n]*\n", answer.err)


@row(130, "training was stopped by Ctrl-C (SIGINT), SIGTERM, SIGHUP or SIGQUIT")
@pytest.mark.parametrize("number", per_commit([signal.SIGTERM], STOPPING_SIGNALS))
def test_training_that_is_stopped(number, own_folder):
    with subprocess.Popen(
        [COMMAND, "run", *LONG], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as running:
        wait_for_epochs(running)
        running.send_signal(number)
        said = running.stderr.read()
    assert running.returncode == 130 and said.endswith("continue with: fitgap resume long\n")


@row(130, "any other command was stopped by one of these signals")
@pytest.mark.parametrize("number", per_commit([signal.SIGINT], STOPPING_SIGNALS))
def test_questions_that_are_stopped(number, small):
    """While the command waits for an answer in a terminal."""
    terminal, end = pty.openpty()
    with subprocess.Popen([COMMAND, "delete", "small"], stdin=end, stderr=subprocess.PIPE) as running:
        said = b""
        while not said.endswith(b"[y/N]: "):
            said += os.read(running.stderr.fileno(), 100)
        running.send_signal(number)
        rest = running.stderr.read()
    os.close(terminal)
    os.close(end)
    assert running.returncode == 130 and rest == b""


def wait_for_epochs(running):
    """Wait until the sweep has epochs, or the process has ended."""
    while running.poll() is None:
        try:
            with closing(sqlite3.connect("file:fitgap.db?mode=ro", uri=True)) as connection:
                if connection.execute("SELECT 1 FROM epoch LIMIT 1").fetchone():
                    return
        except sqlite3.OperationalError:
            pass
        time.sleep(0.05)
