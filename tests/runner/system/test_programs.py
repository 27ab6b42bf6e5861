"""Other programs answer quickly or not at all, and the current folder is not searched for them."""

import os
from pathlib import Path

import pytest
from fitgap.runner.system import programs
from fitgap.runner.system.programs import output_of


@pytest.fixture
def program(tmp_path, monkeypatch):
    """`program(name, script)`: creates a program on a search path that has no others, except for shell built-ins."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name, script, where=folder):
        (where / name).write_text(f"#!/bin/sh\n{script}\n")
        (where / name).chmod(0o755)

    return make


def test_an_answer_is_what_was_printed(program):
    program("tell", 'echo one; echo "$1"')
    assert output_of("tell", "two") == "one\ntwo"


@pytest.mark.parametrize("script", ["echo half; exit 1", "kill -9 $$"])
def test_a_program_that_fails_gives_no_answer(program, script):
    program("tell", script)
    assert output_of("tell") is None


def test_a_program_that_is_missing_gives_no_answer(program):
    assert output_of("tell") is None


def test_a_program_that_takes_too_long_gives_no_answer(program, monkeypatch):
    monkeypatch.setattr(programs, "TIMEOUT_SECONDS", 0.1)
    program("tell", "exec /bin/sleep 60")
    assert output_of("tell") is None


@pytest.mark.parametrize("path", ["", ".", ":/missing", "programs", "./programs:"])
def test_a_program_in_the_current_folder_is_never_run(program, own_folder, monkeypatch, path):
    (own_folder / "programs").mkdir(exist_ok=True)
    for folder in (own_folder, own_folder / "programs"):
        program("tell", "echo ran", folder)
    monkeypatch.setenv("PATH", path)
    assert output_of("tell") is None


def test_a_program_that_is_no_program_gives_no_answer(program, tmp_path):
    (tmp_path / "programs/tell").write_bytes(os.urandom(64))
    (tmp_path / "programs/tell").chmod(0o755)
    assert output_of("tell") is None


def test_a_folder_that_is_gone_gives_no_answer(program):
    program("tell", "echo here")
    assert output_of("tell", folder=Path("/missing")) is None
