"""The commit of the current folder is reported as by git."""

import os
import time
from pathlib import Path

import pytest
from fitgap.runner.system import commit, programs
from fitgap.runner.system.commit import describe_commit
from support.system.git_traps import clean_filter, git, touch_tracked

UNKNOWN = {"git_commit": None, "git_changed": None}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *(("GIT_DIR", "/missing"), ("GIT_DIR", "elsewhere/.git"), ("GIT_WORK_TREE", "elsewhere")),
        *(("GIT_INDEX_FILE", "/dev/null"), ("GIT_OBJECT_DIRECTORY", "/"), ("GIT_CONFIG_COUNT", "x")),
        *(("GIT_CONFIG_PARAMETERS", "'core.bare=true'"), ("GIT_CEILING_DIRECTORIES", "/"), ("GIT_NAMESPACE", "x")),
    ],
)
def test_the_environment_does_not_mislead(variable, value, repository, monkeypatch):
    git("init", "--quiet", "elsewhere")
    monkeypatch.setenv(variable, value)
    assert describe_commit() == {"git_commit": repository, "git_changed": False}


def test_there_is_no_commit_outside_a_repository(own_folder):
    assert describe_commit() == UNKNOWN


def test_there_is_no_commit_before_the_first(own_folder):
    git("init", "--quiet")
    assert describe_commit() == UNKNOWN


def test_the_commit_is_that_of_the_current_folder(repository):
    assert describe_commit() == {"git_commit": repository, "git_changed": False}


def test_a_changed_tracked_file_is_noticed_and_a_new_one_is_not(repository):
    Path("untracked").write_text("one")
    assert describe_commit()["git_changed"] is False
    Path("tracked").write_text("two")
    assert describe_commit()["git_changed"] is True


def change_index():
    Path("tracked").write_text("two")
    git("add", "tracked")
    Path("tracked").write_text("one")


def add_file():
    Path("new").write_text("")
    git("add", "new")


@pytest.mark.parametrize(
    "change",
    [change_index, add_file, lambda: Path("tracked").unlink(), lambda: Path("tracked").chmod(0o755)],
    ids=["index", "added", "removed", "mode"],
)
def test_every_change_of_what_is_tracked_is_noticed(change, repository):
    change()
    assert describe_commit()["git_changed"] is True


def test_a_file_that_was_only_touched_has_not_changed(repository):
    touch_tracked()
    assert describe_commit()["git_changed"] is False


def test_where_only_a_filter_could_tell_there_is_no_answer(repository, canary):
    clean_filter(canary)
    Path("tracked").write_text("two")
    assert describe_commit() == {"git_commit": repository, "git_changed": None}


def test_a_change_beside_what_a_filter_hides_is_noticed(repository, canary):
    git("config", "filter.evil.clean", str(canary))
    Path(".gitattributes").write_text("hidden filter=evil\n")
    Path("hidden").write_text("x")
    git("add", "hidden")
    git("commit", "--quiet", "--message", "second")
    for name in ("hidden", "tracked"):
        Path(name).write_text("three")
    assert describe_commit()["git_changed"] is True


def test_settings_that_name_no_program_hold(repository):
    git("config", "core.fileMode", "false")
    Path("tracked").chmod(0o755)
    assert describe_commit()["git_changed"] is False


def test_packed_and_annotated_references_are_found(repository):
    git("tag", "--annotate", "--message", "x", "release")
    git("pack-refs", "--all")
    git("gc", "--quiet")
    assert describe_commit() == {"git_commit": repository, "git_changed": False}


def test_a_commit_without_a_branch_is_found(repository):
    git("checkout", "--quiet", "--detach")
    assert describe_commit() == {"git_commit": repository, "git_changed": False}


def test_a_work_tree_of_its_own_is_found(repository, monkeypatch):
    git("worktree", "add", "--quiet", "-b", "side", "side")
    monkeypatch.chdir("side")
    Path("more").write_text("x")
    git("add", "more")
    git("commit", "--quiet", "--message", "second")
    here = git("rev-parse", "HEAD")
    assert here != repository
    assert describe_commit() == {"git_commit": here, "git_changed": False}


def test_a_submodule_has_a_commit_of_its_own(repository, monkeypatch):
    git("clone", "--quiet", ".", "../source")
    git("submodule", "--quiet", "add", "../source", "inner")
    monkeypatch.chdir("inner")
    assert describe_commit() == {"git_commit": repository, "git_changed": False}


def test_a_repository_with_longer_hashes_is_found(own_folder):
    git("init", "--quiet", "--object-format=sha256")
    git("commit", "--quiet", "--allow-empty", "--message", "first")
    assert describe_commit() == {"git_commit": git("rev-parse", "HEAD"), "git_changed": False}


