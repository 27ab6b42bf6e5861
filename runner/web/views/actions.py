"""Actions on sweeps and trials. Each answers the POST of a form of this page, and redirects to what it changed."""

from collections.abc import Awaitable, Callable
from typing import Any

from fitgap.runner.driver import add_configurations, stored_sweep, stored_sweep_opened
from fitgap.runner.errors import BusyError, LabelError, StoreError
from fitgap.runner.improvement.candidates import Candidate, candidates
from fitgap.runner.improvement.rounds import main_settings
from fitgap.runner.names import is_sweep_name, plainer
from fitgap.runner.spec import advice_obstacle
from fitgap.runner.store import Row, Store, TemporaryStoreError
from fitgap.runner.trial_status import Status
from fitgap.runner.web.pages import found_sweep, found_trial, page, reading, settings_of, sweep_path
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.security import check_form
from fitgap.runner.web.training import PauseError, Trainings
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

# The maximum number of pieces of advice shown.
MOST_CANDIDATES = 30
Change = Callable[[Request, str, FormData], Response]


def handler(change: Change) -> Callable[[Request], Awaitable[Response]]:
    """The route handler of an action: it reads and checks the form, then makes the change in a thread."""

    async def handle(request: Request) -> Response:
        async with request.form() as form:
            check_form(form, settings_of(request))
            what = request.path_params.get("sweep") or request.path_params.get("trial") or ""
            return await run_in_threadpool(guarded, change, request, what, form)

    return handle


def guarded(change: Change, request: Request, what: str, form: FormData) -> Response:
    """Make a change. Its errors become problems: with status 409 if it cannot be made now, otherwise 422."""
    try:
        return change(request, what, form)
    except (BusyError, PauseError) as error:
        raise Problem(409, str(error), "Go back, and try again when this has changed.") from None
    except (Problem, TemporaryStoreError):
        raise
    except (LabelError, StoreError) as error:
        raise Problem(422, str(error), "Nothing was changed. Go back and enter something else.") from None


