"""The password in a database address never appears: in no output, however wrong the command, and in no log, row, file
or list of processes. Stored content is never run.
"""

import contextlib
import io
import logging
import os
import pickle
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.runner import doctor
from fitgap.runner.cli.main import app
from fitgap.runner.store import open_store
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema.tables import snapshot, state, trial
from support.databases.new_databases import PostgresDatabases
from support.databases.raw_rows import raw_rows
from support.sampling import every

CANARY = "canary"
COMMAND = Path(sys.executable).parent / "fitgap"
# Every command with all arguments that it needs, except the database.
COMMANDS = {
    "run": ("--data", "xor", "--hidden", "2", "--epochs", "2", "--engine", "local"),
    "resume": ("xor", "--engine", "local"),
    "extend": ("xor", "--repeats", "2", "--engine", "local"),
    "improve": ("xor", "--trials", "2", "--rounds", "1", "--engine", "local"),
    "retry": ("xor", "--engine", "local"),
    "cancel": ("xor",),
    "replay": ("1",),
    "sweeps": (),
    "trials": ("xor",),
    "data": ("xor",),
    "study": ("capacity", "--dry-run"),
    "show": ("1",),
    "epochs": ("1",),
    "compare": ("xor", "--by", "activation"),
    "diagnose": ("xor",),
    "importance": ("xor",),
    "layers": ("xor",),
    "plot": ("fitmap", "xor", "-o", "fits.svg"),
    "report": ("xor",),
    "watch": ("xor",),
    "tag": ("xor", "baseline"),
    "note": ("xor", "first"),
    "rename": ("xor", "xor"),
    "send": ("xor", "--optuna", "study.db"),
    "export": ("1", "-o", "model.npz"),
    "predict": ("1", "new.csv"),
    "doctor": (),
    "delete": ("1", "--yes"),
    "db compact": (),
    "db status": (),
    "db upgrade": (),
    "db backup": (),
    "db restore": ("copy.db",),
}
# A server has its own programs for these.
REFUSED = ("db backup", "db restore")
# `ui` serves until it is stopped; tests/runner/web covers what it shows.
WITHOUT_DATABASE = {"inspect", "list", "db copy", "ui"}


@pytest.fixture(autouse=True)
def without_ray(monkeypatch):
    """The doctor would start Ray in a process of its own, which takes long; another test looks at processes."""
    monkeypatch.delitem(doctor.CHECKS, "Ray")


@pytest.fixture
def address(postgres, postgres_template):
    """The address of a database with empty tables; its password is a canary."""
    made = PostgresDatabases(postgres, postgres_template)
    yield made.make()
    made.close()


def wrong_addresses(address):
    """Addresses that cannot be used, each for a different reason and each with the canary."""
    before, name = address.rsplit("/", 1)
    host = before.partition("@")[2]
    return {
        "another password": address.replace("canary-of-the-tests", "canary-of-nobody"),
        "unknown database": f"{before}/missing",
        "no database": before,
        "unknown host": f"postgresql://user:{CANARY}@no-such-host.invalid/name",
        "closed port": f"postgresql://user:{CANARY}@127.0.0.1:1/name",
        "port in words": f"postgresql://user:{CANARY}@127.0.0.1:{CANARY}/name",
        "wrong parameter": f"{address}?colour={CANARY}&password={CANARY}",
        "parameter": f"postgresql://fitgap@{host}/{name}?password={CANARY}",
        "another kind": f"mysql://user:{CANARY}@{host}/{name}",
        "unencoded": f"postgresql://user:{CANARY}@{CANARY}@{host}/{name}",
        "one slash": f"postgresql:/user:{CANARY}@{host}/{name}",
        "no scheme": f"user:{CANARY}@{host}/{name}",
        "broken": f"postgresql://user:{CANARY}@[{host}/{name}",
    }


def test_these_are_all_commands(invoke):
    known = {info.name or info.callback.__name__ for info in app.registered_commands}
    (group,) = app.registered_groups
    inner = group.typer_instance.registered_commands
    known |= {f"{group.name} {info.name or info.callback.__name__}" for info in inner}
    assert known == set(COMMANDS) | WITHOUT_DATABASE


@pytest.mark.parametrize("name", every(13, COMMANDS))
def test_no_command_shows_it(name, address, invoke, caplog):
    caplog.set_level(logging.DEBUG)
    Path("new.csv").write_text("a,b\n0,1\n")
    invoke("run", *COMMANDS["run"], "--db", address)
    words = (*name.split(), *COMMANDS[name])
    used = (
        (*words, "--db", address),
        (*words, f"--db={address}"),
        (*words, "--db", address, "--format", "json"),
        (*words, "--db", address, "--help"),
        (*words, "--db", address, "-vv"),
        (*words, f"--database={address}"),
        (*words, address),
        (*name.split(), "--db", address),
        (address, *words),
    )
    answers = [invoke(*arguments) for arguments in used]
    assert answers[0].code == (2 if name in REFUSED else 0) and {answer.code for answer in answers} <= {0, 1, 2}
    for answer in answers:
        assert CANARY not in answer.out + answer.err
    assert CANARY not in caplog.text
    assert CANARY not in repr(raw_rows(address))
    assert all(CANARY.encode() not in path.read_bytes() for path in Path().iterdir())


