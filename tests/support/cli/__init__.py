"""Support for tests of commands: running them, their answers, and files that would take too much memory."""
