"""Starting a new sweep: from a sweep file, or from a form with a named data set or an uploaded data file."""

import re
from pathlib import PurePath
from typing import Any

from fitgap.core.activations import ACTIVATIONS
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import REGULARIZERS
from fitgap.runner.amounts import counted
from fitgap.runner.data import SOURCES, is_in_memory
from fitgap.runner.data.inspection import Inspection, inspect_file
from fitgap.runner.data.memory import keep
from fitgap.runner.driver import write_sweep
from fitgap.runner.errors import FitgapError
from fitgap.runner.planning.preparation import PreparedSweep, prepare_sweep
from fitgap.runner.planning.repeat_rounds import explain_rounds
from fitgap.runner.spec import Flags, Sweep, sweep_from_flags, sweep_from_text
from fitgap.runner.spec.loading import MOST_BYTES as LONGEST_SWEEP_FILE
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.web.mistakes import Mistake, mistake_in
from fitgap.runner.web.pages import page, settings_of, sweep_path
from fitgap.runner.web.problems import Problem
from fitgap.runner.web.security import MOST_BYTES, check_form
from fitgap.runner.web.views.actions import back, text_of, trainings_of
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

# Fields of the form, each with its label, the option of `fitgap run` whose errors belong to it, and an example.
FIELDS = {
    "hidden": ("Hidden layers, one alternative per line", "--hidden", "16\n64-32"),
    "activation": ("Activation functions, one per line", "--activation", "relu\nsigmoid"),
    "regularizer": ("Regularizers, one per line", "--regularizer", "none\nl2:weight=1e-4"),
    "optimizer": ("Optimizers, one per line", "--optimizer", "adam:rate=1e-3"),
}
NUMBERS = {
    "epochs": ("Epochs", "--epochs", "30"),
    "repeats": ("Repeats, or rounds: from=1,to=8", "--repeats", "3"),
    "batch_size": ("Batch size", "--batch-size", "32"),
    "seed": ("Seed", "--seed", "0"),
    "name": ("Name (optional)", "--name", ""),
}
# Fields that take only a whole number; repeats may also be rounds.
DIGITS = ("epochs", "seed")
KNOWN = {"activation": ACTIVATIONS, "regularizer": REGULARIZERS, "optimizer": OPTIMIZERS}
EXAMPLE = """\
name: digits
data: digits
repeats: 3
training: {epochs: 30}
axes:
  architecture: [16, 64-32]
  activation: [relu, tanh]
  optimizer: [{adam: {rate: [1e-3, 1e-2]}}]
"""


def new_form(request: Request) -> Response:
    return form_page(request)


def form_page(request: Request, status: int = 200, **given: Any) -> Response:
    """The page with all forms, filled in with the values given so far."""
    context: dict[str, Any] = {
        "text": EXAMPLE,
        "mistake": None,
        "values": {name: field[2] for name, field in {**FIELDS, **NUMBERS}.items()},
        "source": "digits",
        "target": "",
        "inspection": None,
        "plan": None,
        "what": "",
    }
    return page(
        request,
        "new.html",
        status,
        fields=FIELDS,
        numbers=NUMBERS,
        digits=DIGITS,
        known=KNOWN,
        sources=list(SOURCES),
        **{**context, **given},
    )


async def from_file(request: Request) -> Response:
    """Start the sweep of an uploaded or pasted file, or show its plan."""
    async with request.form() as form:
        check_form(form, settings_of(request))
        upload, only_check = form.get("file"), text_of(form, "do") == "check"
        text, file = text_of(form, "text").replace("\r\n", "\n"), "sweep.yaml"
        if isinstance(upload, UploadFile) and upload.filename:
            content = await upload.read(LONGEST_SWEEP_FILE + 1)
            text, file = decoded(content), safe_name(upload.filename)
    return await run_in_threadpool(start_from_text, request, text, file, only_check)


