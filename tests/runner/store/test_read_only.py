"""Read-only databases can be queried, no files appear next to them, and their owner can write afterwards.

The tests run commands as two other users, which only root can do.
"""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from fitgap.runner.store.database.sqlite_files import locks_others_out
from support.databases.temporary_postgres import open_folder
from support.sampling import at_night

OWNER, READER = 12_345, 12_346
# Runs these tests in one process, because they share slow fixtures.
pytestmark = [
    pytest.mark.xdist_group("databases of other users"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users"),
]
# Runs the commands in its input, one per line; after an empty line, as another user. Modules must be imported before
# that, because the user may not have access to Python's folder.
AS_USER = """
import contextlib, io, json, os, sys
import fitgap.runner.cli.main
user, folder = int(sys.argv[1]), sys.argv[2]
os.chdir(folder)
for line in sys.stdin:
    if line == "\\n":
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        os.environ["HOME"] = folder
        continue
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["fitgap", *json.loads(line)]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            fitgap.runner.cli.main.main()
        except SystemExit as ended:
            code = ended.code or 0
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""
QUESTIONS = [
    *(["sweeps"], ["trials", "small"], ["show", "1"], ["epochs", "1"], ["epochs", "small", "--format", "csv"]),
    *(["compare", "small", "--by", "activation"], ["diagnose", "small"], ["importance", "small"], ["db", "status"]),
    *(["tag", "small"], ["note", "1"], ["export", "1", "-o", "{own}/model.npz"], ["db", "backup", "{own}/backup.db"]),
    *(["db", "copy", "{path}", "{own}/copy.db"], ["trials", "small", "--format", "parquet", "-o", "{own}/x.parquet"]),
    ["replay", "1"],
]
CHANGES = [
    *(["tag", "small", "x"], ["note", "1", "y"], ["rename", "small", "z"], ["delete", "small", "--yes"]),
    *(["db", "compact"], ["run", "--data", "xor", "--hidden", "2", "--epochs", "1", "--engine", "local"]),
    *(["resume", "small", "--engine", "local"], ["db", "upgrade"], ["db", "restore", "{path}.other"]),
    ["improve", "small", "--trials", "4", "--rounds", "1", "--engine", "local"],
]


class User:
    """A user who runs commands in a folder of their own. All commands are first run as root on the database `spare`."""

    def __init__(self, number, folder, spare):
        self.folder = folder / str(number)
        self.folder.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-c", AS_USER, str(number), self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for words in (*QUESTIONS, *CHANGES):
            self.ask(words, spare)
        for made in self.folder.iterdir():
            made.unlink()
        os.chown(self.folder, number, number)
        self.process.stdin.write("\n")

    def ask(self, words, path):
        """The exit code, standard output and standard error of a command on a database."""
        given = [word.format(own=self.folder, path=path) for word in words]
        given += [] if "copy" in given else ["--db", str(path)]
        self.process.stdin.write(json.dumps(given) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture(scope="module")
def base():
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory(dir=open_folder()) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def users(base, trained_database):
    made = []
    for number in (OWNER, READER):
        for name in ("spare.db", "spare.db.other"):
            shutil.copy(trained_database, base / name)
        made.append(User(number, base, base / "spare.db"))
    yield made
    for user in made:
        user.close()


@pytest.fixture
def shared(base, trained_database, tmp_path):
    """The owner's database in a folder in which only the owner may create files, with another one to restore."""
    folder = base / tmp_path.name
    folder.mkdir()
    for name in ("sweeps.db", "sweeps.db.other"):
        shutil.copy(trained_database, folder / name)
    own(folder)
    return folder / "sweeps.db"


def own(folder, mode=0o755):
    for path in (folder, *folder.iterdir()):
        os.chown(path, OWNER, OWNER)
        path.chmod(mode if path.is_dir() else 0o644)


def state_of(folder):
    return {
        path.name: (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in folder.iterdir()
        if not path.name.endswith("-shm")
    }


def left_open(path):
    """Leave the database as a killed writer does: with rows that are only in its log, and the log's index."""
    line = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA journal_mode = WAL')\n"
        "connection.execute(\"UPDATE sweep SET note = 'only in the log'\")\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", line, path], check=True)


