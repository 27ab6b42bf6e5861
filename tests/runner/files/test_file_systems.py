"""The file system under a folder, from the tables of Linux and macOS."""

from pathlib import Path

import pytest
from fitgap.runner.files import file_systems
from fitgap.runner.files.file_systems import file_system_of, is_network

LINUX = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:30 / /mnt/home rw - nfs4 server:/home rw,vers=4.2
31 30 0:31 / /mnt/home/local rw - xfs /dev/vdb rw
32 27 0:32 / /mnt/my\\040share rw master:2 - cifs //server/share rw
33 27 0:33 / /mnt/twice rw - nfs server:/a rw
34 33 0:34 / /mnt/twice rw - tmpfs tmpfs rw
a line of another kind
"""
MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//guest@server/share on /Volumes/share (smbfs, nodev, nosuid, mounted by someone)
"""


@pytest.fixture
def linux(tmp_path, monkeypatch):
    monkeypatch.setattr(file_systems, "MOUNTS", tmp_path / "mountinfo")
    file_systems.MOUNTS.write_text(LINUX)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/mnt", "ext4"),
        ("/mnt/homeless", "ext4"),
        ("/mnt/home", "nfs4"),
        ("/mnt/home/someone/sweeps", "nfs4"),
        ("/mnt/home/local/sweeps", "xfs"),
        ("/mnt/my share/sweeps", "cifs"),
        ("/mnt/twice", "tmpfs"),
    ],
)
def test_linux(folder, kind, linux):
    assert file_system_of(Path(folder)) == kind


def test_a_link_is_followed(linux, tmp_path):
    (tmp_path / "link").symlink_to("/mnt/home")
    assert file_system_of(tmp_path / "link") == "nfs4"


@pytest.mark.parametrize(("folder", "kind"), [("/Users/someone", "apfs"), ("/Volumes/share/sweeps", "smbfs")])
def test_macos(folder, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(file_systems, "MOUNTS", tmp_path / "missing")
    monkeypatch.setattr(file_systems, "output_of", lambda command: MACOS)
    assert file_system_of(Path(folder)) == kind


def test_where_nothing_tells_it_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(file_systems, "MOUNTS", tmp_path / "missing")
    monkeypatch.setattr(file_systems, "output_of", lambda command: None)
    assert file_system_of(tmp_path) is None


def test_this_machine_tells():
    assert file_system_of(Path("/proc/self")) == "proc"


@pytest.mark.parametrize(("kind", "expected"), [("nfs", True), ("smbfs", True), ("ext4", False), ("apfs", False)])
def test_network(kind, expected):
    assert is_network(kind) is expected
