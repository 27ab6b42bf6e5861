"""Passwords in addresses of databases, kept where nobody else sees them.

Before a command does anything, its command line and environment get stars in the place of passwords: what is printed,
logged or handed to other processes from then on cannot hold any. `revealed` gives an address back as it was.
"""

import contextlib
import ctypes
import os
import re
import sys

ENVIRONMENT_VARIABLE = "FITGAP_DB"
# Where a password stands in an address, also in one that was written wrong. Greedy on purpose: to hide too much does no
# harm, since what is hidden is only ever used after it was revealed.
WITH_SCHEME = re.compile(r".*?://[^:]*:(?P<secret>.+)@", re.DOTALL)
WITHOUT_SCHEME = re.compile(r"(?:[^:]*:/*[^:]*:|[^:]*:)(?P<secret>.+)@", re.DOTALL)
IN_PARAMETERS = re.compile(r"[?&](?:ssl)?password=(?P<secret>[^&]+)")
DATABASE = re.compile(r"(postgres|postgresql|mysql|mariadb|sqlite)\b")
STARS = "***"
# Places of the bounds of the command line and the environment in /proc/self/stat, after the name in parentheses.
COMMAND_LINE, ENVIRONMENT = (45, 46), (47, 48)

_revealed: dict[str, str] = {}


def hide_passwords() -> None:
    """Take the passwords out of this process's command line and environment."""
    for position, argument in enumerate(sys.argv):
        option, equals, value = argument.partition("=") if argument.startswith("--") else ("", "", argument)
        if "--db" in (option, sys.argv[position - 1]) or "://" in value or DATABASE.match(value):
            sys.argv[position] = option + equals + hidden(value)
            overwrite_what_is_shown(argument, COMMAND_LINE)
    address = os.environ.get(ENVIRONMENT_VARIABLE)
    if address is not None:
        os.environ[ENVIRONMENT_VARIABLE] = hidden(address)
        overwrite_what_is_shown(f"{ENVIRONMENT_VARIABLE}={address}", ENVIRONMENT)


def hidden(address: str) -> str:
    """An address with stars in the place of its passwords, which `revealed` knows."""
    if address in _revealed:
        return address
    masked = without_passwords(address)
    while _revealed.get(masked, address) != address:
        masked = masked.replace(STARS, STARS + "*", 1)
    if masked != address:
        _revealed[masked] = address
    return masked


def revealed(address: str) -> str:
    """An address as it was before its passwords were hidden."""
    return _revealed.get(address, address)


def without_passwords(text: str) -> str:
    """Text with stars in the place of whatever would be a password if the text were an address."""
    for start, end in sorted(secret_spans(text), reverse=True):
        text = text[:start] + STARS + text[end:]
    return text


def secret_spans(text: str) -> set[tuple[int, int]]:
    """Where passwords stand in an address, apart from each other."""
    parameters = [found.span("secret") for found in IN_PARAMETERS.finditer(text)]
    before_host = (WITH_SCHEME if "://" in text else WITHOUT_SCHEME).match(text)
    if before_host is None:
        return set(parameters)
    start, end = before_host.span("secret")
    return {(start, end), *(span for span in parameters if span[0] >= end)}


def overwrite_what_is_shown(text: str, bounds: tuple[int, int]) -> None:
    """Put stars over the passwords of a text where the system shows it to whoever lists processes.

    Only Linux tells where that memory lies; elsewhere nothing happens.
    """
    with contextlib.suppress(OSError, IndexError, ValueError):
        with open("/proc/self/stat", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        start, end = (int(fields[place]) for place in bounds)
        begin = start + ctypes.string_at(start, end - start).index(os.fsencode(text))
        for first, last in secret_spans(text):
            before, secret = os.fsencode(text[:first]), os.fsencode(text[first:last])
            ctypes.memset(begin + len(before), ord("*"), len(secret))
