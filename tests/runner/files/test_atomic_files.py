"""Files that appear only once they are complete: under a free name or replacing another, never over a foreign file."""

import os
import subprocess
import sys

import pytest
from fitgap.runner.files import atomic_files
from fitgap.runner.files.atomic_files import give_rights, leftovers, publish, publish_free, put_in_place, staging_folder

# Begins to write next to a file and is killed.
DIES = """
import os, sys
from pathlib import Path
from fitgap.runner.files.atomic_files import staging_folder
with staging_folder(Path(sys.argv[1])) as folder:
    (folder / "part").write_text("half")
    os.kill(os.getpid(), 9)
"""


def test_a_workshop_is_private_and_gone_afterwards(tmp_path):
    with staging_folder(tmp_path / "answer") as folder:
        assert folder.parent == tmp_path and folder.stat().st_mode & 0o777 == 0o700
        (folder / "part").write_text("x")
        assert leftovers(tmp_path) == []
    with pytest.raises(ValueError), staging_folder(tmp_path / "answer"):
        raise ValueError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_leaves_is_recognized(tmp_path):
    done = subprocess.run([sys.executable, "-c", DIES, tmp_path / "answer"], check=False)
    assert done.returncode == -9
    (left,) = tmp_path.iterdir()
    (tmp_path / ".fitgap-mine.part").mkdir(mode=0o755)
    (tmp_path / ".fitgap-link.part").symlink_to(left)
    assert leftovers(tmp_path) == [left]


@pytest.mark.parametrize("can_move", [True, False])
def test_a_name_that_is_taken_is_never_written_over(can_move, tmp_path, monkeypatch):
    if not can_move:
        monkeypatch.setattr(atomic_files, "moved_without_replacing", lambda part, target: False)
    part, taken = tmp_path / "part", tmp_path / "taken"
    part.write_text("new")
    taken.write_text("old")
    (tmp_path / "taken-2").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        publish(part, taken)
    with pytest.raises(FileExistsError):
        publish(part, tmp_path / "taken-2")
    assert publish_free(part, taken) == tmp_path / "taken-3"
    assert (taken.read_text(), (tmp_path / "taken-3").read_text()) == ("old", "new")
    assert not part.exists() and (tmp_path / "taken-2").is_symlink()


def test_a_file_takes_the_place_of_another(tmp_path):
    (tmp_path / "part").write_text("new")
    (tmp_path / "answer").write_text("old")
    put_in_place(tmp_path / "part", tmp_path / "answer")
    assert (tmp_path / "answer").read_text() == "new" and not (tmp_path / "part").exists()


def test_rights_are_those_of_the_other_file(tmp_path):
    for mode in (0o600, 0o640, 0o664, 0o444):
        (tmp_path / "like").touch()
        (tmp_path / "like").chmod(mode)
        (tmp_path / "part").touch()
        give_rights(tmp_path / "part", tmp_path / "like")
        assert (tmp_path / "part").stat().st_mode & 0o777 == mode
        (tmp_path / "like").unlink()


@pytest.mark.parametrize("foreign", [True, False])
def test_what_a_group_may_is_not_given_to_another_group(foreign, tmp_path, monkeypatch):
    (tmp_path / "like").touch()
    (tmp_path / "like").chmod(0o664)
    if foreign:
        monkeypatch.setattr(atomic_files, "change_owner", lambda path, owner, group: False)
        found = os.stat_result([*os.stat(tmp_path / "like")[:5], 54321, *os.stat(tmp_path / "like")[6:]])
        monkeypatch.setattr(type(tmp_path), "stat", lambda path: found if path.name == "like" else os.stat(path))
    (tmp_path / "part").touch()
    give_rights(tmp_path / "part", tmp_path / "like")
    assert os.stat(tmp_path / "part").st_mode & 0o777 == (0o604 if foreign else 0o664)
