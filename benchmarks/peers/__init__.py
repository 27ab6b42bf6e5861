"""What fitgap is measured against. Every peer has a file of its own here; this is the list of their names."""

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class Peer:
    """A peer: the modules it needs, and the distributions whose versions are told."""

    modules: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """Those of its modules that are not installed."""
        return [module for module in self.modules if find_spec(module) is None]


TUNE_MODULES = ("ray", "pandas", "pyarrow")

# By the name that rows and `--without` use. Those without modules are fitgap itself in another form, or a number.
PEERS: dict[str, Peer] = {
    "jax": Peer(("jax",), ("jax",)),
    "jax-tuned": Peer(("jax",), ("jax",)),
    "scikit-learn": Peer(("sklearn",), ("scikit-learn",)),
    "pytorch": Peer(("torch",), ("torch",)),
    "ray-tune": Peer(TUNE_MODULES, ("ray",)),
    "ray-tune-pytorch": Peer((*TUNE_MODULES, "torch"), ("ray", "torch")),
    "optuna-scikit-learn": Peer(("optuna", "sklearn"), ("optuna", "scikit-learn")),
    "optuna": Peer(("optuna",), ("optuna",)),
    "alone": Peer(),
    "bare-loop": Peer(),
    "itself": Peer(),
    "target": Peer(),
    "workers": Peer(),
}


def peers_called(name: str) -> set[str]:
    """The peer of this name and all that need the module of this name: `jax` is both, `torch` a module."""
    return {each for each, peer in PEERS.items() if each == name or name in peer.modules}
