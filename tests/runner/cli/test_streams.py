"""Closed, broken, full and narrow streams: for every command, in processes of their own."""

import itertools
import os
import pty
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from support.cli.shells import ASKING, COMMAND, shell
from support.sampling import at_night, every, per_commit

TRAIN = "run --data iris --hidden 2 --hidden 3 --repeats 2 --epochs 3 --name new"


def statuses():
    """The number of trials of the latest sweep here with each status."""
    with closing(sqlite3.connect("fitgap.db")) as connection, connection:
        query = "SELECT status, count(*) FROM trial WHERE sweep_id = (SELECT max(id) FROM sweep) GROUP BY status"
        return dict(connection.execute(query))


CLOSED = [each for count in (1, 2, 3) for each in itertools.combinations(("<&-", ">&-", "2>&-"), count)]


@pytest.mark.parametrize("closed", every(7, CLOSED), ids="".join)
def test_a_sweep_is_trained_with_any_streams_closed(closed, own_folder):
    code, out, err = shell(f"fitgap {TRAIN} {' '.join(closed)}")
    assert (code, statuses()) == (0, {"completed": 4})
    assert (out == b"") == (">&-" in closed) and (err == b"") == ("2>&-" in closed)
    assert b"Traceback" not in err


@pytest.mark.nightly
@pytest.mark.parametrize("how", ["", *map(at_night, ("--engine local --workers 1", "--engine auto --workers 2"))])
def test_enough_work_for_several_processes_is_done_without_standard_input(how, own_folder):
    """Nothing gets descriptor 0: neither the database nor a pipe to a training process."""
    sweep = "run --data digits --hidden 16 --repeats 6 --epochs 40"
    code, _, err = shell(f"fitgap {sweep} {how} <&-")
    assert (code, statuses()) == (0, {"completed": 6}) and b"pending" not in err


@pytest.mark.nightly
@pytest.mark.parametrize(
    "words", per_commit(["sweeps"], ["sweeps", "trials small --format csv", "epochs 1 --format parquet", "--help"])
)
def test_questions_are_answered_with_all_streams_closed(words, small):
    assert shell(f"fitgap {words} <&- >&- 2>&-")[0] == 0


@pytest.mark.nightly
@pytest.mark.parametrize(
    "where",
    every(5, ["2>/dev/full", "2> >(true)", "2>/dev/null >/dev/null", "2</dev/null", "2>&1 | head -1 >/dev/null"]),
)
def test_training_goes_on_where_its_progress_cannot_be_written(where, own_folder):
    code, _, _ = shell(f"set -o pipefail; fitgap {TRAIN} {where}")
    assert (code, statuses()) == (0, {"completed": 4})


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (">/dev/full", 2),
        *(at_night(*case) for case in (("| true", 0), ("2>&1 | true", 0), ("1</dev/null", 2))),
    ],
)
def test_training_is_finished_where_its_answer_cannot_be_written(where, expected, own_folder):
    code, _, err = shell(f"set -o pipefail; fitgap {TRAIN} {where}")
    assert (code, statuses()) == (expected, {"completed": 4})
    if expected == 2:
        assert b"the results are stored; show them with: fitgap trials new" in err
    assert b"Exception ignored" not in err and b"Traceback" not in err


@pytest.mark.nightly
@pytest.mark.parametrize(
    "words", every(4, ["epochs small --format csv", "sweeps", "epochs small --format json", "--help"])
)
def test_a_reader_that_goes_ends_a_question_without_a_word(words, small):
    code, _, err = shell(f"set -o pipefail; PYTHONUNBUFFERED=1 fitgap {words} | head -c 1")
    assert (code, err) == (0, b"")


@pytest.mark.nightly
def test_a_terminal_that_is_lost_does_not_stop_training_that_ignores_it(own_folder):
    """As after `nohup`: nothing can be written to the terminal any more, but the sweep is trained to its end."""
    terminal, end = pty.openpty()
    line = f'trap "" HUP; "{COMMAND}" {TRAIN.replace("--epochs 3", "--epochs 300")} --engine local; echo $? >code'
    with subprocess.Popen(["bash", "-c", line], stdin=end, stdout=end, stderr=end, start_new_session=True) as running:
        os.close(end)
        os.read(terminal, 1)
        os.close(terminal)
        running.wait(timeout=120)
    assert statuses() == {"completed": 4}
    # The leaderboard could not be written.
    assert (own_folder / "code").read_text() == "2\n"


