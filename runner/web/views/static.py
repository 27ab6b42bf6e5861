"""The files that pages load: a fixed list, so that no address leads to any other file."""

import subprocess
import sys
from functools import cache
from importlib.resources import files

from fitgap.runner.package import program_version
from fitgap.runner.web.problems import Problem
from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    "style.css": "text/css",
    "page.js": "text/javascript",
    "charts.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
VEGA = "vega.js"
# Vega, Vega-Lite and vega-embed as one module.
WRITE_VEGA = "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle().encode())"


@cache
def content_of(name: str) -> bytes:
    if name == VEGA:
        # In a process of its own, since the library does not free about a hundred megabytes.
        return subprocess.run([sys.executable, "-c", WRITE_VEGA], capture_output=True, check=True).stdout
    return files("fitgap.runner.web").joinpath("static", name).read_bytes()


def static_file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in (*TYPES, VEGA):
        raise Problem(404, "There is no such file.")
    tag = f'"{program_version()}-{len(content_of(name))}"'
    headers = {"Cache-Control": "no-cache", "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content_of(name), media_type=TYPES.get(name, "text/javascript"), headers=headers)