def decoded(content: bytes) -> str:
    if len(content) > LONGEST_SWEEP_FILE:
        raise Problem(
            413,
            f"A sweep file has at most {LONGEST_SWEEP_FILE:,} bytes.",
            "To upload data, use the form “From your own data”.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(422, "This file is not UTF-8 text, so it is not a sweep file.", "Choose another one.") from None


def safe_name(name: str) -> str:
    """The name of an uploaded file without folders and special characters; it is only displayed and names the sweep."""
    plain = re.sub("[^A-Za-z0-9._-]+", "-", PurePath(name.replace("\\", "/")).name).lstrip(".")
    return plain[:64] or "sweep.yaml"


def start_from_text(request: Request, text: str, file: str, only_check: bool) -> Response:
    try:
        prepared = prepare_sweep(sweep_from_text(text, file))
    except FitgapError as error:
        return form_page(request, 422, text=text, mistake=mistake_in(text, str(error)), what="file")
    if only_check:
        return form_page(request, text=text, plan=plan_of(prepared), what="file")
    return start(request, prepared)


async def from_form(request: Request) -> Response:
    """Start the sweep that the form defines, or show its plan."""
    async with request.form() as form:
        check_form(form, settings_of(request))
        return await run_in_threadpool(start_from_form, request, form)


def start_from_form(request: Request, form: FormData) -> Response:
    source, target = text_of(form, "source"), text_of(form, "target").strip()
    values = {name: text_of(form, name).replace("\r\n", "\n") for name in {**FIELDS, **NUMBERS}}
    given: dict[str, Any] = {"values": values, "source": source, "target": target, "what": "form"}
    try:
        if not is_in_memory(source) and source not in SOURCES:
            raise Problem(422, f"--data: {source[:40]!r} is not a data set in the list; choose one, or upload a file")
        inspection = inspected(source, target) if is_in_memory(source) else None
        given["inspection"] = inspection
        prepared = prepare_sweep(sweep_of(source, target, values))
    except FitgapError as error:
        return form_page(request, 422, **given, mistake=mistake_of_field(str(error)))
    if text_of(form, "do") == "check":
        return form_page(request, **given, plan=plan_of(prepared))
    return start(request, prepared)


def sweep_of(source: str, target: str, values: dict[str, str]) -> Sweep:
    """The sweep of the form, as the options of `fitgap run` would give it."""
    lists = {name: [line.strip() for line in values[name].split("\n") if line.strip()] for name in FIELDS}
    plain = {name: values[name].strip() or None for name in NUMBERS}
    return sweep_from_flags(Flags(data=source, target=[target] if target else [], **lists, **plain))  # type: ignore[arg-type]


def mistake_of_field(message: str) -> Mistake:
    """An error with the field to which its option belongs."""
    fields = {**FIELDS, **NUMBERS, "target": ("Target", "--target"), "source": ("Data set", "--data")}
    option = message.split(" ", 1)[0].rstrip(":")
    field = next((name for name, each in fields.items() if each[1] == option), "")
    if not field:
        return Mistake(message)
    rest = message.removeprefix(option).lstrip(": ")
    # Remove the typed value, which the message repeats at its end, except for fields with lists.
    plain = rest if field in FIELDS else rest.partition(": ")[2] or rest
    return Mistake(plain, field, re.split(r",| \(", fields[field][0])[0])


async def upload_data(request: Request) -> Response:
    """Inspect an uploaded data file, and show the form for it."""
    async with request.form() as form:
        check_form(form, settings_of(request))
        upload, target = form.get("data"), text_of(form, "target")
        if not isinstance(upload, UploadFile) or not upload.filename:
            mistake = Mistake("choose a file first", "data", "Table")
            return form_page(request, 422, mistake=mistake, what="data")
        content, name = await upload.read(MOST_BYTES), safe_name(upload.filename)
    return await run_in_threadpool(look_at_data, request, content, name, target)


def look_at_data(request: Request, content: bytes, name: str, target: str) -> Response:
    try:
        if not content.strip():
            raise Problem(422, "The file is empty; it must contain examples.")
        source = keep(content)
        inspection = inspected(source, target.strip())
    except FitgapError as error:
        message = re.sub("memory:[0-9a-f]{16}", name, str(error))
        return form_page(request, 422, mistake=Mistake(message, "data", "Table"), what="data")
    values = {name: field[2] for name, field in {**FIELDS, **NUMBERS}.items()}
    values["name"] = re.sub("[^A-Za-z0-9._-]", "-", PurePath(name).stem)
    guess = target.strip() or next((each.name for each in inspection.columns if each.use == "target"), "")
    given: dict[str, Any] = {
        "source": source,
        "target": guess,
        "inspection": inspection,
        "values": values,
        "what": "form",
    }
    return form_page(request, **given)


def inspected(source: str, target: str) -> Inspection:
    return inspect_file(source, (target,) if target else ())


def plan_of(prepared: PreparedSweep) -> list[str]:
    """What a sweep would train."""
    data = prepared.dataset
    count, rounds = counted(len(prepared.configurations), "configuration"), list(explain_rounds(prepared))
    if not rounds:
        count += f" × {counted(prepared.repeat_count, 'repeat')} = {counted(prepared.trial_count, 'trial')}"
    shape = f"{counted(data.example_count, 'example')}, {counted(data.input_count, 'input')}"
    return [
        f"{prepared.sweep.name}: {count}",
        f"{shape}, {counted(prepared.output_count, 'output')}",
        *rounds,
        *prepared.report,
    ]


def start(request: Request, prepared: PreparedSweep) -> Response:
    """Write a sweep to the database, so that it has a name and cannot be lost, and train it in a process of its own."""
    with open_store_for_writing(settings_of(request).database) as store:
        written = write_sweep(store, prepared)
        row = store.sweep(written.sweep_id)
    trainings_of(request).start(written.sweep_id)
    return back(f"../sweeps/{sweep_path(row)}")
