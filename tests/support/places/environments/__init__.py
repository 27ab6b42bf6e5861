"""The environments in which commands are tried: tables by subject."""

from support.places.environments.environment import Environment
from support.places.environments.files import FILES
from support.places.environments.interpreters import INTERPRETERS
from support.places.environments.machines import MACHINES
from support.places.environments.streams import STREAMS
from support.places.environments.texts import TEXTS

PLAIN = Environment("plain")

__all__ = ["FILES", "INTERPRETERS", "MACHINES", "PLAIN", "STREAMS", "TEXTS"]
