"""Passwords are hidden before anything else happens, in valid and invalid addresses; only the store gets them back."""

import os
import subprocess
import sys

import pytest
from fitgap.runner.system import passwords
from fitgap.runner.system.passwords import hidden, hide_passwords, revealed, without_passwords
from hypothesis import given
from hypothesis import strategies as st

SECRET = "s3cret"
# Valid addresses, and invalid ones of every kind that still contain a password.
ADDRESSES = [
    "postgresql://user:{}@host:5432/name",
    "postgresql://user:{}@host",
    "postgres://me@mail.com:{}@host/name",
    "postgresql+psycopg://user:{}@[::1]:5432/name?sslmode=require",
    "postgresql://:{}@host/name",
    "postgresql://user@host/name?password={}",
    "postgresql://user@host/name?sslmode=require&password={}&connect_timeout=3",
    "postgresql://user:other@host/name?sslpassword={}&password={}",
    "postgresql://user:{}@[broken",
    "postgresql://user:{}@host:notaport/name",
    "postgresql:/user:{}@host/name",
    "postgresql:user:{}@host/name",
    "postgresq://user:{}@host/name",
    "mysql://user:{}@host/name",
    "://user:{}@host/name",
    "http://user:{}@host",
    "sqlite://user:{}@host/file",
]

# Prints what `ps` and others see of a process that has hidden its passwords, and what the process itself sees.
SHOW = """
import os
import sys
from pathlib import Path
from fitgap.runner.system.passwords import hide_passwords
hide_passwords()
shown = [Path(f"/proc/self/{part}").read_bytes().decode().split(chr(0)) for part in ("cmdline", "environ")]
print(*shown[0][2:], *shown[1], *sys.argv[1:], os.environ["FITGAP_DB"], sep="\\n")
"""


@pytest.fixture(autouse=True)
def nothing_hidden(monkeypatch):
    monkeypatch.setattr(passwords, "_revealed", {})


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_shows_its_password(address):
    masked = hidden(address.replace("{}", SECRET))
    assert SECRET not in masked and "***" in masked
    assert masked == address.replace("{}", "***").replace("other", "***")
    assert revealed(masked) == address.replace("{}", SECRET)


@given(
    password=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    user=st.from_regex(r"[a-z.@-]{0,8}", fullmatch=True),
)
def test_any_password_is_hidden_as_a_whole_and_given_back(password, user):
    """Even with characters that should have been escaped; from its first character to its last."""
    address = f"postgresql://{user}:{password}@host:5432/name"
    masked = hidden(address)
    assert masked.startswith(f"postgresql://{user}:***") and masked.endswith("@host:5432/name")
    assert revealed(masked) == address


@pytest.mark.parametrize(
    "text", ["fitgap.db", "sqlite:///fitgap.db", "postgresql://user@host:5432/name", "postgresql://host/name", "digits"]
)
def test_what_holds_no_password_stays_as_it_is(text):
    assert hidden(text) == text == revealed(text)


def test_two_passwords_for_one_address_are_told_apart():
    first, second = (f"postgresql://user:{password}@host/name" for password in ("one", "two"))
    assert hidden(first) != hidden(second)
    assert (revealed(hidden(first)), revealed(hidden(second))) == (first, second)
    assert hidden(first) == hidden(first)


@pytest.mark.parametrize("form", [("--db", "{}"), ("--db={}",), ("{}",), ("--bd={}",), ("copy", "{}", "b.db")])
def test_the_command_line_and_the_environment_are_cleared(form, monkeypatch):
    address = f"postgresql://user:{SECRET}@host/name"
    monkeypatch.setattr(sys, "argv", ["fitgap", *(each.replace("{}", address) for each in form), "--name", "a:b@c"])
    monkeypatch.setenv("FITGAP_DB", address)
    hide_passwords()
    masked = "postgresql://user:***@host/name"
    assert sys.argv == ["fitgap", *(each.replace("{}", masked) for each in form), "--name", "a:b@c"]
    assert os.environ["FITGAP_DB"] == masked
    assert revealed(masked) == address
    before = list(sys.argv)
    hide_passwords()
    assert sys.argv == before


def test_what_follows_db_is_cleared_even_where_it_is_no_address(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["fitgap", "sweeps", "--db", f"user:{SECRET}@host/name"])
    hide_passwords()
    assert sys.argv[-1] == "user:***@host/name"


def test_the_list_of_processes_shows_no_password(tmp_path):
    (tmp_path / "show.py").write_text(SHOW)
    arguments = ["--db", f"postgresql://üser:{SECRET}@host/name?password={SECRET}", "--name", "ö"]
    environment = {**os.environ, "FITGAP_DB": f"postgresql://ü:{SECRET}@host/name"}
    line = [sys.executable, "show.py", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=environment)
    assert SECRET not in done.stdout
    masked = arguments[1].replace(SECRET, "*" * len(SECRET))
    # The system shows a star for each character, the program sees three stars.
    assert done.stdout.splitlines()[:4] == ["--db", masked, "--name", "ö"]
    assert without_passwords(arguments[1]) in done.stdout.splitlines()
    assert f"FITGAP_DB=postgresql://ü:{'*' * len(SECRET)}@host/name" in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1] == "postgresql://ü:***@host/name"


# Prints what was loaded when the command hid its passwords.
LOADED = """
import sys
# An editable installation has loaded some before: by its import hook, as Python starts.
before = set(sys.modules)
import fitgap.runner.system.passwords as passwords

def hide(hide=passwords.hide_passwords):
    slow = ("typer", "rich", "numpy", "typing", "pathlib", "fitgap.runner.cli")
    print([name for name in slow if name in set(sys.modules) - before], flush=True)
    hide()

passwords.hide_passwords = hide
from fitgap.__main__ import main
sys.argv = ["fitgap", "--version"]
main()
"""


def test_passwords_are_hidden_before_anything_is_loaded(tmp_path):
    """Loading takes much longer than starting Python, and the command line is visible all the while."""
    line = [sys.executable, "-I", "-c", LOADED]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "[]"
