"""A report as one HTML file: no scripts, nothing loaded from elsewhere, every text escaped."""

import base64
from collections.abc import Callable
from html import escape
from typing import Any

from fitgap.runner.report.contents import Lines, Picture, Report, Section, Table, Words

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
STYLE = """
:root { color-scheme: light dark; --ink: #222; --faint: #555; --ground: #fff; --line: #ddd; --code: #f5f5f5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f0f0f0; --faint: #b4b8c0; --ground: #16181d; --line: #3a3f48; --code: #20242b; }
}
body { margin: 2rem auto; padding: 0 1rem; max-width: 62rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--ground); }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
pre { background: var(--code); padding: .8rem 1rem; overflow-x: auto; font-size: .82rem; line-height: 1.45; }
img { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .82rem; }
th, td { padding: .25rem .5rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--faint); font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
"""
MEDIA = {".svg": "image/svg+xml", ".png": "image/png"}


def html_page(report: Report) -> bytes:
    """The page."""
    title = escape(report.title)
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{STYLE}</style>"
    )
    body = "\n".join(map(section, report.sections))
    page = (
        f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n'
    )
    return page.encode("utf-8", "backslashreplace")


def section(each: Section) -> str:
    blocks = "\n".join(WRITERS[type(block)](block) for block in each.blocks)
    return f"<section>\n<h2>{escape(each.heading)}</h2>\n{blocks}\n</section>"


def words(block: Words) -> str:
    return f"<p>{escape(block.text)}</p>"


def lines(block: Lines) -> str:
    return f'<pre tabindex="0">{escape(chr(10).join(block.lines))}</pre>'


def table(block: Table) -> str:
    head = "".join(cell("th", text, place, block.numbers) for place, text in enumerate(block.headers))
    rows = (
        "<tr>" + "".join(cell("td", text, place, block.numbers) for place, text in enumerate(row)) + "</tr>"
        for row in block.rows
    )
    return f'<div class="wide" tabindex="0"><table><tr>{head}</tr>\n{chr(10).join(rows)}</table></div>'


def cell(element: str, text: str, place: int, numbers: int) -> str:
    kind = ' class="number"' if place >= numbers else ""
    return f"<{element}{kind}>{escape(text)}</{element}>"


def picture(block: Picture) -> str:
    """Both themes; the browser shows the one that matches the rest of the page."""
    dark = f'<source media="(prefers-color-scheme: dark)" srcset="{address(block.dark, block.ending)}">'
    light = f'<img src="{address(block.light, block.ending)}" alt="{escape(block.words)}">'
    return f"<picture>{dark}{light}</picture>"


def address(content: bytes, ending: str) -> str:
    return f"data:{MEDIA[ending]};base64,{base64.b64encode(content).decode()}"


WRITERS: dict[type, Callable[[Any], str]] = {Words: words, Lines: lines, Table: table, Picture: picture}
