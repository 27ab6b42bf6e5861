"""The contents of a worker's blocks, by trial."""

from dataclasses import fields

from fitgap.runner.messages import EpochRows

MEASURED = [field.name for field in fields(EpochRows) if field.name not in ("trial_id", "epoch")]


def rows_of(blocks):
    """The rows of all blocks, by trial and epoch."""
    rows = {}
    for block in blocks:
        for position in range(len(block.rows) if block.rows else 0):
            key = int(block.rows.trial_id[position]), int(block.rows.epoch[position])
            assert key not in rows
            rows[key] = {name: getattr(block.rows, name)[position] for name in MEASURED}
    return rows


def ends_of(blocks):
    ends = [end for block in blocks for end in block.ended]
    assert len({end.trial_id for end in ends}) == len(ends)
    return {end.trial_id: end for end in ends}
