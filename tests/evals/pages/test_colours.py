"""The page's colours: text can be read in both schemes."""

from __future__ import annotations

import re
from importlib import resources

import pytest


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_contrast_aa_in_both_schemes(scheme: int) -> None:
    css = (resources.files("limbeck.evals.pages") / "templates/style.css.j2").read_text("utf-8")
    colours = dict(re.findall(r"--(\w+): (#\w{6});", css.split("@media screen")[scheme]))
    for text in ("ink", "soft", "accent"):
        for ground in ("paper", "faint"):
            pair = sorted((luminance(colours[text]), luminance(colours[ground])))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5
