"""The git commit of the current folder, found without executing programs that the repository configures.

A repository's configuration can name programs: filters, monitors, hooks, remote helpers. So the commit is read from its
files. To find out whether files have changed, git runs in an empty repository that borrows objects and index but has a
safe configuration.
"""

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fitgap.runner.system.programs import output_of

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
MOST_BYTES = 2**12
# `packed-refs` contains all branches and tags.
MOST_PACKED_BYTES = 2**26
MOST_SYMBOLIC_STEPS = 5
# Settings that affect what counts as a change and cannot name programs, with their possible values.
HARMLESS = (
    *("core.autocrlf", "core.eol", "core.filemode", "core.ignorecase", "core.precomposeunicode", "core.symlinks"),
    "extensions.objectformat",
)
HARMLESS_VALUE = re.compile(r"[A-Za-z0-9]{1,10}")
MOST_DOUBTFUL = 500
# The prefix of git's environment variables.
GIT_VARIABLE = "GIT_"


@dataclass(frozen=True)
class Repository:
    """A work tree, its git folder, and the git folder that it shares with other work trees."""

    work_tree: Path
    git: Path
    common: Path


def describe_commit() -> dict[str, str | bool | None]:
    """The commit of the current folder's repository, and whether tracked files differ from it."""
    repository = commit = None
    try:
        repository = find_repository(Path.cwd())
        commit = commit_of(repository) if repository else None
    # The folder is gone, unreadable or has invalid names.
    except (OSError, ValueError, RuntimeError):
        pass
    if repository is None or commit is None:
        return {"git_commit": None, "git_changed": None}
    return {"git_commit": commit, "git_changed": is_changed(repository, commit)}


def find_repository(folder: Path) -> Repository | None:
    """The repository that contains a folder, on the same file system; None if there is no trusted one."""
    device = folder.stat().st_dev
    for work_tree in (folder, *folder.parents):
        if work_tree.stat().st_dev != device:
            return None
        if (work_tree / ".git").exists():
            return repository_at(work_tree)
    return None


def repository_at(work_tree: Path) -> Repository | None:
    marker = work_tree / ".git"
    git = marker
    if not marker.is_dir():
        # A linked work tree, or a submodule.
        name = text_of(marker).removeprefix("gitdir:").strip()
        git = work_tree / name
    shared = text_of(git / "commondir").strip()
    repository = Repository(work_tree, git.resolve(), (git / shared).resolve())
    parts = {work_tree, marker, repository.git, repository.common}
    return repository if all(map(is_own, parts)) or is_trusted(work_tree) else None


def is_own(path: Path) -> bool:
    return path.stat().st_uid == os.geteuid()


def is_trusted(work_tree: Path) -> bool:
    """Whether the user has declared another user's repository safe (`safe.directory`)."""
    reading = ("config", "--type=path", "--null", "--get-all", "safe.directory")
    answers = [output_of("git", *scope, environment=own_environment(), folder=Path("/")) for scope in scopes(reading)]
    trusted: list[str] = []
    for value in "".join(filter(None, answers)).split("\0")[:-1]:
        # An empty value resets the list.
        trusted = [*trusted, value] if value else []
    return "*" in trusted or work_tree.resolve() in {Path(each).resolve() for each in trusted}


def scopes(reading: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The command for the system configuration, then for the user's; never for a repository's."""
    for scope in ("--system", "--global"):
        yield (reading[0], scope, *reading[1:])


def own_environment() -> dict[str, str]:
    """The user's variables without git's, which may refer to another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith(GIT_VARIABLE)}


def commit_of(repository: Repository) -> str | None:
    """The commit of HEAD; None if it cannot be resolved."""
    name = "HEAD"
    for _ in range(MOST_SYMBOLIC_STEPS):
        text = reference(repository, name)
        if COMMIT.fullmatch(text):
            return text
        name = text.removeprefix("ref:").strip()
        if not name.startswith("refs/") or ".." in name:
            return None
    return None


def reference(repository: Repository, name: str) -> str:
    """The content of a reference: a commit, or another reference after `ref:`; "" if it is missing."""
    loose = text_of(repository.git / name) or text_of(repository.common / name)
    if loose:
        return loose.strip()
    packed = text_of(repository.common / "packed-refs", MOST_PACKED_BYTES)
    found = re.search(rf"^([0-9a-f]+) {re.escape(name)}$", packed, re.MULTILINE)
    return found[1] if found else ""


