"""Verdicts can be told apart in both themes, with color blindness, and by their shapes alone."""

import itertools

import numpy as np
import pytest
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.charts.palette import CROSS, NOT_JUDGED, PENDING, THEMES, VERDICTS, style_of

# How colors look to dichromats, on linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# From linear RGB to CIE XYZ, relative to white.
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
# Minimum distance in Lab between the colors of two verdicts, and minimum contrast ratio with the background.
CLEAR = 6.0
VISIBLE_RATIO = 1.9


def linear(color):
    values = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(color, blindness):
    seen = np.clip(np.asarray(BLINDNESS[blindness]) @ linear(color), 0, 1)
    x, y, z = TO_XYZ @ seen / TO_XYZ.sum(axis=1)
    root = [value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z)]
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def luminance(color):
    return float(TO_XYZ[1] @ linear(color))


def test_every_verdict_has_a_style_of_its_own():
    assert set(VERDICTS) == {verdict.value for verdict in Verdict}
    assert len({style.shape for style in VERDICTS.values()}) == len(VERDICTS)
    assert len({style.letter for style in VERDICTS.values()}) == len(VERDICTS)
    assert style_of("diverged").shape == CROSS
    assert style_of(NOT_JUDGED) == style_of(None) == style_of("new in a later version") == PENDING


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_colors_of_verdicts_can_be_told_apart(theme, blindness):
    colors = {name: lab(THEMES[theme].color(name), blindness) for name in VERDICTS}
    for (one, left), (other, right) in itertools.combinations(colors.items(), 2):
        assert np.linalg.norm(left - right) > CLEAR, (one, other)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_everything_stands_out_from_the_background(theme):
    ground = luminance(theme.background)
    for color in [*map(theme.color, VERDICTS), *theme.series()]:
        light, dark = sorted((luminance(color), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > VISIBLE_RATIO, color
    for color in (theme.ink, theme.faint_ink):
        light, dark = sorted((luminance(color), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 4.5, color
