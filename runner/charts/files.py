"""Charts as files: PNG, SVG, PDF, HTML that works offline, and the Vega-Lite specification as JSON.

vl-convert renders without a browser and without a network.
"""

import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert
from fitgap.runner.errors import ChartError

# Pixels of a PNG file per pixel of the chart, as on most screens.
PIXELS = 2.0
# Allow no external scripts, styles or images, and no connections.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ margin: 1em; background: {background}; }} #chart svg {{ max-width: 100%; height: auto; }}</style>
</head>
<body>
<div id="chart"></div>
<script id="specification" type="application/json">{specification}</script>
<script>{library}</script>
<script>
vegaEmbed("#chart", JSON.parse(document.getElementById("specification").textContent),
  {{renderer: "svg", ast: true, actions: false, tooltip: true}});
</script>
</body>
</html>
"""


def png(specification: str) -> bytes:
    return bytes(vl_convert.vegalite_to_png(specification, vl_version=version(), scale=PIXELS))


def svg(specification: str) -> bytes:
    return str(vl_convert.vegalite_to_svg(specification, vl_version=version())).encode()


def pdf(specification: str) -> bytes:
    return bytes(vl_convert.vegalite_to_pdf(specification, vl_version=version()))


def html(specification: str) -> bytes:
    """One page with the chart, its data and Vega itself.

    vl-convert can write such a page, too, but it does not escape `</script>` in the data.
    """
    content = json.loads(specification)
    heading = content.get("title") or {}
    lines = heading.get("text", "chart") if isinstance(heading, dict) else heading
    page = PAGE.format(
        policy=POLICY,
        title=escape(" ".join(lines) if isinstance(lines, list) else str(lines)),
        background=escape(content.get("config", {}).get("background", "#ffffff")),
        specification=json_for_html(content),
        library=library(),
    )
    return page.encode()


def library() -> str:
    """Vega, Vega-Lite and vega-embed as one script that can be embedded in a page."""
    # Its type hint demands an argument that it does not need.
    code: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    return code.replace("</script", "<\\/script")


def json_for_html(value: Any) -> str:
    """JSON that cannot end the script element it is in, whatever names it contains."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def plain_json(specification: str) -> bytes:
    return (json.dumps(json.loads(specification), indent=1) + "\n").encode()


FORMATS: dict[str, Callable[[str], bytes]] = {
    ".png": png,
    ".svg": svg,
    ".pdf": pdf,
    ".html": html,
    ".json": plain_json,
}


def check_format(path: Path) -> str:
    """The suffix of a file name. Raises ChartError if charts cannot be written in this format."""
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise ChartError(f"{path} must end in {', '.join(FORMATS)}; the suffix chooses the format")
    return ending


def content_of(chart: Any, ending: str) -> bytes:
    """A chart in the format of a file name suffix."""
    return FORMATS[ending](chart.to_json(indent=None))


def version() -> str:
    """The version of Vega-Lite that Altair writes, or the newest one of the same major version that can be drawn."""
    wanted = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    known = vl_convert.get_vegalite_versions()
    alike = [each for each in known if each.split(".")[0] == wanted.split(".")[0]]
    return wanted if wanted in known else (alike or known)[-1]
