"""Charts that the page draws itself: with zoom, selection on the fit map, and data that can be replaced."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# In charts narrower than this, as on a phone, legends are below the chart.
NARROW = 420
# Dragging selects a rectangle, a click one configuration; the page puts both into its address.
DRAG = "[pointerdown[!event.shiftKey], window:pointerup] > window:pointermove!"
RECTANGLE = {"name": "box", "select": {"type": "interval", "on": DRAG, "translate": False, "zoom": False}}
CLICK = {"name": "pick", "select": {"type": "point", "fields": ["configuration"], "on": "click", "clear": False}}
# The wheel alone scrolls the page, and dragging alone selects on the fit map, so zooming and panning need a key.
WHEEL = "wheel![event.ctrlKey]"
SHIFT_DRAG = "[pointerdown[event.shiftKey], window:pointerup] > window:pointermove!"
PANS = {"fitmap": SHIFT_DRAG}
# Charts whose axes are numbers, so that zooming shows more.
ZOOMED = ("fitmap", "curves", "learning-curve", "capacity", "sensitivity", "stopping", "time")
ZOOM = "zoom"
Box = tuple[float, ...]


def live_specification(
    kind: str, specification: dict[str, Any], width: int, box: Box, origin: tuple[float, float]
) -> dict[str, Any]:
    """A specification for the page to draw, with the present selection.

    Altair names data sets by a hash of their content; here they get fixed names, so that their content can be replaced.
    The rectangle `box` is relative to the reference, the coordinates of the fit map are relative to its `origin`.
    """
    names = {name: f"rows{number}" for number, name in enumerate(specification.get("datasets", {}))}
    renamed: dict[str, Any] = renamed_data(specification, names)
    renamed["datasets"] = {names[name]: rows for name, rows in specification.get("datasets", {}).items()}
    if width < NARROW:
        renamed["config"]["legend"] |= {"orient": "bottom", "columns": 3}
    if kind == "fitmap":
        make_selectable(renamed, box, origin)
    if kind in ZOOMED:
        make_zoomable(renamed, PANS.get(kind))
    return renamed


def make_selectable(specification: dict[str, Any], box: Box, origin: tuple[float, float]) -> None:
    """Let configurations be selected on a fit map."""
    x, y = origin
    ranges = {"underfit": [each - x for each in box[:2]], "overfit": [each - y for each in box[2:]]}
    value = {"value": ranges} if box else {}
    specification["usermeta"] = {"origin": [x, y]}
    for layer in specification["layer"]:
        if layer.get("encoding", {}).get("x", {}).get("field") == "underfit":
            layer["params"] = [{**RECTANGLE, **value}, CLICK]


def make_zoomable(specification: dict[str, Any], pan: str | None) -> None:
    """Let all panels of a chart be zoomed together."""
    names = []
    for number, panel in enumerate(panels_of(specification)):
        unit = next((each for each in units_of(panel) if is_numeric(each)), None)
        if unit is not None:
            unit["name"] = f"panel{number}"
            names.append(unit["name"])
    if names:
        select = {"type": "interval", "zoom": WHEEL, **({"translate": pan} if pan else {})}
        zoom = {"name": ZOOM, "select": select, "bind": "scales", "views": names}
        specification["params"] = [*specification.get("params", []), zoom]


def panels_of(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The panels of a specification, which are next to each other."""
    if "concat" in part:
        for each in part["concat"]:
            yield from panels_of(each)
    else:
        yield part


def units_of(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a panel that have a mark."""
    if "mark" in part:
        yield part
    for each in part.get("layer", ()):
        yield from units_of(each)


def is_numeric(unit: Mapping[str, Any]) -> bool:
    """Whether both axes of a mark are numbers from the data."""
    sides: Sequence[Mapping[str, Any]] = [unit.get("encoding", {}).get(side, {}) for side in ("x", "y")]
    return all(side.get("type") == "quantitative" and "field" in side for side in sides)


def renamed_data(part: Any, names: Mapping[str, str]) -> Any:
    """A part of a specification with its data sets renamed."""
    if isinstance(part, list):
        return [renamed_data(each, names) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {key: renamed_data(value, names) for key, value in part.items() if key != "datasets"}
    data = inner.get("data")
    if isinstance(data, dict) and data.get("name") in names:
        inner["data"] = {"name": names[data["name"]]}
    return inner
