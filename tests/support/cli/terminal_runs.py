"""The command in a terminal."""

import fcntl
import os
import pty
import struct
import termios

from support.cli.answers import read_all
from support.cli.forked import forked


def run_in_terminal(*arguments, columns=80, answer=b"", env=()):
    """Run the command in a terminal of this width, with `answer` typed into it; returns its exit code and output."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 200, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    for variable in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
        environment.pop(variable, None)
    environment.update(env)
    os.write(terminal, answer)
    with forked([os.ttyname(end)] * 3, arguments, environment) as running:
        os.close(end)
        written = read_all(terminal)
        running.join()
        code = running.exitcode
    os.close(terminal)
    return code, written.decode().replace("\r\n", "\n")
