"""`python -m docs.generate`: writes the generated reference pages. Run it after changing a help text or a key."""

from pathlib import Path

from docs.generate import columns, commands, python_api, variants

REFERENCE = Path(__file__).parents[1] / "reference"
PAGES = {
    "commands.md": commands.page,
    "variants.md": variants.page,
    "columns.md": columns.page,
    "python-api.md": python_api.page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")
