"""The `fitgap` command from its first moment on: while it is being loaded, Ctrl-C ends it without a word."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Load the command line and run it."""
    try:
        from runner.cli import main as run_command_line
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run_command_line()


if __name__ == "__main__":
    main()
