"""Search: the methods that choose which combinations of a sweep's alternatives are trained."""

from fitgap.runner.search.drawn import Accept, Drawn
from fitgap.runner.search.generations import Proposal, Result, proposals
from fitgap.runner.search.points import PointSequence, sequence_of

__all__ = ["Accept", "Drawn", "PointSequence", "Proposal", "Result", "proposals", "sequence_of"]
