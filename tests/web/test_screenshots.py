"""The screenshots in README show what the page looks like now."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from docs.screenshots import IMAGES, SHOTS

PROJECT = Path(__file__).parents[2]
# Times, machine names and font rendering differ slightly between runs.
MOST_DIFFERENT = 0.05


def differing(browser, one, other):
    """The share of pixels that differ between two images, as decoded by the browser; 1 if their sizes differ."""
    page = browser.new_page()
    sources = [f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}" for path in (one, other)]
    share = page.evaluate(COMPARE, sources)
    page.close()
    return share


COMPARE = """async (sources) => {
    const data = [];
    for (const source of sources) {
        const image = new Image();
        image.src = source;
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height), drawing = canvas.getContext("2d");
        drawing.drawImage(image, 0, 0);
        data.push(drawing.getImageData(0, 0, image.width, image.height));
    }
    const [one, other] = data;
    if (one.width !== other.width || one.height !== other.height) return 1;
    let different = 0;
    for (let place = 0; place < one.data.length; place += 4)
        if ([0, 1, 2].some((each) => Math.abs(one.data[place + each] - other.data[place + each]) > 48)) different += 1;
    return different / (one.data.length / 4);
}"""


@pytest.mark.nightly
@pytest.mark.xdist_group("browser")
def test_the_pictures_in_the_readme_can_be_taken_again(browser, tmp_path):
    command = [sys.executable, "-m", "fitgap", "run", str(PROJECT / "examples" / "digits.yaml")]
    database = str(tmp_path / "digits.db")
    subprocess.run([*command, "--engine", "local", "--db", database], check=True, cwd=tmp_path, capture_output=True)
    # In a separate process, because this one already has a browser open.
    script = f"from pathlib import Path; from docs.screenshots import take; take({database!r}, Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=PROJECT, capture_output=True)
    readme = (PROJECT / "README.md").read_text()
    for name, *_ in SHOTS:
        assert f"docs/images/{name}" in readme
        assert differing(browser, tmp_path / name, IMAGES / name) < MOST_DIFFERENT, name
