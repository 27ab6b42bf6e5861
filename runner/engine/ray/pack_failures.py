"""The failures of packs on Ray: their causes, as lines for the table of trials."""

from fitgap.runner.messages import Block, PackFailure, PackTask


def lost_pack(task: PackTask, error: Exception) -> Block:
    """The block that reports a pack whose worker was lost or failed."""
    return Block(None, (), failure=PackFailure(task, task.trials, reason_of(error), is_blameless=is_blameless(error)))


def is_blameless(error: Exception) -> bool:
    """Whether the cause is the death of a node, or the loss of objects that it kept; trials do not cause that.

    If a worker is gone, Ray asks its node why; a node that does not answer is dead.
    """
    import ray

    # If the examples of a pack could not be prepared, the actual error is its cause.
    causes = (error, getattr(error, "cause", None))
    kinds = (ray.exceptions.NodeDiedError, ray.exceptions.ObjectLostError)
    return any(isinstance(each, kinds) for each in causes)


def has_lost_objects(error: Exception) -> bool:
    """Whether objects that Ray stored are lost."""
    import ray

    return any(isinstance(each, ray.exceptions.ObjectLostError) for each in (error, getattr(error, "cause", None)))


def is_of_this_node(error: Exception) -> bool:
    """Whether Ray has died on this machine."""
    import ray

    return isinstance(error, ray.exceptions.LocalRayletDiedError)


def reason_of(error: Exception) -> str:
    """Why a worker was lost."""
    import ray

    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "out of memory: Ray killed its worker; use a smaller batch or network, or fewer --workers"
    if isinstance(error, ray.exceptions.WorkerCrashedError):
        return "its worker died; the system kills processes silently when memory runs out"
    if isinstance(error, ray.exceptions.NodeDiedError):
        return "its node died"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"worker lost: {lines[-1]}"
