"""Reading of the setting `record` (the epochs to store): `all`, `{every: N}`, `{epochs: log}`, or shorthand."""

from fitgap.runner.errors import SpecError
from fitgap.runner.recorded_epochs import COMPLETE, Recording
from fitgap.runner.spec.axes import LARGEST_COUNT
from fitgap.runner.spec.shorthand import settings_of
from fitgap.runner.spec.validation import SpecNode

RULE = "must be all, every=N or epochs=log"


def read_recording(node: SpecNode) -> Recording:
    """The recording that `node` specifies. Raises SpecError."""
    if node.value == "all":
        return COMPLETE
    entries = settings_of(node, RULE).entries(("every", "epochs"))
    if len(entries) != 1:
        raise node.wrong(RULE) if not entries else SpecError(f"{RULE}, but has both; keep one of them", node.path)
    if "every" in entries:
        return Recording(entries["every"].whole_number(1, LARGEST_COUNT))
    entries["epochs"].one_of(("log",))
    return Recording(None)
