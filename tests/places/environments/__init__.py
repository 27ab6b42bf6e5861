"""The environments in which commands are tried, as tables sorted by subject."""

from environments.environment import Environment
from environments.files import FILES
from environments.interpreters import INTERPRETERS
from environments.machines import MACHINES
from environments.streams import STREAMS
from environments.texts import TEXTS

PLAIN = Environment("plain")

__all__ = ["FILES", "INTERPRETERS", "MACHINES", "PLAIN", "STREAMS", "TEXTS"]
