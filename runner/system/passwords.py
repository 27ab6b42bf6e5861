"""Hiding of passwords in database addresses, and of the token of the web page.

Before a command does anything else, it replaces them in its command line and environment by asterisks. So nothing
that is printed, logged or passed to other processes afterwards can contain them. `revealed` restores an address.
"""

import contextlib
import ctypes
import os
import re
import sys

ENVIRONMENT_VARIABLE = "FITGAP_DB"
TOKEN_OPTION, TOKEN_VARIABLE = "--token", "FITGAP_TOKEN"
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
    hide_tokens()
    for position, argument in enumerate(sys.argv):
        option, equals, value = argument.partition("=") if argument.startswith("--") else ("", "", argument)
        if "--db" in (option, sys.argv[position - 1]) or "://" in value or DATABASE.match(value):
            sys.argv[position] = option + equals + hidden(value)
            overwrite_in_listings(argument, COMMAND_LINE)
    address = os.environ.get(ENVIRONMENT_VARIABLE)
    if address is not None:
        os.environ[ENVIRONMENT_VARIABLE] = hidden(address)
        overwrite_in_listings(f"{ENVIRONMENT_VARIABLE}={address}", ENVIRONMENT)


def hide_tokens() -> None:
    """Remove the token of the web page from this process's command line and environment."""
    for position, argument in enumerate(sys.argv):
        option, equals, value = argument.partition("=")
        if option == TOKEN_OPTION and equals:
            sys.argv[position] = option + equals + hidden_whole(value)
        elif position and sys.argv[position - 1] == TOKEN_OPTION:
            option, value, sys.argv[position] = "", argument, hidden_whole(argument)
        else:
            continue
        overwrite_in_listings(argument, COMMAND_LINE, {(len(argument) - len(value), len(argument))})
    token = os.environ.get(TOKEN_VARIABLE)
    if token is not None:
        os.environ[TOKEN_VARIABLE] = hidden_whole(token)
        listed = f"{TOKEN_VARIABLE}={token}"
        overwrite_in_listings(listed, ENVIRONMENT, {(len(listed) - len(token), len(listed))})


def hidden_whole(secret: str) -> str:
    """Asterisks in place of a secret; `revealed` restores it."""
    if secret in _revealed or not secret:
        return secret
    masked = STARS
    while _revealed.get(masked, secret) != secret:
        masked += "*"
    _revealed[masked] = secret
    return masked


def environment_for_child(address: str | None) -> dict[str, str]:
    """The environment of a child process that uses the same database. It excludes the token of the web page."""
    environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
    known = address or environment.get(ENVIRONMENT_VARIABLE)
    return environment if known is None else {**environment, ENVIRONMENT_VARIABLE: revealed(known)}


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


def overwrite_in_listings(text: str, bounds: tuple[int, int], spans: set[tuple[int, int]] | None = None) -> None:
    """Overwrite the passwords of a text, or these spans of it, in the memory that process listings show.

    Only Linux reveals the location of that memory; elsewhere this does nothing.
    """
    with contextlib.suppress(OSError, IndexError, ValueError):
        with open("/proc/self/stat", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        start, end = (int(fields[place]) for place in bounds)
        begin = start + ctypes.string_at(start, end - start).index(os.fsencode(text))
        for first, last in secret_spans(text) if spans is None else spans:
            before, secret = os.fsencode(text[:first]), os.fsencode(text[first:last])
            ctypes.memset(begin + len(before), ord("*"), len(secret))
