"""The server: a listening socket, and the loop that answers requests until it is stopped."""

import contextlib
import logging
import os
import socket
import sys
import threading
from types import FrameType

import uvicorn
from fitgap.runner.errors import FitgapError
from starlette.applications import Starlette

FIRST_PORT, PORTS = 8640, 20
# Seconds that answers in progress may take after the server is stopped; event streams end at once.
GRACE_SECONDS = 1
# Seconds after which the process ends even if it is still computing, such as the charts of a million trials.
LONGEST_SECONDS = 4
# The exit code of every command that was interrupted.
INTERRUPTED = 130


class ServingError(FitgapError):
    """The page cannot be served at this address."""


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket at a port; at the first free one of a range if none is given. Raises ServingError."""
    reason = ""
    for candidate in [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + PORTS), 0]:
        try:
            return bound(host, candidate)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
    place = host if port is None else f"{host}, port {port}"
    raise ServingError(f"the page cannot be served at {place}: {reason}; choose another one with --port or --host")


def bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(128)
    except OSError:
        found.close()
        raise
    return found


class Server(uvicorn.Server):
    """Serves an application on a socket until Ctrl-C. It logs nothing, because addresses may be confidential."""

    def __init__(self, application: Starlette):
        self.application = application
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            server_header=False,
            # Addresses of clients behind a proxy are not needed.
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.application.state.stopping.set()
        end_without_waiting()
        super().handle_exit(sig, frame)


def end_without_waiting() -> None:
    """End the process in a few seconds, even if a thread is still computing an answer.

    Most answers only read, and the database rolls back what was not written completely.
    """
    end = threading.Timer(LONGEST_SECONDS, leave)
    end.daemon = True
    end.start()


def leave() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(INTERRUPTED)
