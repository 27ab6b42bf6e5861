"""The peers that fitgap is compared with: their names here, and one file for each."""

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class Peer:
    """A peer: the modules that it needs, and the distributions whose versions are reported."""

    modules: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """The modules that are not installed."""
        return [module for module in self.modules if find_spec(module) is None]


TUNE_MODULES = ("ray", "pandas", "pyarrow")

# By the name used in rows and in `--without`. Entries without modules are fitgap in another form, or a target.
PEERS: dict[str, Peer] = {
    "jax": Peer(("jax",), ("jax",)),
    "jax-tuned": Peer(("jax",), ("jax",)),
    "scikit-learn": Peer(("sklearn",), ("scikit-learn",)),
    "pytorch": Peer(("torch",), ("torch",)),
    "torch-pack": Peer(("torch",), ("torch",)),
    "torch-pack-compiled": Peer(("torch",), ("torch",)),
    "grid-search": Peer(("sklearn",), ("scikit-learn",)),
    "ray-tune": Peer(TUNE_MODULES, ("ray",)),
    "ray-tune-pytorch": Peer((*TUNE_MODULES, "torch"), ("ray", "torch")),
    "optuna-scikit-learn": Peer(("optuna", "sklearn"), ("optuna", "scikit-learn")),
    "optuna-pytorch": Peer(("optuna", "torch"), ("optuna", "torch")),
    "optuna": Peer(("optuna",), ("optuna",)),
    "optuna-cmaes": Peer(("optuna", "cmaes"), ("optuna", "cmaes")),
    "optuna-gp": Peer(("optuna", "torch"), ("optuna", "torch")),
    "rustuna": Peer(("rustuna",), ("rustuna",)),
    "alone": Peer(),
    "bare-loop": Peer(),
    "bound": Peer(),
    "itself": Peer(),
    "target": Peer(),
    "workers": Peer(),
}


def peers_called(name: str) -> set[str]:
    """The peers with this name or that need a module with this name: `jax` is both, `torch` is a module."""
    return {each for each, peer in PEERS.items() if each == name or name in peer.modules}
