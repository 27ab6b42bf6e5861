"""The rows of blocks, for comparison between engines."""


def rows_of(blocks):
    """Trial, epoch and E_v of every row, as text, so that equal bits compare equal even for NaN."""
    parts = [block.rows for block in blocks if block.rows is not None]
    return sorted(
        (trial, epoch, repr(e_v))
        for part in parts
        for trial, epoch, e_v in zip(part.trial_id.tolist(), part.epoch.tolist(), part.e_v.tolist(), strict=True)
    )
