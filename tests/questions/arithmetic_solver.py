"""A second way to answer word problems: the numbers of the text in order, and a formula."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

WORDS = "zero one two three four five six seven eight nine ten eleven twelve"
PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5}

Numbers = list[Fraction]

# In the order of the text. Words that are always there (one team, two crates) are cut out first.
FIXED = re.compile(
    r"Two crates, one|and one with|Two towns|from one to the other|One team|laid by two teams"
    r"|every one with|lie on one"
    r"|one can get|the one of|one day|these three days|the three of them|than the middle-sized one"
    r"|without a fault|at first|First|first [fs]t|first days"
)
FORMULAS: dict[str, Callable[[Numbers], Fraction]] = {
    **dict.fromkeys(
        [f"give_away/{name}" for name in ("picked", "table", "basket", "crates")],
        lambda n: n[0] + n[1] - n[2],
    ),
    **dict.fromkeys(
        [f"share/{name}" for name in ("friends", "pupils", "workshop", "shop")],
        lambda n: (n[0] * n[1] - n[2]) / n[3],
    ),
    "pages/book": lambda n: (n[0] - n[1] * n[2]) / n[3],
    "pages/typing": lambda n: (n[0] - n[1] * n[2]) / n[3],
    "pages/road": lambda n: (n[0] - n[1] * n[2]) / n[3],
    "pages/potatoes": lambda n: (n[0] - n[1] * n[2]) / n[3],
    **dict.fromkeys(
        [f"compare/{name}" for name in ("shells", "week", "jars", "scores")],
        lambda n: n[0] + 2 * n[0] * n[1] - n[2],
    ),
    "scale/eggs": lambda n: n[2] * n[1] / n[0] - n[3],
    "scale/towels": lambda n: n[2] * n[1] / n[0] - n[3],
    "scale/paint": lambda n: n[2] * n[0] / n[1] - n[3],
    "scale/machine": lambda n: n[2] * n[0] / n[1] - n[3],
    **dict.fromkeys(
        [f"fractions/{name}" for name in ("sheep", "stamps", "cinema", "water")],
        lambda n: n[0] * (1 - 1 / n[1]) * (1 - 1 / n[2]),
    ),
    **dict.fromkeys(
        [f"older/{name}" for name in ("people", "trees", "choirs", "towers")],
        lambda n: n[2] * n[0] + n[2] * n[1] + n[3],
    ),
    **dict.fromkeys(
        [f"come_and_go/{name}" for name in ("bus", "library", "points", "ducks")],
        lambda n: n[0] + n[2] + n[4] - n[1] - n[3],
    ),
    **dict.fromkeys(
        [f"travel/{name}" for name in ("drive", "coach", "cycling", "pipe")],
        lambda n: n[0] - n[1] * n[2] - n[3] * n[4],
    ),
    "change/pays": lambda n: n[4] - n[0] * n[1] - n[2] * n[3],
    "change/fair": lambda n: n[4] - n[0] * n[2] - n[1] * n[3],
    "change/purse": lambda n: n[0] - n[1] * n[2] - n[3] * n[4],
    "change/voucher": lambda n: n[0] - n[1] * n[2] - n[3] * n[4],
    **dict.fromkeys(
        [f"wages/{name}" for name in ("works", "gardener", "evenings", "shifts")],
        lambda n: n[0] * n[1] * n[2] - n[3],
    ),
    **dict.fromkeys(
        [f"saving/{name}" for name in ("guitar", "tent", "cars", "roof")],
        lambda n: (n[0] - n[1] - n[2]) / n[3],
    ),
    "discount/order": lambda n: n[0] * n[1] * (1 - n[2] / 100) + n[3],
    "discount/hostel": lambda n: n[0] * n[1] * (1 - n[2] / 100) + n[3],
    "discount/sale": lambda n: n[0] * n[2] * (1 - n[1] / 100) + n[3],
    "discount/tickets": lambda n: n[0] * n[1] * (1 - n[2] / 100) + n[3],
    "profit/baker": lambda n: (n[0] * n[1] - n[2]) * n[3] - n[4],
    "profit/tulips": lambda n: (n[0] * n[1] - n[2]) * n[3] - n[4],
    "profit/calendars": lambda n: (n[0] * n[1] - n[2]) * n[3] - n[4],
    "profit/mugs": lambda n: (n[0] * n[1] - n[3]) * n[4] - n[2],
    "trip/museum": lambda n: (n[0] * n[1] + n[2]) * (n[3] + n[5] / n[4]),
    "trip/dinner": lambda n: (n[0] * n[1] + n[2]) * (n[3] + n[5] / n[4]),
    "trip/choirs": lambda n: (n[0] * n[1] + n[2]) * (n[3] + n[5] / n[4]),
    "trip/crates": lambda n: (n[0] * n[1] + n[2]) * (n[4] + n[5] / n[3]),
}


def numbers(text: str) -> Numbers:
    found = []
    for word in re.findall(r"\d+(?:\.\d+)?|[A-Za-z]+", FIXED.sub(" ", text)):
        if word[0].isdigit():
            found.append(Fraction(word))
        elif word.lower() in WORDS.split():
            found.append(Fraction(WORDS.split().index(word.lower())))
        elif word in PARTS:
            found.append(Fraction(PARTS[word]))
    return found


def answer(template: str, prompt: str) -> Fraction:
    """The answer to a question of the set `arithmetic`."""
    return FORMULAS[template.removeprefix("arithmetic/")](numbers(prompt))
