"""Every kind of chart with few and many trials, in both themes, with diverged trials, zeros and long names."""

import itertools

import numpy as np
import pytest
from fitgap.runner.charts import KINDS, Request, Subject
from fitgap.runner.charts.palette import THEMES
from fitgap.runner.cli.commands import plot
from fitgap.runner.cli.render.terminal_charts import DRAWN, chart_lines
from fitgap.runner.errors import ChartError
from support.charts.made_sweeps import NEEDED
from support.sampling import every, every_row

NOT_SHOWN = "18 of 72 trials were pruned and are not shown."
# The other kinds cannot be drawn for synthetic sweeps, which have no networks, layers or inputs.
DRAWABLE = [name for name in KINDS if name not in ("layers", "activation", "boundary")]
# Minimum share of the pixels that differ from the background.
INKED = 0.001


def is_drawn(picture, theme):
    """Whether the image shows something in more than one color, besides its background and its frame."""
    background = tuple(int(THEMES[theme].background[place : place + 2], 16) for place in (1, 3, 5))
    height, width, _ = picture.shape
    inside = picture[height // 4 : -height // 10, width // 8 : -width // 8]
    different = np.abs(inside.astype(int) - background).max(axis=2) > 40
    colors = {tuple(pixel) for pixel in inside[different][::7].tolist()}
    return different.mean() > INKED and len(colors) > 1


def test_the_command_lists_every_kind():
    assert tuple(KINDS) == plot.KINDS


@pytest.mark.parametrize("kind", DRAWABLE)
def test_no_chart_is_blank(kind, made, specified, pixels):
    store = made(**NEEDED.get(kind, {}))
    assert is_drawn(pixels(specified(kind, store)), "light")


@pytest.mark.parametrize("kind", every(5, DRAWABLE))
def test_every_chart_has_a_dark_theme(kind, made, specified):
    store = made(configurations=24, **NEEDED.get(kind, {}))
    light, dark = (specified(kind, store, theme=theme) for theme in ("light", "dark"))
    assert dark["config"]["background"] == THEMES["dark"].background != light["config"]["background"]
    assert dark["config"]["axis"]["labelColor"] == THEMES["dark"].ink


UNUSUAL = (
    {"configurations": 1, "repeats": 1},
    {"configurations": 3, "repeats": 1},
    {"configurations": 24, "diverging": 1},
    {"configurations": 24, "diverging": 3},
    {"configurations": 12, "zeros": True},
    {"configurations": 12, "scale": 1e-30},
    {"configurations": 12, "scale": 1e12},
    {"configurations": 12, "epochs": 1},
    {"configurations": 12, "pending": 30},
    {"configurations": 12, "pending": 36},
    {"configurations": 12, "name": "n" * 64, "text": "x" * 200},
)


def words_of(facts):
    return "-".join(f"{key}={str(value)[:6]}" for key, value in facts.items())


@pytest.mark.parametrize(
    ("kind", "facts"),
    every_row(13, itertools.product(DRAWABLE, UNUSUAL)),
    ids=lambda value: value if isinstance(value, str) else words_of(value),
)
def test_unusual_sweeps_are_drawn_or_refused_with_a_reason(kind, facts, made, specified, pixels):
    store = made(**facts, **NEEDED.get(kind, {}))
    name = facts.get("name", "made")
    reason = KINDS[kind].unsuitable(Subject(store, Request(name)))
    if reason is None:
        specified(kind, store, name)
        return
    with pytest.raises(ChartError, match="does not suit") as refused:
        specified(kind, store, name)
    assert reason in str(refused.value)


@pytest.mark.parametrize("kind", every(3, DRAWABLE))
def test_a_thousand_trials_are_drawn_in_few_rows(kind, made, specified):
    store = made(configurations=334, repeats=3, **NEEDED.get(kind, {}))
    rows = max(map(len, specified(kind, store)["datasets"].values()))
    # In a notebook, Altair refuses more rows.
    assert rows <= 5_000


@pytest.mark.parametrize("kind", DRAWABLE)
def test_a_sweep_without_matching_trials_is_refused(kind, made, specified):
    with pytest.raises(ChartError, match="made has no trials that match --where"):
        specified(kind, made(configurations=2, **NEEDED.get(kind, {})), where="e_v < -1")


@pytest.mark.parametrize("kind", every(3, DRAWABLE))
def test_a_chart_says_how_many_trials_were_pruned_and_are_not_in_it(kind, made, specified):
    store = made(pruned=4, **NEEDED.get(kind, {}))
    assert " ".join(specified(kind, store)["title"]["subtitle"]).endswith(NOT_SHOWN)
    chosen = specified(kind, store, where="status == 'completed'")["title"].get("subtitle", [])
    assert "pruned" not in " ".join(chosen)


def test_curves_of_a_pruned_trial_show_it(made, specified):
    store = made(pruned=4)
    pruned = store.trials("made", where="status == 'pruned'", limit=1)[0]["trial"]
    assert "pruned" not in " ".join(specified("curves", store, trials=[pruned])["title"]["subtitle"])
    assert "not shown" not in "".join(chart_lines("curves", Subject(store, Request("made", trials=[pruned]))))
    for kind in DRAWN:
        assert chart_lines(kind, Subject(store, Request("made")))[-1] == NOT_SHOWN


@pytest.mark.nightly
def test_names_are_text_in_every_chart(made, specified):
    """No part of a name is read as an expression or a field of Vega."""
    store = made(configurations=12, text="['a'].b</script><script>alert(1)</script>", examples=True)
    for kind in DRAWABLE:
        specified(kind, store)
