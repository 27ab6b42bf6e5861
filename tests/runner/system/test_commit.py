"""The commit around the current folder is told as git would, and nothing that the folder names is ever run."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from fitgap.runner.system import commit, programs
from fitgap.runner.system.commit import describe_commit

COMMITTING = ("-c", "user.name=someone", "-c", "user.email=someone@example.org", "-c", "commit.gpgsign=false")
UNKNOWN = {"git_commit": None, "git_changed": None}


def git(*arguments):
    allowed = ("-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *COMMITTING, *allowed, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(own_folder):
    """A repository with one commit around the current folder; gives the commit."""
    git("init", "--quiet")
    Path("tracked").write_text("one")
    git("add", "tracked")
    git("commit", "--quiet", "--message", "first")
    return git("rev-parse", "HEAD")


@pytest.fixture
def canary(own_folder):
    """A program outside of what is tracked; gives its path, next to which a file appears when it has run."""
    program = own_folder / "canary"
    program.write_text(f"#!/bin/sh\necho ran >> {own_folder}/ran\nexit 1\n")
    program.chmod(0o755)
    return program


def has_run():
    return Path("ran").exists()


def touch_tracked():
    """Write the same to a tracked file, so that git has to look into it."""
    Path("tracked").write_text("one")
    os.utime("tracked", (1, 1))


# What a folder can name to have it run when git looks at it.


def clean_filter(canary):
    git("config", "filter.evil.clean", str(canary))
    Path(".gitattributes").write_text("* filter=evil\n")


def process_filter(canary):
    git("config", "filter.evil.process", str(canary))
    git("config", "filter.evil.required", "true")
    Path(".gitattributes").write_text("* filter=evil\n")


def filter_of_untracked_attributes(canary):
    git("config", "filter.evil.clean", str(canary))
    Path(".git/info").mkdir(exist_ok=True)
    Path(".git/info/attributes").write_text("* filter=evil\n")


def filter_of_an_included_file(canary):
    Path(".git/more").write_text(f'[filter "evil"]\nclean = {canary}\n')
    git("config", "include.path", "more")
    Path(".gitattributes").write_text("* filter=evil\n")


def filter_of_the_work_tree(canary):
    git("config", "extensions.worktreeConfig", "true")
    git("config", "--worktree", "filter.evil.clean", str(canary))
    Path(".gitattributes").write_text("* filter=evil\n")


def attributes_named_by_the_configuration(canary):
    Path("names").write_text("* filter=evil\n")
    git("config", "core.attributesFile", os.path.abspath("names"))
    git("config", "filter.evil.clean", str(canary))


def filter_with_an_odd_name(canary):
    git("config", 'filter.e v\ti.l=".clean', str(canary))
    Path(".git/config").write_text(Path(".git/config").read_text() + f'[FILTER "x.y"]\nCLEAN = {canary}\n')
    Path(".gitattributes").write_text("* filter=x.y\n")


def monitor(canary):
    git("config", "core.fsmonitor", str(canary))


def hooks(canary):
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "pre-auto-gc"):
        shutil.copy(canary, f".git/hooks/{name}")


def hooks_elsewhere(canary):
    shutil.copy(canary, "post-index-change")
    git("config", "core.hooksPath", os.path.abspath("."))


def differences(canary):
    git("config", "diff.external", str(canary))
    git("config", "diff.evil.textconv", str(canary))
    git("config", "diff.evil.command", str(canary))
    Path(".gitattributes").write_text("* diff=evil\n")


def commands(canary):
    for name in ("core.pager", "core.editor", "core.askPass", "credential.helper", "core.gitProxy", "gpg.program"):
        git("config", name, str(canary))
    git("config", "alias.status", f"!{canary}")
    git("config", "pager.status", str(canary))


def partial_clone(canary):
    """Its tree is missing, and would be fetched."""
    git("config", "core.repositoryFormatVersion", "1")
    git("config", "extensions.partialClone", "origin")
    git("config", "remote.origin.promisor", "true")
    git("config", "remote.origin.url", "ssh://localhost/nowhere")
    git("config", "core.sshCommand", str(canary))
    remove_object(git("rev-parse", "HEAD^{tree}"))
    Path("added").write_text("x")
    git("update-index", "--add", "--cacheinfo", f"100644,{'1' * 40},added")


def remove_object(name):
    Path(".git/objects", name[:2], name[2:]).unlink()


def submodule(canary):
    git("init", "--quiet", "inner")
    Path("inner/tracked").write_text("one")
    git("-C", "inner", "add", "tracked")
    git("-C", "inner", "commit", "--quiet", "--message", "inner")
    git("add", "inner")
    git("commit", "--quiet", "--message", "with a submodule")
    git("-C", "inner", "config", "core.fsmonitor", str(canary))
    Path(".gitmodules").write_text('[submodule "inner"]\npath = inner\nurl = ./inner\nignore = none\n')


BITES = (
    *(clean_filter, process_filter, filter_of_untracked_attributes, filter_of_an_included_file),
    *(filter_of_the_work_tree, attributes_named_by_the_configuration, filter_with_an_odd_name, monitor),
    *(hooks, hooks_elsewhere, partial_clone, submodule),
)
QUIET = (differences, commands)


@pytest.mark.parametrize("trap", [*BITES, *QUIET], ids=lambda trap: trap.__name__)
def test_nothing_that_a_repository_names_is_run(trap, repository, canary):
    trap(canary)
    touch_tracked()
    here = git("rev-parse", "HEAD")
    Path("ran").unlink(missing_ok=True)
    assert describe_commit()["git_commit"] == here
    assert not has_run()


@pytest.mark.parametrize("trap", BITES, ids=lambda trap: trap.__name__)
def test_the_traps_of_these_tests_do_catch_git(trap, repository, canary):
    trap(canary)
    touch_tracked()
    status = ["git", "status", "--porcelain"]
    subprocess.run(status, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
    assert has_run()


def test_a_repository_around_the_current_folder_is_no_more_trusted(repository, canary, monkeypatch):
    clean_filter(canary)
    touch_tracked()
    Path("deep/folder").mkdir(parents=True)
    monkeypatch.chdir("deep/folder")
    assert describe_commit()["git_commit"] == repository
    assert not Path("../../ran").exists()


def test_a_bare_repository_among_the_files_is_not_looked_at(repository, canary, monkeypatch):
    git("clone", "--quiet", "--bare", ".", "bare")
    git("-C", "bare", "config", "core.fsmonitor", str(canary))
    git("-C", "bare", "config", "core.bare", "false")
    git("-C", "bare", "config", "core.worktree", "..")
    monkeypatch.chdir("bare")
    assert describe_commit()["git_commit"] == repository
    assert not Path("../ran").exists()


def test_a_git_in_the_current_folder_is_not_run(repository, canary, monkeypatch):
    canary.rename("git")
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    assert describe_commit() == {"git_commit": repository, "git_changed": False}
    assert not has_run()


@pytest.mark.parametrize("variable", ["GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_ASKPASS"])
def test_programs_in_the_environment_are_not_run(variable, repository, canary, monkeypatch):
    monkeypatch.setenv(variable, str(canary))
    assert describe_commit() == {"git_commit": repository, "git_changed": False}
    assert not has_run()


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
    # A repository cannot trust itself.
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
