"""A report as PDF: pages are laid out as SVG, vl-convert turns each into PDF, and pypdf joins them.

Text stays text, and charts stay vector graphics. No browser is needed.
"""

import base64
import io
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import vl_convert
from fitgap.runner.report.contents import Lines, Picture, Report, Section, Table, Words
from pypdf import PdfReader, PdfWriter

# A4 in points.
WIDTH, HEIGHT = 595, 842
MARGIN = 42
ROOM = WIDTH - 2 * MARGIN
# Widths of characters as shares of the font size: of the monospaced font, and on average of the other one.
MONOSPACED, AVERAGE = 0.6, 0.5
# The smallest font sizes of monospaced text: in long lines, and in wide tables.
SMALL, SMALLEST = 6.5, 5.0
INK, FAINT = "#222222", "#777777"
# XML allows no other control characters.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Piece:
    """An element with a height. `draw` takes the position of its top and returns SVG, placed at the left margin."""

    height: float
    draw: Callable[[float], str]


def pdf_document(report: Report) -> bytes:
    """The document."""
    pieces = [title(report.title)]
    for section in report.sections:
        pieces += pieces_of(section)
    writer = PdfWriter()
    writer.add_metadata({"/Title": report.title, "/Creator": "fitgap"})
    for number, page in enumerate(pages(pieces), start=1):
        writer.append(PdfReader(io.BytesIO(vl_convert.svg_to_pdf(sheet(page, number)))))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pages(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The pieces of each page."""
    page: list[Piece] = []
    used = 0.0
    for piece in pieces:
        if page and used + piece.height > HEIGHT - 2 * MARGIN:
            yield page
            page, used = [], 0.0
        page.append(piece)
        used += piece.height
    yield page


def sheet(pieces: list[Piece], number: int) -> str:
    """A page as SVG."""
    top, drawn = float(MARGIN), []
    for piece in pieces:
        drawn.append(piece.draw(top))
        top += piece.height
    foot = text(str(number), HEIGHT - 20, 8, x=WIDTH / 2, color=FAINT)
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {namespaces} {size}><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{"".join(drawn)}{foot}</svg>'


def text(
    words: str,
    y: float,
    size: float,
    *,
    x: float = MARGIN,
    font: str = "sans-serif",
    color: str = INK,
    bold: bool = False,
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x:.1f}" y="{y:.1f}" font-family="{font}" font-size="{size:.2f}" fill="{color}"{weight}'
    shown = escape(FORBIDDEN.sub("\ufffd", words))
    return f'<text {place} xml:space="preserve">{shown}</text>'


def title(words: str) -> Piece:
    return Piece(34, lambda top: text(words, top + 16, 18, bold=True))


def pieces_of(section: Section) -> list[Piece]:
    """The heading and the blocks. A heading stays with what follows it."""
    pieces = [piece for block in section.blocks for piece in WRITERS[type(block)](block)]
    heading = Piece(30, lambda top: text(section.heading, top + 20, 13, bold=True))
    return [joined(heading, pieces[0]), *pieces[1:]] if pieces else [heading]


def joined(first: Piece, second: Piece) -> Piece:
    return Piece(first.height + second.height, lambda top: first.draw(top) + second.draw(top + first.height))


def words(block: Words) -> Iterator[Piece]:
    size = 10.0
    for line in textwrap.wrap(block.text, int(ROOM / (size * AVERAGE))):
        yield line_piece(line, size, "sans-serif")


def lines(block: Lines, smallest: float = SMALL) -> Iterator[Piece]:
    """Preformatted lines; those that do not fit even in the smallest font are wrapped."""
    longest = max((len(line) for line in block.lines), default=1)
    size = max(smallest, min(8.5, ROOM / (MONOSPACED * max(longest, 1))))
    for line in block.lines:
        for part in textwrap.wrap(line, int(ROOM / (size * MONOSPACED)), drop_whitespace=False) or [""]:
            yield line_piece(part, size, "monospace")


def line_piece(line: str, size: float, font: str) -> Piece:
    return Piece(1.4 * size, lambda top: text(line, top + size, size, font=font))


def table(block: Table) -> Iterator[Piece]:
    """A table in a monospaced font, as wide as the page at most."""
    rows = [block.headers, *block.rows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(block.headers))]
    if sum(widths) + 2 * len(widths) > ROOM / (MONOSPACED * SMALL) and block.numbers >= len(widths):
        # The table has only texts, so its last column may be wrapped.
        widths[-1] = 0
    formatted = [
        "  ".join(
            each.rjust(width) if place >= block.numbers else each.ljust(width)
            for place, (each, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "─" * min(max(map(len, formatted)), int(ROOM / (MONOSPACED * SMALLEST)))
    yield from lines(Lines([formatted[0], rule, *formatted[1:], ""]), SMALLEST)


def picture(block: Picture) -> Iterator[Piece]:
    """A chart, scaled to the width of the page."""
    if block.ending == ".png":
        width, height = (float(int.from_bytes(block.light[place : place + 4], "big")) for place in (16, 20))
    else:
        width, height = size_of(block.light.decode())
    scale = min(ROOM / width, (HEIGHT - 2 * MARGIN - 40) / height)
    place = f'x="{MARGIN}" width="{width * scale:.1f}" height="{height * scale:.1f}"'
    media = {".svg": "image/svg+xml", ".png": "image/png"}[block.ending]
    # Embed each chart as a separate image, so that the names inside several charts cannot clash.
    data = f"data:{media};base64,{base64.b64encode(block.light).decode()}"
    yield Piece(height * scale + 8, lambda top: f'<image {place} y="{top:.1f}" xlink:href="{data}"/>')


def size_of(svg: str) -> tuple[float, float]:
    """The width and height that the first element of an SVG has."""
    found = re.search(r'<svg[^>]*? width="([0-9.]+)" height="([0-9.]+)"', svg)
    assert found is not None, svg[:200]
    return float(found[1]), float(found[2])


WRITERS: dict[type, Callable[[Any], Iterator[Piece]]] = {Words: words, Lines: lines, Table: table, Picture: picture}
