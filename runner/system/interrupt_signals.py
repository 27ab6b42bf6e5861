"""The signals that stop a command: Ctrl-C, `kill`, a closed terminal, Ctrl-\\."""

import signal

STOPPING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)
