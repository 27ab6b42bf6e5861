"""The examples in docs/reference/filters.md are valid filters, and it lists all names."""

import re
from pathlib import Path

import pytest
from fitgap.runner.store import open_store
from fitgap.runner.store.filter import known_names
from fitgap.runner.store.filter.class_keys import CLASS_MEASURES

DOCS = Path(__file__).parents[4] / "docs"
TEXT = (DOCS / "reference" / "filters.md").read_text()
USEFUL = re.findall(r"^\|[^|]*\| `(.*)` \|$", (DOCS / "how-to" / "find-trials.md").read_text(), re.MULTILINE)
SHOWN = re.findall(r'--where "([^"]+)"', TEXT)
CELLS = [cell for line in TEXT.splitlines() if line.startswith("| `") for cell in line.split(" | ")[0].split("`")[1::2]]
INLINE = re.findall(r"`([a-z_.]+ (?:==|!=|>|<|like) [^`\n]+)`", TEXT)
EXAMPLES = sorted({each for each in (*SHOWN, *CELLS, *INLINE, *USEFUL) if not re.search(r"\b[ab]\b|^\( \)$", each)})


def test_there_are_examples():
    assert len(SHOWN) == 3 and len(CELLS) > 12 and len(USEFUL) > 5 and len(EXAMPLES) > 20


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_can_be_asked(example, trained_database):
    with open_store(str(trained_database)) as store:
        assert len(store.trials("small", where=example)) == store.count_trials("small", example)


def test_the_names_it_lists_are_all_there_are():
    listed = set(re.findall(r"`(\w+)`", TEXT.partition("## Names")[2].partition("## Sorting")[0]))
    columns = {name for name in known_names() if "." not in name}
    assert columns - listed <= {"configuration", "tags", "tag"}
    of_classes = {f"{measure}.setosa" for measure in CLASS_MEASURES}
    assert not {name for name in re.findall(r"`(\w+\.[\w.]+)`", TEXT)} - known_names().keys() - of_classes