def check_answers(user, path):
    """Check that every query is answered, and that nothing in the database's folder changes."""
    before = state_of(path.parent)
    for words in QUESTIONS:
        for made in user.folder.iterdir():
            made.unlink()
        code, out, err = user.ask(words, path)
        # `export` says which network it wrote, and where.
        assert code == 0 and err.startswith("network of trial 1 after" * (words[0] == "export")), (words, err)
        assert err.count("\n") == (words[0] == "export"), (words, err)
        assert out or "-o" in words or "tag" in words or "note" in words, words
        assert state_of(path.parent) == before, words


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("folder_mode", "log"),
    [
        (0o755, "left"),
        (0o555, "closed"),
        *(at_night(*case) for case in ((0o755, "closed"), (0o777, "closed"), (0o777, "left"), (0o555, "left"))),
    ],
)
def test_another_users_database_answers_and_nothing_appears_beside_it(log, folder_mode, users, shared):
    """With folder mode 0777, the reader could create files, too."""
    if log == "left":
        left_open(shared)
    own(shared.parent, folder_mode)
    check_answers(users[1], shared)
    if log == "left":
        assert "only in the log" in users[1].ask(["note", "small"], shared)[1]
    if folder_mode != 0o555:
        assert users[0].ask(["note", "small", "the owner's"], shared)[0] == 0
        assert "the owner's" in users[1].ask(["note", "small"], shared)[1]


@pytest.mark.nightly
def test_ones_own_database_in_a_folder_that_is_closed_answers_too(users, shared):
    own(shared.parent, 0o555)
    check_answers(users[0], shared)


def test_while_the_owner_writes_others_read(users, shared):
    with closing(sqlite3.connect(shared, isolation_level=None)) as writing, writing:
        writing.execute("UPDATE sweep SET note = 'first'")
        own(shared.parent)
        for note in ("second", "third"):
            writing.execute("UPDATE sweep SET note = ?", (note,))
            assert note in users[1].ask(["note", "small"], shared)[1]


@pytest.mark.parametrize("mode", [0o644, 0o666])
def test_changes_are_refused_in_one_line_and_leave_nothing(mode, users, shared):
    """Mode 0666 is not enough if the user cannot create files in the folder: SQLite needs some there."""
    own(shared.parent)
    shared.chmod(mode)
    before = state_of(shared.parent)
    for words in CHANGES:
        code, out, err = users[1].ask(words, shared)
        assert (code, out) == (2, ""), words
        assert err.count("\n") == 1 and "sweeps.db" in err and ";" in err, err
        assert ("is read-only for this user; ask its owner" in err) == (mode == 0o644)
        assert state_of(shared.parent) == before, words


def test_who_would_lock_the_owner_out_is_refused(users, shared):
    """Files that SQLite creates next to a database get the writer's group, unless the folder sets another."""
    own(shared.parent, 0o777)
    for group, mode in ((READER, 0o664), (OWNER, 0o646)):
        os.chown(shared, OWNER, group)
        shared.chmod(mode)
        assert users[1].ask(["note", "small", "x"], shared)[0] == 0


def test_a_log_without_its_index_is_told_with_what_to_do(users, shared):
    left_open(shared)
    (shared.parent / "sweeps.db-shm").unlink()
    own(shared.parent)
    before = state_of(shared.parent)
    for words in QUESTIONS:
        code, _, err = users[1].ask(words, shared)
        assert code == 2 and "let its owner run `fitgap sweeps` once" in err and err.count("\n") == 1
    assert state_of(shared.parent) == before
    assert users[0].ask(["sweeps"], shared)[0] == 0
    assert users[1].ask(["sweeps"], shared)[0] in (0, 2)


@pytest.mark.parametrize(
    ("mode", "folder_mode", "folder_group", "refused"),
    [
        (0o664, 0o775, READER, True),
        (0o664, 0o2775, OWNER, False),
        (0o666, 0o777, READER, False),
        (0o644, 0o777, 1, True),
    ],
)
def test_whether_a_writer_would_lock_the_owner_out(mode, folder_mode, folder_group, refused, monkeypatch):
    database = os.stat_result([stat.S_IFREG | mode, 0, 0, 1, OWNER, OWNER, 0, 0, 0, 0])
    folder = os.stat_result([stat.S_IFDIR | folder_mode, 0, 0, 1, OWNER, folder_group, 0, 0, 0, 0])
    monkeypatch.setattr(os, "getegid", lambda: READER)
    monkeypatch.setattr(os, "geteuid", lambda: READER)
    assert locks_others_out(database, folder) == refused
    for nobody_else in (0, OWNER):
        monkeypatch.setattr(os, "geteuid", lambda user=nobody_else: user)
        assert not locks_others_out(database, folder)
