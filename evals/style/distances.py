"""How far a model's answers are from the teacher's, prompt by prompt.

Most distances are means over prompts. The distance of two distributions and a correlation are
not, and are given as jackknife pseudo-values (Tukey 1958) moved so that their mean is the statistic
itself: their spread is that of its standard error, so that one interval serves all features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from limbeck.evals.style.features import FEATURES, SHARE, Feature, Floats
from limbeck.evals.style.text import Text

OPENING_WORDS = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """One feature of four sets of answers to the same n prompts.

    `shown` is a number to read by role, None where a role has none; `distances` those of base,
    student and teacher_again to the teacher, one per prompt (n,). `counts` says whether it enters
    the mean over features.
    """

    name: str
    about: str
    unit: str
    shown: dict[str, float | None]
    distances: dict[str, Floats]
    counts: bool = True


def measured(texts: dict[str, list[Text]]) -> list[Measured]:
    """All features of base, student, teacher and teacher_again, of n >= 2 answers each."""
    made = [_of_texts(feature, texts) for feature in FEATURES]
    return [*made, _openings(texts), _overlap(texts), _length_correlation(texts)]


def _of_texts(feature: Feature, texts: dict[str, list[Text]]) -> Measured:
    values = {role: feature.values(several) for role, several in texts.items()}
    return Measured(
        feature.name,
        feature.about,
        feature.unit,
        {role: feature.shown(several) for role, several in values.items()},
        {role: abs(values[role] - values["teacher"]) for role in _others(texts)},
    )


def _others(texts: dict[str, list[Text]]) -> list[str]:
    return [role for role in texts if role != "teacher"]


def _openings(texts: dict[str, list[Text]]) -> Measured:
    openings = {
        role: [" ".join(text.tokens[:OPENING_WORDS]) for text in several]
        for role, several in texts.items()
    }
    whole, pseudo = {}, {}
    for role in _others(texts):
        whole[role], left = jensen_shannon(openings[role], openings["teacher"])
        pseudo[role] = pseudo_values(whole[role], left)
    return Measured(
        "opening words",
        f"Jensen-Shannon distance (0 to 1) of the first {OPENING_WORDS} words to the teacher's",
        "",
        {**whole, "teacher": None},
        pseudo,
    )


def jensen_shannon(ones: Sequence[str], twos: Sequence[str]) -> tuple[float, Floats]:
    """The Jensen-Shannon distance (the root of the divergence in bits, 0 to 1) of what two lists of
    n >= 2 hold, and the same without each place (n,)."""
    n = len(ones)
    names = {name: place for place, name in enumerate(dict.fromkeys([*ones, *twos]))}
    at_one, at_two = (np.array([names[name] for name in several]) for several in (ones, twos))
    one, two = (np.bincount(at, minlength=len(names)).astype(float) for at in (at_one, at_two))

    def taken(there: Floats) -> Floats:
        """What sum(x log x) gains where one of so many is taken off."""
        return _xlogx(there - 1) - _xlogx(there)

    both = one + two
    # Of the two taken off, one after the other: the second may stand in the same place.
    of_both = taken(both[at_one]) + taken(both[at_two] - (at_one == at_two))
    gain = of_both - taken(one[at_one]) - taken(two[at_two])
    total = float((_xlogx(both) - _xlogx(one) - _xlogx(two)).sum())
    divergence = 1 - total / (2 * n)
    left = 1 - (total + gain) / (2 * (n - 1))
    return float(np.sqrt(max(0.0, divergence))), np.sqrt(np.maximum(0.0, left))


def _xlogx(counts: Floats) -> Floats:
    logs: Floats = counts * np.log2(np.maximum(counts, 1))
    return logs


def _overlap(texts: dict[str, list[Text]]) -> Measured:
    bags = {role: [Counter(text.tokens) for text in several] for role, several in texts.items()}
    shared = {
        role: np.array([f1(*pair) for pair in zip(bags[role], bags["teacher"], strict=True)])
        for role in _others(texts)
    }
    return Measured(
        "word overlap",
        "words in common with the teacher's answer to the same prompt (ROUGE-1 F1)",
        SHARE,
        {**{role: float(values.mean()) for role, values in shared.items()}, "teacher": None},
        {role: 1 - values for role, values in shared.items()},
    )


def f1(one: Counter[str], two: Counter[str]) -> float:
    """ROUGE-1 F1 of two bags of words (Lin 2004); 1 of two empty ones."""
    total = one.total() + two.total()
    return 2 * (one & two).total() / total if total else 1.0


def _length_correlation(texts: dict[str, list[Text]]) -> Measured:
    logs = {
        role: np.log1p([float(text.words) for text in several]) for role, several in texts.items()
    }
    whole, pseudo = {}, {}
    for role in _others(texts):
        whole[role], left = correlation(logs[role], logs["teacher"])
        pseudo[role] = pseudo_values(1 - whole[role], 1 - left)
    return Measured(
        "length correlation",
        "of the answers' log lengths with the teacher's; the mean has the length already",
        "",
        {**whole, "teacher": None},
        pseudo,
        counts=False,
    )


def correlation(one: Floats, two: Floats) -> tuple[float, Floats]:
    """Pearson's correlation of (n,) and (n,), and the same without each pair (n,); 0 where one side
    does not vary."""
    n = len(one)
    x, y = one - one.mean(), two - two.mean()

    def of(count: int, sx: Floats, sy: Floats, xx: Floats, yy: Floats, xy: Floats) -> Floats:
        cov, vx, vy = xy - sx * sy / count, xx - sx * sx / count, yy - sy * sy / count
        known = (vx > 1e-12 * (1 + xx)) & (vy > 1e-12 * (1 + yy))
        found: Floats = np.where(known, cov / np.sqrt(np.where(known, vx * vy, 1.0)), 0.0)
        return found

    squares = [x * x, y * y, x * y]
    sums = [float(several.sum()) for several in squares]
    nought = np.zeros(1)
    whole = of(n, nought, nought, *(nought + one for one in sums))
    left = of(n - 1, -x, -y, *(one - each for one, each in zip(sums, squares, strict=True)))
    return float(whole[0]), left


def pseudo_values(whole: float, left: Floats) -> Floats:
    """From a statistic of n places and the same without each (n,). Their own mean, the jackknife's
    estimate, has less bias and more variance: both ends of a ratio are biased alike."""
    moved: Floats = whole + (len(left) - 1) * (left.mean() - left)
    return moved
