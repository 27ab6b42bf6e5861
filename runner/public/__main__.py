"""The entry point of the `fitgap` command: hides passwords, makes the streams safe, loads the command line."""

import sys

INTERRUPTED = 130
CANNOT_START = 2


def main() -> None:
    """Load the command line and run it."""
    # An interrupt is heard from here on, so everything is imported within the `try`.
    try:
        # Process lists show a password in the command line until it is hidden, so this comes before all other imports.
        from fitgap.runner.system.passwords import hide_passwords

        hide_passwords()
        from fitgap.runner.streams import prepare_streams

        prepare_streams()
        from fitgap.runner.cli.main import main as run_command_line
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (ImportError, MemoryError, OSError, RecursionError) as error:
        report_start_failure(error)
        sys.exit(CANNOT_START)
    run_command_line(is_whole_process=True)


def report_start_failure(error: Exception) -> None:
    """Report in one line why the program cannot be loaded, using only what is loaded already."""
    reason = " ".join(str(error).split()) or type(error).__name__
    advice = "install fitgap again in a new virtual environment"
    if "Too many open files" in reason:
        advice = "raise the limit, as with `ulimit -n 1024`"
    elif isinstance(error, (MemoryError, OSError, RecursionError)):
        advice = "free the resource, or raise its limit (`ulimit -a` lists the limits)"
    if sys.stderr is not None:
        sys.stderr.write(f"fitgap: cannot start: {reason}; {advice}\n")


if __name__ == "__main__":
    main()