def text_of(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def back(path: str = "") -> Response:
    return RedirectResponse(path, 303)


def trainings_of(request: Request) -> Trainings:
    found: Trainings = request.app.state.trainings
    return found


def on_sweep(request: Request, what: str, change: Callable[[Store, Row], Any]) -> Response:
    """Change a sweep, once it is known to exist, and go back to it."""
    with reading(request) as store:
        row = found_sweep(store, what)
    with stored_sweep_opened(settings_of(request).database, row["id"]) as store:
        change(store, row)
        return back(f"../{sweep_path(store.sweep(row['id']))}")


def tag_sweep(request: Request, what: str, form: FormData) -> Response:
    return on_sweep(request, what, lambda store, row: store.add_tags([named(row)], tags_in(form)))


def untag_sweep(request: Request, what: str, form: FormData) -> Response:
    return on_sweep(request, what, lambda store, row: store.remove_tags([named(row)], tags_in(form)))


def note_sweep(request: Request, what: str, form: FormData) -> Response:
    return on_sweep(request, what, lambda store, row: store.write_note([named(row)], note_in(form)))


def rename_sweep(request: Request, what: str, form: FormData) -> Response:
    return on_sweep(request, what, lambda store, row: store.rename_sweep(str(row["id"]), text_of(form, "name").strip()))


def named(row: Row) -> str:
    """The name by which the store finds a sweep. Raises Problem if it is not a valid name."""
    name = str(row["name"])
    if not is_sweep_name(name):
        raise Problem(422, "Commands do not accept the name of this sweep.", "Rename it first.")
    return name


def tags_in(form: FormData) -> list[str]:
    return [each for each in text_of(form, "tag").split(",") if each.strip()] or [""]


def note_in(form: FormData) -> str:
    return text_of(form, "note").replace("\r\n", "\n")


def delete_form(request: Request) -> Response:
    """The page that says what would be deleted and asks for confirmation."""
    with reading(request) as store:
        words, name = chosen(store, request)
        extent = str(store.deletion(words))
    return page(request, "delete.html", extent=extent, name=name, is_trial="trial" in request.path_params)


def chosen(store: Store, request: Request) -> tuple[list[str], str]:
    if "trial" in request.path_params:
        number = found_trial(store, request.path_params["trial"])["trial"]
        return [str(number)], f"trial {number}"
    row = found_sweep(store, request.path_params["sweep"])
    return [named(row)], str(row["name"])


def delete(request: Request, what: str, form: FormData) -> Response:
    """Delete a sweep, whose name was typed to confirm it, or a trial."""
    with reading(request) as store:
        words, name = chosen(store, request)
        is_trial = "trial" in request.path_params
        place = f"../../sweeps/{sweep_path(store.sweep(store.show(int(words[0]))['sweep']))}" if is_trial else "../../"
        sweep = store.show(int(words[0]))["sweep"] if is_trial else words[0]
    if not is_trial and text_of(form, "name").strip() != name:
        typed = text_of(form, "name").strip()[:64]
        message = f"To confirm, type the name of the sweep, {name!r}; {typed!r} was typed, so nothing was deleted."
        raise Problem(422, message, "Go back to try again.")
    with stored_sweep_opened(settings_of(request).database, sweep) as store:
        store.delete(words)
    return back(place)


def resume(request: Request, what: str, form: FormData) -> Response:
    with reading(request) as store:
        row = found_sweep(store, what)
    # A form may be sent twice.
    if not trainings_of(request).alive(row["id"]):
        trainings_of(request).start(row["id"])
    return back(f"../{sweep_path(row)}")


def pause(request: Request, what: str, form: FormData) -> Response:
    with reading(request) as store:
        row = found_sweep(store, what)
        trainings_of(request).pause(store, row["id"])
    return back(f"../{sweep_path(row)}")


def cancel(request: Request, what: str, form: FormData) -> Response:
    """Cancel the trials that have not ended. Workers are stopped at once: their next result may be minutes away."""

    def change(store: Store, row: Row) -> None:
        store.cancel_trials(row["id"])
        trainings_of(request).end(store, row["id"])
        store.refresh_fit(row["id"])

    return on_sweep(request, what, change)


def retry(request: Request, what: str, form: FormData) -> Response:
    """Train the failed and cancelled trials again."""

    def change(store: Store, row: Row) -> None:
        if store.retry_trials(row["id"], [Status.FAILED, Status.CANCELLED]):
            trainings_of(request).start(row["id"])

    return on_sweep(request, what, change)


def continue_pruned(request: Request, what: str, form: FormData) -> Response:
    """Continue the pruned trials of the configurations that match a filter from where they stopped."""
    where = text_of(form, "where").strip()

    def change(store: Store, row: Row) -> None:
        if not store.continue_pruned(row["id"], where or None)[0]:
            matching = f" that match {where[:64]!r}" if where else ""
            advice = "Go back and choose others." if where else "Go back; there is nothing to train on."
            raise Problem(422, f"This sweep has no pruned trials{matching}.", advice)
        trainings_of(request).start(row["id"])

    return on_sweep(request, what, change)


def extend_form(request: Request) -> Response:
    """The page with the advice of the diagnosis to choose from."""
    with reading(request) as store:
        row = found_sweep(store, request.path_params["sweep"])
        obstacle = advice_obstacle(row["specification"])
        found = [] if obstacle else candidates(store, row)[:MOST_CANDIDATES]
        repeats = store.repeat_count(row["id"])
    advised = [(each, plainer(each.changed), base_of(each)) for each in found]
    return page(request, "extend.html", sweep=row, advised=advised, repeats=repeats, obstacle=obstacle)


def base_of(candidate: Candidate) -> str:
    """The configuration that a candidate changes, as the answer names it, with `none` spelled out."""
    architecture, activation, regularizer, *others = main_settings(candidate.base).split(", ")
    layers = "no hidden layer" if architecture == "none" else architecture
    penalty = "no regularizer" if regularizer == "none" else regularizer
    return " · ".join(map(plainer, [layers, activation, penalty, *others]))


def extend(request: Request, what: str, form: FormData) -> Response:
    """Add the chosen advice to a sweep and train it."""
    wanted = {value for value in form.getlist("configuration") if isinstance(value, str)}

    def change(store: Store, row: Row) -> None:
        advised = [each.configuration for each in candidates(store, row) if each.configuration.hash in wanted]
        if not advised:
            raise Problem(
                422,
                "To extend a sweep, choose at least one piece of advice; none was chosen.",
                "Go back and choose what to try.",
            )
        add_configurations(store, stored_sweep(store, str(row["id"])), advised)
        trainings_of(request).start(row["id"])

    return on_sweep(request, what, change)


def on_trial(request: Request, what: str, change: Callable[[Store, list[str]], Any]) -> Response:
    """Change a trial, once it is known to exist, and go back to it."""
    with reading(request) as store:
        row = found_trial(store, what)
    with stored_sweep_opened(settings_of(request).database, row["sweep"]) as store:
        change(store, [str(row["trial"])])
    return back(f"../{row['trial']}")


def tag_trial(request: Request, what: str, form: FormData) -> Response:
    return on_trial(request, what, lambda store, words: store.add_tags(words, tags_in(form)))


def untag_trial(request: Request, what: str, form: FormData) -> Response:
    return on_trial(request, what, lambda store, words: store.remove_tags(words, tags_in(form)))


def note_trial(request: Request, what: str, form: FormData) -> Response:
    return on_trial(request, what, lambda store, words: store.write_note(words, note_in(form)))


SWEEP_ACTIONS: dict[str, Change] = {
    "tag": tag_sweep,
    "untag": untag_sweep,
    "note": note_sweep,
    "rename": rename_sweep,
    "delete": delete,
    "resume": resume,
    "pause": pause,
    "cancel": cancel,
    "retry": retry,
    "continue": continue_pruned,
    "extend": extend,
}
TRIAL_ACTIONS: dict[str, Change] = {"tag": tag_trial, "untag": untag_trial, "note": note_trial, "delete": delete}
