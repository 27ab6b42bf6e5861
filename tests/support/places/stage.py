"""The stage of a row: its own folders, copy of the database, and view of /tmp and /dev/shm."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from contextlib import closing, suppress
from pathlib import Path

COMMAND = Path(sys.executable).parent / "fitgap"
OTHER = "65534"
# Short, so that Ray's socket names fit below $TMPDIR.
PARENT = "/var/tmp"
GROUPS = Path("/sys/fs/cgroup")
DROP_EVERYTHING = "setpriv --inh-caps=-all --bounding-set=-all"
BECOME_OTHER = f"setpriv --reuid={OTHER} --regid={OTHER} --clear-groups --inh-caps=-all"
# Has its own /dev/shm, and a /tmp whose changes are kept in the stage. It lasts until its standard input is closed.
NAMESPACE = """
mount -t tmpfs tmpfs /dev/shm && mount -t overlay overlay \
 -o lowerdir=/tmp,upperdir="$1/slash-tmp/upper",workdir="$1/slash-tmp/work" /tmp
echo ready; read forever
"""


class Stage:
    """Folders for one row, and a mount namespace if this user may create one."""

    def __init__(self, template: Path):
        self.root = Path(tempfile.mkdtemp(prefix="fg", dir=PARENT))
        self.root.chmod(0o711)
        self.mark = uuid.uuid4().hex
        self.work, self.home, self.temporary = (self.root / name for name in ("work", "home", "tmp"))
        for folder in (self.home, self.temporary, self.root / "slash-tmp/upper", self.root / "slash-tmp/work"):
            folder.mkdir(parents=True)
        (self.root / "slash-tmp/upper").chmod(0o1777)
        shutil.copytree(template, self.work)
        self.holder = self._hold_namespace() if may_mount() else None

    def _hold_namespace(self) -> subprocess.Popen[str]:
        holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", NAMESPACE, "sh", self.root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout is not None and holder.stdout.readline() == "ready\n"
        return holder

    def close(self) -> None:
        if self.holder:
            self.holder.communicate()
        for group in GROUPS.glob(f"*/{self.mark}"):
            with suppress(OSError):
                group.rmdir()
        shutil.rmtree(self.root, ignore_errors=True)

    def inside(self, *line: object) -> list[str]:
        """A command line that runs inside the mounts of this stage."""
        entering = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt"] if self.holder else []
        return [*entering, *map(str, line)]

    def seen_from_outside(self, path: str) -> str:
        """The path of a file in this stage for processes that do not see its mounts."""
        return f"/proc/{self.holder.pid}/root{path}" if self.holder else path

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a command: typical variables only, none inherited from this process."""
        return {
            "PATH": f"{COMMAND.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "STAGE": str(self.root),
            "WORK": str(self.work),
            "OTHER": OTHER,
            "NOBODY": BECOME_OTHER,
            "UNPRIVILEGED": DROP_EVERYTHING if os.getuid() == 0 else "",
            "REACH": way_to_python(self.root),
            "GROUPS_FOLDER": str(GROUPS),
            "FITGAP_PLACE": self.mark,
            "OPENBLAS_NUM_THREADS": "1",
            # The checkout may be in /tmp.
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def contents(self) -> set[str]:
        """Every path in the folders of this stage, /tmp and /dev/shm."""
        listed = subprocess.run(self.inside("sh", "-c", LISTING, "sh"), env=self.variables, capture_output=True)
        return {os.fsdecode(path) for path in listed.stdout.split(b"\0") if path}

    def databases(self) -> list[str]:
        """The paths of the databases, as seen from outside, wherever they have been moved."""
        return [
            self.seen_from_outside(path)
            for path in self.contents()
            if os.path.basename(path) in ("fitgap.db", "real.db") and not os.path.islink(path)
        ]

    def rows(self, sweep: str) -> list[tuple[object, ...]]:
        """The results of a sweep to the last bit, without times and drivers."""
        found: list[tuple[object, ...]] = []
        for database in self.databases():
            with closing(sqlite3.connect(database)) as connection:
                found += connection.execute(FOUND, (sweep,)).fetchall()
        return found


LISTING = """
find "$STAGE" -path "$STAGE/slash-tmp/work" -prune -o -print0
test "$(cat /proc/self/mountinfo 2>/dev/null | grep -c "$STAGE/slash-tmp")" = 0 || find /dev/shm -mindepth 1 -print0
"""
FOUND = """
SELECT trial.configuration_id - (SELECT min(configuration_id) FROM trial AS first WHERE first.sweep_id = sweep.id),
       repeat, status, epochs, e_t, e_v, best_epoch, best_e_v
FROM trial JOIN sweep ON sweep.id = trial.sweep_id WHERE sweep.name = ? ORDER BY 1, 2
"""


def may_mount() -> bool:
    """Whether this user can create a mount namespace."""
    return os.getuid() == 0 and bool(shutil.which("unshare")) and works("unshare", "--mount", "true")


def may_change_user() -> bool:
    return os.getuid() == 0 and works(*BECOME_OTHER.split(), "true")


def may_make_groups() -> bool:
    """Whether this user can create control groups for memory and processor time."""
    return all(os.access(GROUPS / kind, os.W_OK) for kind in ("memory", "cpu")) and os.getuid() == 0


def works(*line: str) -> bool:
    with suppress(OSError):
        return subprocess.run(line, capture_output=True, check=False).returncode == 0
    return False


def way_to_python(stage: Path) -> str:
    """Shell lines for a mount namespace that make this Python accessible to every user; it may be in someone's home."""
    base = Path(sys.base_prefix)
    closed = [folder for folder in base.parents if not folder.stat().st_mode & 0o001]
    if not closed:
        return ""
    return (
        f"mkdir -p {stage}/python; mount --bind {base} {stage}/python; mount -t tmpfs -o mode=755 tmpfs {closed[-1]}; "
        f"mkdir -p {base}; mount --bind {stage}/python {base}; umount {stage}/python; rmdir {stage}/python"
    )
