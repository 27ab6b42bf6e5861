"""File systems: of which kind the one under a folder is, and which kinds lie on other machines."""

import re
from pathlib import Path

from fitgap.runner.system.programs import answer_of

MOUNTS = Path("/proc/self/mountinfo")
# Whose locks and shared memory do not hold between machines, or not at all.
NETWORK = (
    *("acfs", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs"),
    *("nfs", "nfs4", "smb2", "smb3", "smbfs", "webdav"),
    *("fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
)


def is_network(kind: str) -> bool:
    """Whether files of this kind of file system lie on another machine."""
    return kind in NETWORK


def file_system_of(folder: Path) -> str | None:
    """The kind of file system that a folder is on, such as `ext4` or `nfs4`; None where the system does not tell."""
    path = folder.resolve()
    found: tuple[int, str] | None = None
    for mounted_at, kind in mounts():
        # The longest one holds, and of two in the same place the later, which lies over the earlier.
        if path.is_relative_to(mounted_at) and (found is None or len(mounted_at.parts) >= found[0]):
            found = len(mounted_at.parts), kind
    return found[1] if found else None


def mounts() -> list[tuple[Path, str]]:
    """Every folder at which a file system is mounted, with its kind."""
    try:
        lines = MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        # macOS writes `//server/share on /Volumes/share (smbfs, nodev, …)`.
        found = re.findall(r" on (/.*) \(([^,)]+)", answer_of("mount") or "")
        return [(Path(folder), kind) for folder, kind in found]
    return [mount_of(line) for line in lines if " - " in line]


def mount_of(line: str) -> tuple[Path, str]:
    """The folder and the kind in a line of Linux's table, where a blank in a path is written `\\040`."""
    before, _, after = line.partition(" - ")
    folder = re.sub(r"\\([0-7]{3})", lambda escape: chr(int(escape[1], 8)), before.split()[4])
    return Path(folder), after.split()[0]
