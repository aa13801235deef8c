"""Two controls that show whether a model reads its demos: exchanged labels, and labels that are
words without a meaning for the task (Min et al. 2022, arXiv:2202.12837)."""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.demos.draw import shuffled
from limbeck.evals.in_context.conditions import Control

WORDS = tuple(
    word
    for line in (
        "anchor basket candle drawer engine feather garden hammer island jacket kettle ladder",
        "magnet needle orchard pillow quarry ribbon saddle tunnel umbrella velvet window yarn",
        "zipper button copper dragon elbow fossil glove harbor ink jungle lemon mirror noodle",
    )
    for word in line.split()
)
"""Common nouns, none of them a label of a task that we know."""


def renamed(labels: Sequence[str], control: Control, task: str, seed: int) -> tuple[str, ...]:
    """What each label is called in the demos.

    flipped: every label by the name of another one, all of them moved on by the same number of
    places. random_words: by words that are none of the labels; where there are more labels than
    words, these are numbered.
    """
    count = len(labels)
    if control == "flipped":
        moved = 1 + int(shuffled(count - 1, "flipped", task, seed)[0])
        return tuple(labels[(place + moved) % count] for place in range(count))
    taken = {label.casefold() for label in labels}
    order = shuffled(len(WORDS), "random_words", task, seed).tolist()
    words = [word for place in order if (word := WORDS[place]) not in taken]
    more = [f"{word}{turn}" for turn in range(2, 2 + count) for word in words]
    return tuple([*words, *more][:count])
