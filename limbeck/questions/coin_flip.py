"""Coin flip: people turn a coin over, or do not; is it heads up (tails up) in the end?"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from limbeck.questions.names import people
from limbeck.questions.question import Made, QuestionSet, Split, ending, templates_of


class Wording(NamedTuple):
    """How the coin starts, what each person does or does not do, and the question.

    {side} is the side that is up at first, {asked} the one asked for, {name} a person.
    """

    start: str
    does: str
    does_not: str
    asked: str
    same: bool = False  # the question is about the first side, always


_WORDINGS = {
    "still": Wording(
        "A coin is {side} up.",
        "{name} flips the coin.",
        "{name} does not flip the coin.",
        "Is the coin still {asked} up?",
        same=True,
    ),
    "table": Wording(
        "A coin lies on a table with {side} facing up.",
        "{name} turns it over.",
        "{name} leaves it as it is.",
        "Is {asked} facing up now?",
    ),
    "reverse": Wording(
        "At first, a coin shows {side}.",
        "Then {name} reverses the coin.",
        "Then {name} decides not to reverse the coin.",
        "Does the coin show {asked} after all that?",
    ),
    "passed": Wording(
        "A coin that is {side} up is passed around.",
        "{name} gets it and turns it upside down.",
        "{name} gets it and passes it on unchanged.",
        "When everybody has had it, is the coin {asked} up?",
    ),
    "game": Wording(
        "In a game, the upper side of a coin is {side} at the beginning.",
        "It is {name}'s move: the coin is flipped.",
        "It is {name}'s move: the coin stays as it lies.",
        "At the end of the game, is the upper side {asked}?",
    ),
    "museum": Wording(
        "An old coin in a glass case shows its {side} side to visitors.",
        "{name} opens the case and turns the coin to its other side.",
        "{name} opens the case and only dusts the coin.",
        "Do visitors see {asked} in the end?",
    ),
    "button": Wording(
        "A machine holds a coin with {side} up. Each press of the button turns the coin once.",
        "{name} presses the button once.",
        "{name} does not press the button.",
        "Is the coin {asked} up afterwards?",
    ),
    "magician": Wording(
        "A magician puts down a coin so that {side} can be seen.",
        "{name} is called to the stage and flips it over.",
        "{name} is called to the stage but may not touch it.",
        "Can {asked} be seen when the show is over?",
    ),
    "class": Wording(
        "A teacher shows the class a coin, {side} on top.",
        "Pupil {name} rotates it by half a turn so that the bottom comes to the top.",
        "Pupil {name} just looks at it.",
        "Once all have had their turn, is {asked} on top?",
    ),
    "post": Wording(
        "There is a coin on a fence post, {side} side upwards.",
        "{name} walks by and flips it.",
        "{name} walks by without flipping it.",
        "Is the {asked} side upwards when the last one has gone by?",
    ),
    "soldiers": Wording(
        "Soldiers in a row hand on a coin whose upper face is {side}.",
        "{name} inverts it.",
        "{name} hands it on as it came.",
        "Is its upper face {asked} at the end of the row?",
    ),
    "cup": Wording(
        "Under a cup there is a coin, {side} up.",
        "{name} lifts the cup and turns over what lies there.",
        "{name} lifts the cup and puts it back at once.",
        "Under the cup, is it {asked} up by now?",
    ),
    "robot": Wording(
        "A robot holds a coin so that its {side} side faces a camera.",
        "On {name}'s order it swaps front and back.",
        "{name}'s order is to keep still.",
        "Does the {asked} side face the camera when all orders are done?",
    ),
}


def _maker(wording: Wording) -> Callable[[Random, Split], Made]:
    def make(rng: Random, _: Split) -> Made:
        names = people(rng, rng.randint(2, 6))
        flips = [rng.random() < 0.5 for _ in names]
        sides = ["heads", "tails"] if rng.random() < 0.5 else ["tails", "heads"]
        asked = 0 if wording.same else rng.randrange(2)
        acts = [
            (wording.does if flip else wording.does_not).format(name=name)
            for name, flip in zip(names, flips, strict=True)
        ]
        start = wording.start.format(side=sides[0])
        prompt = " ".join([start, *acts, wording.asked.format(asked=sides[asked])])
        up = sum(flips) % 2
        target = "yes" if up == asked else "no"
        return Made(prompt, target, ending(_steps(names, flips, sides), target))

    return make


def _steps(names: list[str], flips: list[bool], sides: list[str]) -> list[str]:
    steps, up = [f"The coin starts {sides[0]} up."], 0
    for name, flip in zip(names, flips, strict=True):
        up ^= flip
        act = "turns it" if flip else "does not turn it"
        steps.append(f"{name} {act}: {sides[up]} up.")
    return [*steps, f"In the end it is {sides[up]} up."]


COIN_FLIP = QuestionSet(
    "coin_flip",
    "whether a coin is heads up after some people turned it over and others did not",
    "yesno",
    templates_of("coin_flip", "flips", {name: _maker(w) for name, w in _WORDINGS.items()}),
)
