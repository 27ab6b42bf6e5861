"""Private folders are created only where no other user can access them, and where Ray's sockets fit."""

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fitgap.runner.errors import EngineError
from fitgap.runner.files import private_folder
from fitgap.runner.files.private_folder import make_private_folder, why_not_safe

ROOT = 0
ME = os.geteuid()


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short and suitable folder, the only candidate besides TMPDIR."""
    with tempfile.TemporaryDirectory(prefix="u", dir="/tmp") as folder:
        place = Path(folder)
        monkeypatch.setattr(private_folder, "usual_folder", lambda: None)
        monkeypatch.setattr(private_folder, "USUAL_PLACES", (str(place),))
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        monkeypatch.delenv("TMPDIR", raising=False)
        yield place


def test_the_folder_is_fresh_private_and_where_tmpdir_says(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = usual / "mine"
    mine.mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(mine))
    first, second = make_private_folder(), make_private_folder("other-", longest=60)
    assert first != second
    assert first.parent == second.parent == mine.resolve()
    assert second.name.startswith("other-")
    assert [stat.S_IMODE(each.stat().st_mode) for each in (first, second)] == [0o700, 0o700]
    assert list(first.iterdir()) == list(second.iterdir()) == []


@pytest.mark.parametrize("name", ["with space", "größe", "a:b", "a'b", "new\nline", "x" * 100, "missing/folder"])
def test_an_unsuitable_tmpdir_is_passed_over(usual: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    unsuitable = usual / name
    if "missing" not in name:
        unsuitable.mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(unsuitable))
    assert make_private_folder(longest=60).parent == usual.resolve()


def test_a_tmpdir_that_is_a_file_is_passed_over(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (usual / "file").touch()
    monkeypatch.setenv("TMPDIR", str(usual / "file"))
    assert make_private_folder().parent == usual.resolve()


def test_a_relative_tmpdir_in_a_deleted_current_folder_is_passed_over(
    usual: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = usual / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setenv("TMPDIR", "here")
    assert make_private_folder().parent == usual.resolve()


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_may_write_to_needs_a_sticky_bit(
    usual: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    shared = usual / "shared"
    shared.mkdir()
    monkeypatch.setenv("TMPDIR", str(shared))
    shared.chmod(mode)
    assert make_private_folder().parent == usual.resolve()
    shared.chmod(mode | stat.S_ISVTX)
    assert make_private_folder().parent == shared.resolve()


def test_a_private_folder_within_one_that_others_may_write_to_is_passed_over(
    usual: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = usual / "shared" / "mine"
    inner.mkdir(parents=True, mode=0o700)
    inner.parent.chmod(0o777)
    monkeypatch.setenv("TMPDIR", str(inner))
    assert make_private_folder().parent == usual.resolve()


def test_a_link_is_followed_before_its_target_is_judged(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, link = usual / "target", usual / "a link"
    target.mkdir(mode=0o700)
    link.symlink_to(target)
    monkeypatch.setenv("TMPDIR", str(link))
    assert make_private_folder().parent == target.resolve()
    target.chmod(0o777)
    assert make_private_folder().parent == usual.resolve()


def test_a_folder_of_another_user_is_not_safe(usual: Path) -> None:
    other = frozenset({ME + 1, ROOT}) if ME != ROOT else frozenset({1})
    assert "belongs to another user" in str(why_not_safe(usual.resolve(), other))
    assert why_not_safe(usual.resolve(), frozenset({ME, ROOT})) is None


def test_a_umask_that_denies_everything_does_no_harm(usual: Path) -> None:
    before = os.umask(0o777)
    try:
        folder = make_private_folder(longest=60)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_full_disk_is_passed_over(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = usual / "full"
    full.mkdir()
    monkeypatch.setenv("TMPDIR", str(full))
    monkeypatch.setattr(
        private_folder, "why_full", lambda folder: "is on a full disk" if folder.name == "full" else None
    )
    assert make_private_folder().parent == usual.resolve()


def test_a_file_system_without_sockets_is_passed_over_and_left_clean(
    usual: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = usual / "plain"
    plain.mkdir()
    monkeypatch.setenv("TMPDIR", str(plain))

    class Socket(socket.socket):
        def bind(self, address: object) -> None:
            if "plain" in str(address):
                raise PermissionError(1, "Operation not permitted")
            super().bind(address)

    monkeypatch.setattr(private_folder.socket, "socket", Socket)
    assert make_private_folder(longest=60).parent == usual.resolve()
    assert list(plain.iterdir()) == []
    # If it need not hold sockets, it is as good as any.
    assert make_private_folder().parent == plain.resolve()


def test_nothing_suitable_is_one_line_that_names_every_reason(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual.chmod(0o777)
    monkeypatch.setenv("TMPDIR", "/missing\nfolder")
    with pytest.raises(EngineError) as caught:
        make_private_folder()
    text = str(caught.value)
    assert "\n" not in text
    assert "No such file or directory" in text
    assert f"'{usual}' can be written to by other users" in text
    assert "set TMPDIR" in text


def test_the_current_folder_is_never_used_for_want_of_another(
    usual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(private_folder.tempfile, "gettempdir", os.getcwd)
    assert private_folder.usual_folder() is None
