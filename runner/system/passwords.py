"""Hiding of passwords in database addresses.

Before a command does anything else, it replaces passwords in its command line and environment by asterisks. So nothing
that is printed, logged or passed to other processes afterwards can contain them. `revealed` restores an address.
"""

import contextlib
import ctypes
import os
import re
import sys

ENVIRONMENT_VARIABLE = "FITGAP_DB"
# Patterns for passwords in addresses, even malformed ones. Intentionally greedy: hiding too much does no harm, because
# a hidden address is revealed before it is used.
WITH_SCHEME = re.compile(r".*?://[^:]*:(?P<secret>.+)@", re.DOTALL)
WITHOUT_SCHEME = re.compile(r"(?:[^:]*:/*[^:]*:|[^:]*:)(?P<secret>.+)@", re.DOTALL)
IN_PARAMETERS = re.compile(r"[?&](?:ssl)?password=(?P<secret>[^&]+)")
DATABASE = re.compile(r"(postgres|postgresql|mysql|mariadb|sqlite)\b")
STARS = "***"
# Fields of /proc/self/stat, after the name in parentheses, with the memory bounds of command line and environment.
COMMAND_LINE, ENVIRONMENT = (45, 46), (47, 48)

_revealed: dict[str, str] = {}


def hide_passwords() -> None:
    """Remove the passwords from this process's command line and environment."""
    for position, argument in enumerate(sys.argv):
        option, equals, value = argument.partition("=") if argument.startswith("--") else ("", "", argument)
        if "--db" in (option, sys.argv[position - 1]) or "://" in value or DATABASE.match(value):
            sys.argv[position] = option + equals + hidden(value)
            overwrite_in_listings(argument, COMMAND_LINE)
    address = os.environ.get(ENVIRONMENT_VARIABLE)
    if address is not None:
        os.environ[ENVIRONMENT_VARIABLE] = hidden(address)
        overwrite_in_listings(f"{ENVIRONMENT_VARIABLE}={address}", ENVIRONMENT)


def hidden(address: str) -> str:
    """An address with asterisks in place of its passwords; `revealed` restores it."""
    if address in _revealed:
        return address
    masked = without_passwords(address)
    while _revealed.get(masked, address) != address:
        masked = masked.replace(STARS, STARS + "*", 1)
    if masked != address:
        _revealed[masked] = address
    return masked


def revealed(address: str) -> str:
    """The inverse of `hidden`; other addresses are returned unchanged."""
    return _revealed.get(address, address)


def without_passwords(text: str) -> str:
    """Text with asterisks in place of everything that would be a password if the text were an address."""
    for start, end in sorted(secret_spans(text), reverse=True):
        text = text[:start] + STARS + text[end:]
    return text


def secret_spans(text: str) -> set[tuple[int, int]]:
    """The non-overlapping positions of passwords in an address."""
    parameters = [found.span("secret") for found in IN_PARAMETERS.finditer(text)]
    before_host = (WITH_SCHEME if "://" in text else WITHOUT_SCHEME).match(text)
    if before_host is None:
        return set(parameters)
    start, end = before_host.span("secret")
    return {(start, end), *(span for span in parameters if span[0] >= end)}


def overwrite_in_listings(text: str, bounds: tuple[int, int]) -> None:
    """Overwrite the passwords of a text in the memory that process listings show.

    Only Linux reveals the location of that memory; elsewhere this does nothing.
    """
    with contextlib.suppress(OSError, IndexError, ValueError):
        with open("/proc/self/stat", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        start, end = (int(fields[place]) for place in bounds)
        begin = start + ctypes.string_at(start, end - start).index(os.fsencode(text))
        for first, last in secret_spans(text):
            before, secret = os.fsencode(text[:first]), os.fsencode(text[first:last])
            ctypes.memset(begin + len(before), ord("*"), len(secret))
