"""`python -m docs.screenshots DATABASE`: takes the screenshots of the web page again, in Chromium.

The database must contain the trained sweep `digits` of examples/digits.yaml.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).parent / "images"
SCALE, WAIT_MILLISECONDS, ATTEMPTS = 1, 250, 240
# The file, the address, the size of the window, and whether it is dark.
SHOTS = (
    ("page-sweep.png", "sweeps/digits#content", (1100, 1240), False),
    ("page-results.png", "sweeps/digits?where=overfit+%3E+0&columns=parameters#table-title", (1100, 560), True),
)
IS_DRAWN = """() => document.querySelectorAll("[data-chart] svg").length ==
    document.querySelectorAll("[data-chart]").length && !document.querySelector("[aria-busy]")"""


def main() -> None:
    """Take all screenshots."""
    (database,) = sys.argv[1:]
    take(database, IMAGES)


def take(database: str, folder: Path) -> None:
    """Take all screenshots of the web page of a database, and write them into a folder."""
    from playwright.sync_api import sync_playwright

    words = [sys.executable, "-m", "fitgap", "ui", "--no-browser", "--read-only", "--port", "0", "--db", database]
    page = subprocess.Popen(words, stderr=subprocess.PIPE, encoding="utf-8")
    assert page.stderr is not None
    try:
        address = page.stderr.readline().split()[2]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for name, path, size, is_dark in SHOTS:
                shoot(browser, f"{address}{path}", size, is_dark, folder / name)
            browser.close()
    finally:
        page.terminate()
        page.wait()
        page.stderr.close()


def shoot(browser: Any, address: str, size: tuple[int, int], is_dark: bool, place: Path) -> None:
    """Take a screenshot of a window, once its charts are drawn."""
    scheme = "dark" if is_dark else "light"
    window = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=window, device_scale_factor=SCALE, color_scheme=scheme)
    page = context.new_page()
    # A chart is drawn only after it has come near the visible part of the page, so scroll through all of it.
    page.goto(address)
    for number in range(ATTEMPTS):
        page.mouse.wheel(0, 400 if number < 12 else 0)
        page.wait_for_timeout(WAIT_MILLISECONDS)
        if number > 12 and page.evaluate(IS_DRAWN):
            break
    page.evaluate("name => document.getElementById(name).scrollIntoView()", address.partition("#")[2])
    page.wait_for_timeout(WAIT_MILLISECONDS)
    page.screenshot(path=str(place))
    context.close()


if __name__ == "__main__":
    main()