def text_of(file: Path, most: int = MOST_BYTES) -> str:
    """The text of a regular file of limited size, otherwise "". Non-blocking, since opening a pipe could block."""
    try:
        number = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return ""
    with open(number, "rb") as content:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return ""
        return content.read(most).decode(errors="replace")


def is_changed(repository: Repository, commit: str) -> bool | None:
    """Whether tracked files differ from a commit; None if git would have to run a filter to find out."""
    try:
        with tempfile.TemporaryDirectory(prefix="fitgap-") as folder:
            environment = environment_for(repository, Path(folder))
            settings = harmless_settings(repository, environment)
            make_empty_repository(Path(folder), commit, settings)
            return changes(repository, environment)
    except OSError:
        return None


def environment_for(repository: Repository, folder: Path) -> dict[str, str]:
    """Environment variables for git that exclude the configurations of user, system and repository."""
    return {
        **own_environment(),
        **{"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        **{"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        **{"GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"},
        **{"GIT_DIR": str(folder), "GIT_WORK_TREE": str(repository.work_tree)},
        "GIT_INDEX_FILE": str(repository.git / "index"),
        "GIT_OBJECT_DIRECTORY": str(repository.common / "objects"),
    }


def harmless_settings(repository: Repository, environment: dict[str, str]) -> list[tuple[str, str]]:
    """The harmless settings of the user and the repository; later ones take precedence."""
    pattern = f"^({'|'.join(HARMLESS)})$".replace(".", r"\.")
    # Reading a configuration runs no programs, and includes are not followed.
    reading = ("config", "--no-includes", "--null", "--get-regexp", pattern)
    of_user = [output_of("git", *each, environment=own_environment(), folder=Path("/")) for each in scopes(reading)]
    file = ("--file", str(repository.common / "config"))
    answers = [*of_user, output_of("git", reading[0], *file, *reading[1:], environment=environment)]
    lines = [line.partition("\n") for answer in answers for line in (answer or "").split("\0")]
    # A name without a value means true.
    return [(name, value or "true") for name, _, value in lines if name and HARMLESS_VALUE.fullmatch(value or "true")]


def make_empty_repository(folder: Path, commit: str, settings: list[tuple[str, str]]) -> None:
    for name in ("refs", "objects"):
        (folder / name).mkdir()
    (folder / "HEAD").write_text(f"{commit}\n")
    version = int(any(name.startswith("extensions.") for name, _ in settings))
    lines = [f"[core]\nrepositoryformatversion = {version}\n"]
    lines += ["[{}]\n{} = {}\n".format(*name.split("."), value) for name, value in settings]
    (folder / "config").write_text("".join(lines))


def changes(repository: Repository, environment: dict[str, str]) -> bool | None:
    """Whether git finds changes; None if only a filter could tell."""
    attributes = f"core.attributesFile={repository.common / 'info' / 'attributes'}"
    git = ("git", "-c", attributes, "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
    look = ("status", "--porcelain=2", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames")
    output = output_of(*git, *look, environment=environment, folder=repository.work_tree)
    if not output:
        return None if output is None else False
    lines = [line for line in output.split("\0") if line]
    doubtful = list(filter(None, map(name_of_modified, lines)))[:MOST_DOUBTFUL]
    if not doubtful or len(doubtful) < len(lines):
        return True
    attribute_query = ("check-attr", "-z", "filter", "--", *doubtful)
    answer = output_of(*git, *attribute_query, environment=environment, folder=repository.work_tree)
    return None if answer is None or all_filtered(answer) else True


def name_of_modified(line: str) -> str | None:
    """The file in a line such as `1 .M N... 100644 100644 100644 HASH HASH NAME`, which is equal in index and commit
    but modified since; None for any other change.
    """
    fields = line.split(" ", 8)
    return fields[8] if len(fields) == 9 and fields[:2] == ["1", ".M"] else None


def all_filtered(answer: str) -> bool:
    """Whether git reports a filter for every file, in output of the form name, `filter`, value."""
    values = answer.split("\0")[2::3]
    return all(value not in ("unspecified", "unset") for value in values)