@pytest.mark.nightly
def test_a_socket_that_is_closed_is_a_reader_that_has_gone(small):
    """Some programs start others with sockets instead of pipes."""
    script = (
        "import socket, subprocess, sys; ours, theirs = socket.socketpair(); ours.close(); "
        "sys.exit(subprocess.run([sys.argv[1], 'sweeps'], stdout=theirs).returncode)"
    )
    done = subprocess.run([sys.executable, "-c", script, COMMAND], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.nightly
def test_a_file_that_may_not_grow_is_a_full_output(small):
    """A limit of the shell, which Python reports with an error number of its own."""
    code, _, err = shell("ulimit -f 1; fitgap epochs 1 2 3 4 5 6 7 8 9 --format csv >out.csv")
    assert (code == 2 and b"File too large" in err) or b"no space left" in err


@pytest.mark.parametrize("columns", [at_night(40), 20])
@pytest.mark.parametrize("words", every(2, ASKING.values()), ids=list(ASKING))
def test_nothing_is_lost_in_a_narrow_terminal(words, columns, small, in_place, plain_text):
    """Columns that do not fit into a table are named below it, nothing is cut off, and no line is too long."""
    if words.endswith("--help"):
        # Help is as wide as the terminal was when the program was loaded.
        written = shell(f"fitgap {words}", {"COLUMNS": str(columns)})[1].decode()
        assert "the sweep." in " ".join(written.split()) and not re.search(r"\w… ", written)
        return
    code, written = in_place(*words.split(), columns=columns)
    assert code == 0 and "…" not in written
    lines = [line for line in plain_text(written).splitlines() if set(line) & set("─│")]
    assert all(len(line) <= max(columns, 22) for line in lines)


@pytest.mark.parametrize("columns", [40, 20])
def test_the_live_line_of_a_narrow_terminal_is_whole(columns, in_terminal, plain_text):
    code, written = in_terminal(*TRAIN.split(), "--engine", "local", columns=columns)
    assert code == 0 and "…" not in written
    assert "best E_v" in " ".join(plain_text(written).split())


@pytest.mark.parametrize("value", ["0", "1", "abc", "9" * 30])
def test_sizes_that_no_terminal_has_are_ignored(value, small, in_terminal):
    code, written = in_terminal("sweeps", env={"COLUMNS": value, "LINES": value})
    assert code == 0 and "small" in written


@pytest.mark.parametrize(
    "env", every(2, [{"TERM": "dumb"}, {"TERM": ""}, {"TERM": "nosuch"}, {"NO_COLOR": "1"}, {"TERM": "unknown"}])
)
def test_terminals_that_can_do_little_get_plain_lines(env, in_terminal):
    code, written = in_terminal(*TRAIN.split(), "--engine", "local", env=env)
    assert code == 0 and "4 completed" in written
    if env.get("TERM") in ("dumb", "unknown"):
        assert "\x1b" not in written


GONE = "mkdir gone; cd gone; rmdir ../gone;"


@pytest.mark.parametrize("words", per_commit([TRAIN], ["sweeps", TRAIN, "run x.yaml", "db status", "predict 1 x.csv"]))
def test_a_deleted_folder_is_told_in_one_line(words, own_folder):
    code, _, err = shell(f"{GONE} fitgap {words}")
    assert code == 2 and re.fullmatch(b"fitgap: [^\n]*the current folder was deleted[^\n]*\n", err), err


@pytest.mark.nightly
@pytest.mark.parametrize(
    "words", per_commit(["sweeps --db"], ["--help", "--version", "list optimizers", "sweeps --db", "show 1 --db"])
)
def test_commands_that_do_not_need_the_current_folder_work_where_it_was_deleted(words, small):
    database = small if words.endswith("--db") else ""
    assert shell(f"{GONE} fitgap {words} {database}")[::2] == (0, b"")


@pytest.mark.nightly
@pytest.mark.parametrize("count", per_commit([6], [6, 9, 20]))
def test_few_open_files_are_told_in_one_line_or_are_enough(count, small):
    """With fewer, Python itself does not start."""
    for words in ("epochs 1 --format parquet", f"{TRAIN} --engine local"):
        code, _, err = shell(f"ulimit -n {count}; fitgap {words}")
        assert code in (0, 2) and b"Traceback" not in err
        if code == 2:
            assert err.startswith(b"fitgap: ") and err.count(b"\n") == 1


def test_little_memory_is_told_in_one_line(small):
    """With slightly more memory, OpenBLAS ends the process before Python can react."""
    code, _, err = shell("ulimit -v 60000; fitgap sweeps")
    assert code == 2 and re.fullmatch(b"fitgap: [^\n]*not enough memory[^\n]*\n", err), err
