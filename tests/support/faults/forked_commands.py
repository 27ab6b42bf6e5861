"""The command in a forked process in which everything is already imported, so that any command starts at once."""

import os
import signal
import sys

from fitgap.runner.cli.main import main


def run_command(begins, folder, environment, *arguments):
    """Set `begins`, then run the command in a folder. Its output goes into the files `out` and `err` there."""
    os.chdir(folder)
    os.environ.update(environment)
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["fitgap", *map(str, arguments)]
    begins.set()
    main()