@pytest.mark.parametrize("name", ["with space", "größe", 'quo"te', "new\nline", "-c", "back\\slash"])
def test_any_name_of_a_folder_will_do(name, own_folder, monkeypatch):
    git("init", "--quiet", "--", f"./{name}")
    monkeypatch.chdir(name)
    git("commit", "--quiet", "--allow-empty", "--message", "first")
    assert describe_commit() == {"git_commit": git("rev-parse", "HEAD"), "git_changed": False}


def test_nothing_is_written_to_the_repository_and_nothing_is_left_behind(repository, own_folder, monkeypatch):
    temporary = own_folder.parent / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(commit.tempfile, "tempdir", str(temporary))
    touch_tracked()
    before = {path: path.stat().st_mtime_ns for path in own_folder.rglob("*")}
    describe_commit()
    assert {path: path.stat().st_mtime_ns for path in own_folder.rglob("*")} == before
    assert not list(temporary.iterdir())


def test_without_git_the_commit_is_known_and_changes_are_not(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))
    assert describe_commit() == {"git_commit": repository, "git_changed": None}


def test_a_git_that_does_not_answer_is_not_waited_for(repository, tmp_path, monkeypatch):
    program = tmp_path / "programs/git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(programs, "TIMEOUT_SECONDS", 0.2)
    began = time.monotonic()
    assert describe_commit() == {"git_commit": repository, "git_changed": None}
    assert time.monotonic() - began < 30


def test_a_temporary_folder_that_takes_no_file_leaves_changes_unknown(repository, monkeypatch):
    monkeypatch.setattr(commit.tempfile, "tempdir", "/proc")
    assert describe_commit() == {"git_commit": repository, "git_changed": None}


def test_a_folder_that_is_gone_has_no_commit(repository, monkeypatch):
    Path("gone").mkdir()
    monkeypatch.chdir("gone")
    Path("../gone").rmdir()
    assert describe_commit() == UNKNOWN


@pytest.mark.parametrize("part", [".", ".git"])
def test_a_repository_of_another_user_has_no_commit(part, repository, monkeypatch):
    if os.geteuid() == 0:
        os.chown(part, 12345, -1)
    else:
        own = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert describe_commit() == UNKNOWN


@pytest.mark.parametrize(
    ("trusted", "is_known"),
    [(["*"], True), (["{here}"], True), (["/other"], False), (["{here}", ""], False), (["", "~/repository"], True)],
)
def test_a_repository_of_another_user_that_the_user_trusts_has_one(
    trusted, is_known, repository, own_folder, tmp_path_factory, monkeypatch
):
    values = "".join(f'directory = "{value.format(here=own_folder)}"\n' for value in trusted)
    home = tmp_path_factory.mktemp("home")
    (home / "repository").symlink_to(own_folder)
    (home / ".gitconfig").write_text(f"[safe]\n{values}")
    # A repository cannot declare itself safe.
    git("config", "safe.directory", "*")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(commit, "is_own", lambda path: False)
    assert describe_commit()["git_commit"] == (repository if is_known else None)


def replace_head(content):
    Path(".git/HEAD").unlink()
    if content is None:
        os.mkfifo(".git/HEAD")
    else:
        Path(".git/HEAD").write_bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        *(None, b"", b"garbage", b"\xff\xfe\x00", b"ref:", b"ref: refs/heads/missing", b"0" * 41),
        *(b"ref: refs/../../outside", b"ref: ../../outside", b"ref: /etc/hostname", b"ref: HEAD", b"x" * 10**6),
        *(b"ref: refs/heads/a\x00b", b"ref: refs/heads", b"ref: refs/heads/" + b"x" * 3000),
    ],
)
def test_a_damaged_head_has_no_commit(content, repository, own_folder):
    (own_folder / "outside").write_text("1" * 40)
    replace_head(content)
    assert describe_commit() == UNKNOWN


def test_references_that_lead_in_a_circle_have_no_commit(repository):
    for name, other in (("a", "b"), ("b", "a")):
        Path(f".git/refs/heads/{name}").write_text(f"ref: refs/heads/{other}\n")
    replace_head(b"ref: refs/heads/a\n")
    assert describe_commit() == UNKNOWN


@pytest.mark.parametrize("content", ["", "gitdir: /missing", "gitdir: \0", "x" * 10**6, "gitdir: ."])
def test_a_damaged_link_to_the_repository_has_no_commit(content, own_folder):
    Path(".git").write_text(content)
    assert describe_commit() == UNKNOWN


def test_a_pipe_for_configuration_is_not_waited_for(repository, monkeypatch):
    monkeypatch.setattr(programs, "TIMEOUT_SECONDS", 0.2)
    Path(".git/config").unlink()
    os.mkfifo(".git/config")
    assert describe_commit()["git_commit"] == repository
