"""`fitgap ui`: the web page."""

import contextlib
import functools
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer
from fitgap.runner.cli.options.common import Database, as_text

if TYPE_CHECKING:
    from fitgap.runner.web import Wording

SHORTEST_TOKEN = 8
LOOPBACK = ("localhost", "127.0.0.1", "::1")
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port (0: any free one).", show_default="the first free from 8640"),
]
Host = Annotated[
    str, typer.Option("--host", help="Address to listen on; any but localhost, 127.0.0.1 and ::1 needs --token.")
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        help="Require this token from everybody (default: $FITGAP_TOKEN).",
        show_default=False,
        callback=as_text,
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME",
        help="Also answer requests for this host name, as behind a proxy. Needs --token. Repeatable.",
        show_default=False,
    ),
]


def ui(
    sweep: Annotated[
        str | None,
        typer.Argument(
            metavar="SWEEP", help="Sweep to open, or `latest` (default: the list of sweeps).", show_default=False
        ),
    ] = None,
    port: Port = None,
    host: Host = "127.0.0.1",
    token: Token = None,
    allow_host: AllowHost = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Show everything, change nothing.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    database: Database = None,
) -> None:
    """Show sweeps, charts and trials in a browser, and start sweeps there."""
    from fitgap.runner.cli.render.lines import report
    from fitgap.runner.system.freed_memory import keep_little

    keep_little()
    from fitgap.runner.web import PageSettings, Server, create_application, listen

    secret = checked_token(token, host, allow_host or [])
    names = [*(allow_host or []), *([host] if host not in (*LOOPBACK, "0.0.0.0", "::") else [])]
    settings = PageSettings(database, wording(), tuple(name.lower() for name in names), secret, read_only)
    socket = listen(host, port)
    with socket:
        address = address_of(host, socket.getsockname()[1])
        report(f"fitgap ui: {address} (Ctrl-C stops the page; sweeps go on)")
        if not no_browser:
            open_browser(f"{address}sweeps/{quote(sweep, safe='')}" if sweep else address)
        application = create_application(settings)
        with contextlib.closing(application.state.trainings):
            Server(application).run(sockets=[socket])


def checked_token(token: str | None, host: str, others: list[str]) -> str | None:
    """The token. Raises an error of usage if one is needed, or if it is too short to be secret."""
    import os

    from fitgap.runner.system.passwords import TOKEN_VARIABLE, revealed

    secret = revealed(token or os.environ.get(TOKEN_VARIABLE) or "") or None
    if secret is None and (host not in LOOPBACK or others):
        option = f"--host {host}" if host not in LOOPBACK else f"--allow-host {others[0]}"
        raise typer.BadParameter(f"{option} lets other people reach the page; add --token with a secret of your choice")
    if secret is not None and len(secret) < SHORTEST_TOKEN:
        raise typer.BadParameter(f"the token must have at least {SHORTEST_TOKEN} characters, but has {len(secret)}")
    return secret


def address_of(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)
    return f"http://{shown}:{port}/"


def open_browser(address: str) -> None:
    """Open the page in the user's browser, if there is a screen. What browsers print is not shown."""
    import os
    import threading
    import webbrowser

    has_screen = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if has_screen:
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()


@contextlib.contextmanager
def page_beside(database: str | None) -> Iterator[None]:
    """The page in a process of its own while a sweep is trained; at a terminal, it stays until Enter is pressed."""
    from fitgap.runner.cli.render.lines import report
    from fitgap.runner.system.passwords import environment_for_child

    words = [sys.executable, "-m", "fitgap", "ui", "latest"]
    quiet = subprocess.DEVNULL
    page = subprocess.Popen(
        words, stdin=quiet, stdout=quiet, env=environment_for_child(database), start_new_session=True
    )
    try:
        yield
    except typer.Exit as leaving:
        if leaving.exit_code in (0, 1) and page.poll() is None and sys.stdin is not None and sys.stdin.isatty():
            report("The page stays open until you press Enter.")
            sys.stdin.readline()
        raise
    finally:
        page.terminate()
        page.wait()


@functools.cache
def wording() -> "Wording":
    """The texts and file formats of the commands, for the page."""
    from fitgap.runner.cli.render.answers import (
        sweep_answer,
        trial_answer,
        write_epochs_file,
        write_groups_file,
        write_rows_file,
    )
    from fitgap.runner.web import Wording

    return Wording(sweep_answer, trial_answer, write_rows_file, write_groups_file, write_epochs_file)
