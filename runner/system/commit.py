"""The git commit of the current folder, found without running anything that the folder names.

A repository's configuration can name programs: filters, monitors, hooks, remote helpers. So the commit is read from its
files, and whether files have changed is asked of git in an empty repository that borrows objects and index, where the
configuration is ours.
"""

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fitgap.runner.system.programs import answer_of

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
MOST_BYTES = 2**12
# The file with all branches and tags in one.
MOST_PACKED_BYTES = 2**26
MOST_SYMBOLIC_STEPS = 5
# Settings that say what counts as a change and name no program, with the values they can have.
HARMLESS = (
    *("core.autocrlf", "core.eol", "core.filemode", "core.ignorecase", "core.precomposeunicode", "core.symlinks"),
    "extensions.objectformat",
)
HARMLESS_VALUE = re.compile(r"[A-Za-z0-9]{1,10}")
MOST_DOUBTFUL = 500
# Every setting of the environment that git knows begins so.
GIT_VARIABLE = "GIT_"


@dataclass(frozen=True)
class Repository:
    """A folder with files under version control, its git folder, and the one that it shares with other work trees."""

    work_tree: Path
    git: Path
    common: Path


def describe_commit() -> dict[str, str | bool | None]:
    """The commit of the repository around the current folder, and whether tracked files differ from it."""
    repository = commit = None
    try:
        repository = find_repository(Path.cwd())
        commit = commit_of(repository) if repository else None
    # A folder that is gone, cannot be read or has impossible names.
    except (OSError, ValueError, RuntimeError):
        pass
    if repository is None or commit is None:
        return {"git_commit": None, "git_changed": None}
    return {"git_commit": commit, "git_changed": is_changed(repository, commit)}


def find_repository(folder: Path) -> Repository | None:
    """The repository around a folder, on the same file system; None without one of this user's own."""
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
        # A work tree of its own, or a submodule.
        name = text_of(marker).removeprefix("gitdir:").strip()
        git = work_tree / name
    shared = text_of(git / "commondir").strip()
    repository = Repository(work_tree, git.resolve(), (git / shared).resolve())
    parts = {work_tree, marker, repository.git, repository.common}
    return repository if all(map(is_own, parts)) or is_trusted(work_tree) else None


def is_own(path: Path) -> bool:
    return path.stat().st_uid == os.geteuid()


def is_trusted(work_tree: Path) -> bool:
    """Whether the user has told git that a repository of someone else is safe."""
    reading = ("config", "--type=path", "--null", "--get-all", "safe.directory")
    answers = [answer_of("git", *scope, environment=own_environment(), folder=Path("/")) for scope in scopes(reading)]
    trusted: list[str] = []
    for value in "".join(filter(None, answers)).split("\0")[:-1]:
        # An empty one takes back those before it.
        trusted = [*trusted, value] if value else []
    return "*" in trusted or work_tree.resolve() in {Path(each).resolve() for each in trusted}


def scopes(reading: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A question to the configuration of the machine, then to that of the user; never to a repository's."""
    for scope in ("--system", "--global"):
        yield (reading[0], scope, *reading[1:])


def own_environment() -> dict[str, str]:
    """The user's variables without those of git, which may mean another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith(GIT_VARIABLE)}


def commit_of(repository: Repository) -> str | None:
    """The commit that HEAD names."""
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
    """What a reference holds: a commit, or another reference after `ref:`; nothing where it is missing."""
    loose = text_of(repository.git / name) or text_of(repository.common / name)
    if loose:
        return loose.strip()
    packed = text_of(repository.common / "packed-refs", MOST_PACKED_BYTES)
    found = re.search(rf"^([0-9a-f]+) {re.escape(name)}$", packed, re.MULTILINE)
    return found[1] if found else ""


def text_of(file: Path, most: int = MOST_BYTES) -> str:
    """The text of a regular file of bounded size, otherwise nothing. Opening a pipe would wait for ever."""
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
    """Whether tracked files differ from a commit; None where git cannot tell without running a filter."""
    try:
        with tempfile.TemporaryDirectory(prefix="fitgap-") as folder:
            environment = environment_for(repository, Path(folder))
            settings = harmless_settings(repository, environment)
            make_empty_repository(Path(folder), commit, settings)
            return changes(repository, environment)
    except OSError:
        return None


def environment_for(repository: Repository, folder: Path) -> dict[str, str]:
    """Variables for git, of which none is the user's own and none names the configuration of the repository."""
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
    """What the user and the repository set of the harmless settings, the later one to hold."""
    pattern = f"^({'|'.join(HARMLESS)})$".replace(".", r"\.")
    # Reading a configuration runs nothing, and nothing else is read that it includes.
    reading = ("config", "--no-includes", "--null", "--get-regexp", pattern)
    of_user = [answer_of("git", *each, environment=own_environment(), folder=Path("/")) for each in scopes(reading)]
    file = ("--file", str(repository.common / "config"))
    answers = [*of_user, answer_of("git", reading[0], *file, *reading[1:], environment=environment)]
    lines = [line.partition("\n") for answer in answers for line in (answer or "").split("\0")]
    # A name without a value is true.
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
    """Whether git finds changes. Where only a filter could tell, there is no answer."""
    attributes = f"core.attributesFile={repository.common / 'info' / 'attributes'}"
    git = ("git", "-c", attributes, "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
    look = ("status", "--porcelain=2", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames")
    told = answer_of(*git, *look, environment=environment, folder=repository.work_tree)
    if not told:
        return None if told is None else False
    lines = [line for line in told.split("\0") if line]
    doubtful = list(filter(None, map(name_of_modified, lines)))[:MOST_DOUBTFUL]
    if not doubtful or len(doubtful) < len(lines):
        return True
    ask = ("check-attr", "-z", "filter", "--", *doubtful)
    answer = answer_of(*git, *ask, environment=environment, folder=repository.work_tree)
    return None if answer is None or all_filtered(answer) else True


def name_of_modified(line: str) -> str | None:
    """The file of a line such as `1 .M N... 100644 100644 100644 HASH HASH NAME`: same in index and commit, but written
    to since; None for any other change."""
    fields = line.split(" ", 8)
    return fields[8] if len(fields) == 9 and fields[:2] == ["1", ".M"] else None


def all_filtered(answer: str) -> bool:
    """Whether git names a filter for every file, in an answer of names, `filter` and values."""
    values = answer.split("\0")[2::3]
    return all(value not in ("unspecified", "unset") for value in values)
