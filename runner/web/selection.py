"""The selection of a page as a filter, so that the table, all charts and all downloads show the same trials."""

from dataclasses import replace

from fitgap.runner.store import Store
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.view_state import SweepView

# Maximum number of configurations in a rectangle, since the filter lists their hashes.
MOST_CONFIGURATIONS = 5_000


def chosen_where(store: Store, sweep_id: int, view: SweepView) -> str | None:
    """The filter of a view; its rectangle on the fit map is replaced by the configurations inside it."""
    if not view.box:
        return view.where or None
    query = replace(view.configuration_query(), limit=MOST_CONFIGURATIONS + 1, offset=0, sort="best", against=None)
    hashes = store.configuration_hashes(sweep_id, query)
    if len(hashes) > MOST_CONFIGURATIONS:
        raise Problem(
            422,
            f"The rectangle on the fit map contains more than {MOST_CONFIGURATIONS:,} configurations.",
            "Draw a smaller one, or use a filter such as: underfit < 0.01",
        )
    inside = f"configuration in ({', '.join(repr(each) for each in hashes)})" if hashes else "trial < 0"
    return f"({view.where}) and {inside}" if view.where else inside
