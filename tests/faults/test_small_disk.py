"""A real disk that is too small, a tmpfs of 8 MB: the command reports it in one line, and the sweep can be resumed
elsewhere.
"""

import shutil
import subprocess

import pytest
from fitgap.runner.errors import StoreError
from support.faults.commands import COMMAND, run
from support.faults.evidence import Evidence

# Free kilobytes on the disk before the sweep starts.
ROOM = (16, 48, 96, 256, 600, 1_500, 4_000, 8_192)
# Needs 12 MB.
SWEEP = """\
name: full
data: iris
repeats: 10
training: {epochs: 100}
axes:
  architecture: [4]
  activation: [relu, tanh, sigmoid]
  initializer: [he_normal, glorot_normal]
  optimizer: [{gradient_descent: {rate: [0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5]}}, {adam: {rate: [1e-3, 1e-2]}}]
"""
# In user and mount namespaces of its own, a process may mount, and no other process sees the mount.
ALONE = ("unshare", "--user", "--map-root-user", "--mount")
ON_SMALL_DISK = """
mount -t tmpfs -o size=8m tmpfs disk && cd disk && head -c $1k /dev/zero > filling
"$2" run ../full.yaml --engine local 2> ../err
code=$?
for file in fitgap.db*; do cp "$file" ../saved/; done
exit $code
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "full.yaml").write_text(SWEEP)
    assert run("run", "full.yaml", "--engine", "local", folder=folder)[0] == 0
    return Evidence(str(folder / "fitgap.db")).export


def can_mount(folder):
    """Whether this machine lets its users create namespaces of their own."""
    if shutil.which(ALONE[0]) is None:
        return False
    line = [*ALONE, "mount", "-t", "tmpfs", "tmpfs", folder]
    return subprocess.run(line, capture_output=True, check=False).returncode == 0


def planned_epochs(path):
    """The epochs in a database; None if it does not even have the sweep."""
    try:
        found = Evidence(str(path))
    except StoreError:
        return None
    return found.epochs if found.trials else None


@pytest.mark.nightly
@pytest.mark.parametrize("room", ROOM)
def test_a_sweep_on_a_disk_that_fills_up_goes_on_on_a_larger_one(room, undisturbed, tmp_path):
    for name in ("disk", "saved"):
        (tmp_path / name).mkdir()
    if not can_mount(tmp_path / "disk"):
        pytest.skip("this machine does not let its users mount anything, even in a namespace of their own")
    (tmp_path / "full.yaml").write_text(SWEEP)
    line = [*ALONE, "sh", "-c", ON_SMALL_DISK, "sh", str(8_192 - room), COMMAND]
    ended = subprocess.run(line, cwd=tmp_path, stdout=subprocess.DEVNULL, check=False)
    told = (tmp_path / "err").read_text()
    assert ended.returncode == 2 and "Traceback" not in told, told
    assert told.splitlines()[-1].startswith(
        "fitgap: the database fitgap.db has no space left on its disk; free some space"
    ), told
    saved = tmp_path / "saved" / "fitgap.db"
    before = planned_epochs(saved)
    verb = ("run", tmp_path / "full.yaml") if before is None else ("resume", "full")
    code, text = run(*verb, "--engine", "local", folder=saved.parent)
    assert code == 0, text
    found = Evidence(str(saved))
    print(f"{room} KB: {'no sweep' if before is None else len(before)} epochs were there")
    found.check_whole()
    assert (before or {}).items() <= found.epochs.items()
    assert found.export == undisturbed