@pytest.mark.parametrize("name", every(12, COMMANDS))
def test_no_command_shows_it_when_the_database_cannot_be_used(name, address, invoke, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    Path("new.csv").write_text("a,b\n0,1\n")
    # With `--dry-run`, a study needs no database.
    words = [*name.split(), *(word for word in COMMANDS[name] if (name, word) != ("study", "--dry-run"))]
    for reason, wrong in wrong_addresses(address).items():
        answers = [invoke(*words, "--db", wrong)]
        with monkeypatch.context() as patched:
            patched.setenv("FITGAP_DB", wrong)
            answers.append(invoke(*words))
        for answer in answers:
            assert answer.code == (1 if name == "doctor" else 2), reason
            assert CANARY not in answer.out + answer.err, reason
            assert name == "doctor" or len(answer.err.splitlines()) == 1, reason
    assert CANARY not in caplog.text
    assert [path.name for path in Path().iterdir()] == ["new.csv"]


def test_copies_do_not_show_it(address, invoke):
    for arguments in ((address, "copy.db"), ("copy.db", address), (address, address), (address,), ("a", address, "b")):
        answer = invoke("db", "copy", *arguments)
        assert CANARY not in answer.out + answer.err
    for wrong in wrong_addresses(address).values():
        for arguments in ((wrong, "other.db"), ("copy.db", wrong)):
            answer = invoke("db", "copy", *arguments)
            assert answer.code == 2 and CANARY not in answer.out + answer.err


def test_a_bug_of_ours_does_not_show_it(address, monkeypatch):
    """The traceback of an unexpected error goes through all calls with the address."""

    def broken(*arguments):
        raise RuntimeError("a bug")

    from fitgap.runner.store.database import postgresql

    monkeypatch.setattr(postgresql, "check_server", broken)
    with pytest.raises(RuntimeError) as caught:
        open_store(address)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert "a bug" in "".join(traceback.format_exception(caught.value))


def descendants(process):
    """The ids of a process and all its descendants."""
    found = [process]
    for number in found:
        try:
            for task in Path(f"/proc/{number}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def shown_of(process):
    """What the system shows of a process: its command line and, to its owner, its environment."""
    try:
        return b"".join((Path("/proc") / str(process) / part).read_bytes() for part in ("cmdline", "environ"))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


@pytest.fixture
def ray_folder():
    """An empty folder for Ray's files, with a short path, because paths of its sockets must be short."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.nightly
def test_no_process_shows_it(address, ray_folder):
    """Neither the command nor Ray's processes, which inherit much from it, nor Ray's logs."""
    line = [COMMAND, "run", *COMMANDS["run"][:-1], "ray", "--workers", "1", "--repeats", "3", "--db", address]
    environment = {**os.environ, "FITGAP_DB": address, "TMPDIR": str(ray_folder)}
    seen, logs = {}, {}
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as ran:
        while ran.poll() is None:
            logs |= {path: CANARY.encode() in bytes_of(path) for path in files_in(ray_folder)}
            for number in descendants(ran.pid):
                # A process that has just ended shows nothing.
                if shown := shown_of(number):
                    seen.setdefault(number, []).append(shown)
            time.sleep(0.05)
        written = ran.stdout.read()
    assert ran.returncode == 0, written
    assert len(seen) > 5 and any(b"ray::" in each[-1] or b"raylet" in each[-1] for each in seen.values())
    for number, shown in seen.items():
        hits = sum(CANARY.encode() in each for each in shown)
        # Just after its start, the process does not run Python yet and cannot hide anything.
        assert hits == 0 or (number == ran.pid and CANARY.encode() not in shown[-1])
    assert CANARY.encode() not in written
    assert len(logs) > 5 and not any(logs.values())


def files_in(folder):
    """All files in a folder, without those that disappear meanwhile: Ray removes its own at the end."""
    paths = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return [path for path in paths if path.is_file()]


def bytes_of(path):
    """The content of a file; empty if it has been removed meanwhile."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


class Canary:
    """Unpickling it creates a folder."""

    def __reduce__(self):
        return os.mkdir, (str(Path.cwd() / "the canary was run"),)


def pickled_arrays():
    """Arrays as NumPy writes them if pickling is allowed."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=True, parameters=np.array([Canary()], dtype=object))
    return content.getvalue()


CONTENTS = {
    "pickle in arrays": pickled_arrays,
    "pickle": lambda: pickle.dumps(Canary()),
    "no arrays": lambda: b"PK broken",
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("content", every(2, CONTENTS))
def test_what_lies_in_the_place_of_arrays_is_never_run(content, database, invoke):
    Path("sweep.yaml").write_text("data: {source: xor}\ntraining: {epochs: 3, keep: last}\naxes: {architecture: [2]}\n")
    assert invoke("run", "sweep.yaml", "--name", "kept", "--engine", "local", "--db", database).code == 0
    engine = connect(database_url(database), read_only=False)
    with engine.begin() as connection:
        connection.execute(sa.update(snapshot).values(content=CONTENTS[content]()))
        connection.execute(sa.insert(state).values(trial_id=1, epoch=1, content=CONTENTS[content]()))
    answers = [invoke("export", "1", "-o", "model.npz", "--db", database)]
    with engine.begin() as connection:
        connection.execute(sa.update(trial).values(status="pending"))
    answers.append(invoke("resume", "kept", "--engine", "local", "--db", database))
    engine.dispose()
    for answer in answers:
        assert answer.code == 2
        assert "arrays in the database cannot be read: " in answer.err and len(answer.err.splitlines()) == 1
    assert not Path("the canary was run").exists()
