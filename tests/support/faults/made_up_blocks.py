"""Blocks of epochs in which every number is computed from the trial and the epoch."""

import numpy as np
from fitgap.runner.messages import MEASURED, Block, EpochRows, SavedState, TrialEnd


def number_of(trial, epoch):
    """The value of every column of an epoch."""
    return trial + epoch / 16


def rows(pairs):
    """The epoch rows of these pairs (trial, epoch)."""
    trials, epochs = np.array(pairs, int).reshape(-1, 2).T
    numbers = number_of(trials, epochs)
    return EpochRows(trials, epochs, **dict.fromkeys(MEASURED, numbers))


def saved(trial, epoch):
    """The state of a trial after an epoch."""
    return SavedState(trial, epoch, {"epoch": np.array(epoch), "trial": np.array(trial)})


def block(pairs=(), ends=(), states=()):
    """A block of these pairs (trial, epoch), with ends (trial, status, epochs) and saved states (trial, epoch)."""
    ended = tuple(TrialEnd(trial, status, epochs=epochs) for trial, status, epochs in ends)
    return Block(rows(pairs) if pairs else None, ended, states=tuple(saved(*each) for each in states))
