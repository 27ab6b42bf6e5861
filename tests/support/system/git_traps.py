"""Git repositories that name programs for git to run when it inspects them."""

import os
import shutil
import subprocess
from pathlib import Path

COMMITTING = ("-c", "user.name=someone", "-c", "user.email=someone@example.org", "-c", "commit.gpgsign=false")


def git(*arguments):
    allowed = ("-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *COMMITTING, *allowed, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def has_run():
    return Path("ran").exists()


def touch_tracked():
    """Rewrite a tracked file with the same content, so that git has to inspect it."""
    Path("tracked").write_text("one")
    os.utime("tracked", (1, 1))


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
    """Its tree is missing, so git would fetch it."""
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
