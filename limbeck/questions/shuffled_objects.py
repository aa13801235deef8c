"""Tracking shuffled objects: 3, 5 or 7 people swap what they have; who ends up with what?"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from limbeck.questions.english import SMALL, listed
from limbeck.questions.names import people
from limbeck.questions.question import Made, QuestionSet, Split, ending, templates_of


class Wording(NamedTuple):
    """The opening, who has what, a swap, the question, and the things themselves.

    {names} is everybody, {count} how many they are, {name} and {thing} one holding; {one} and
    {two} swap.
    """

    opening: str
    has: str
    swap: str
    asked: str
    things: tuple[str, ...]


_BALLS = (
    "the red ball", "the blue ball", "the green ball", "the white ball", "the black ball",
    "the yellow ball", "the purple ball", "the orange ball", "the pink ball",
)  # fmt: skip
_GIFTS = (
    "a vase", "a kite", "a scarf", "a teapot", "a drum", "a puzzle", "a mirror", "a candle",
    "a basket",
)  # fmt: skip
_BOOKS = (
    "Don Quixote", "Moby-Dick", "Jane Eyre", "Ulysses", "Hamlet", "Faust", "Candide", "Emma",
    "Dracula",
)  # fmt: skip
_SEATS = tuple(f"seat {number}" for number in range(1, 10))
_PLAYS = (
    "goalkeeper", "left back", "right back", "sweeper", "left winger", "right winger", "striker",
    "midfielder", "playmaker",
)  # fmt: skip
_PARTNERS = (
    "Rodrigo", "Melissa", "Patrick", "Jamie", "Karl", "Sam", "Helga", "Ophelia", "Izzi",
)  # fmt: skip
_KEYS = (
    "the brass key", "the iron key", "the silver key", "the rusty key", "the tiny key",
    "the golden key", "the copper key", "the wooden key", "the plastic key",
)  # fmt: skip

_WORDINGS = {
    "balls": Wording(
        "{names} play a game with balls.",
        "{name} starts with {thing}",
        "{one} and {two} swap balls.",
        "Which ball does {name} have at the end of the game?",
        _BALLS,
    ),
    "balls_circle": Wording(
        "{count} children, {names}, sit in a circle and hold balls of different colours.",
        "{name} holds {thing}",
        "{one} throws to {two} and {two} throws to {one}, so that their balls change places.",
        "What is {name} holding when the throwing is over?",
        _BALLS,
    ),
    "gifts": Wording(
        "At a party, {names} unwrap their gifts.",
        "{name} unwraps {thing}",
        "{one} and {two} exchange what they have.",
        "Which gift does {name} take home?",
        _GIFTS,
    ),
    "fair": Wording(
        "{count} traders, {names}, each bring one thing to a swap meet.",
        "{name} brings {thing}",
        "{one} trades with {two}, thing for thing.",
        "After the last trade, what belongs to {name}?",
        _GIFTS,
    ),
    "books": Wording(
        "{names} each buy a book and lend the books to each other.",
        "{name} buys {thing}",
        "{one} and {two} swap the books that they hold.",
        "Which book is with {name} in the end?",
        _BOOKS,
    ),
    "reading": Wording(
        "In a reading group of {count}, {names} have each taken a book from the shelf.",
        "{name} has taken {thing}",
        "{one}'s book goes to {two}, and {two}'s goes to {one}.",
        "Now the reading begins. What is {name} reading?",
        _BOOKS,
    ),
    "seats": Wording(
        "{names} go to a concert and sit down.",
        "{name} sits in {thing}",
        "{one} and {two} change seats.",
        "Where does {name} sit when the music starts?",
        _SEATS,
    ),
    "train": Wording(
        "A compartment of a train is taken by {names}.",
        "{name} has {thing}",
        "{one} gets up, {two} too, and each sits down where the other one was.",
        "In which place is {name} at last?",
        _SEATS,
    ),
    "team": Wording(
        "{names} are in one football team.",
        "{name} plays as {thing}",
        "{one} and {two} trade positions.",
        "As what does {name} finish the match?",
        _PLAYS,
    ),
    "trainer": Wording(
        "A trainer tries out {count} players, {names}, in different positions.",
        "{name} begins as {thing}",
        "The trainer lets {one} take over from {two} and {two} from {one}.",
        "What is {name}'s position after the last change?",
        _PLAYS,
    ),
    "dance": Wording(
        "{names} come to a dance, each with a partner.",
        "{name} dances with {thing}",
        "{one} and {two} switch partners.",
        "With whom does {name} dance the last dance?",
        _PARTNERS,
    ),
    "keys": Wording(
        "{names} are the guards of a castle, and each carries a key.",
        "{name} carries {thing}",
        "{one} hands the key to {two} and gets {two}'s key for it.",
        "Which key does {name} carry at nightfall?",
        _KEYS,
    ),
    "vault": Wording(
        "A bank gives a key to each of its {count} clerks, {names}.",
        "{name} is given {thing}",
        "By mistake, {one} and {two} pick up each other's key.",
        "After all these mistakes, which key is with {name}?",
        _KEYS,
    ),
}
_ORDER = ("First", "Then", "Next", "After that")


def _maker(wording: Wording) -> Callable[[Random, Split], Made]:
    def make(rng: Random, _: Split) -> Made:
        count = rng.choice((3, 5, 7))
        names = [name for name in people(rng, count + 9) if name not in _PARTNERS][:count]
        things = rng.sample(wording.things, count)
        held = list(things)
        has = [
            wording.has.format(name=name, thing=thing)
            for name, thing in zip(names, held, strict=True)
        ]
        steps = [f"At first: {_holdings(names, held)}."]
        swaps: list[str] = []
        last: set[int] = set()
        while len(swaps) < count:
            one, two = rng.sample(range(count), 2)
            if {one, two} == last:  # to swap back at once would be no riddle
                continue
            last = {one, two}
            held[one], held[two] = held[two], held[one]
            swaps.append(wording.swap.format(one=names[one], two=names[two]))
            steps.append(
                f"{names[one]} and {names[two]} swap: {names[one]} has {held[one]}, {names[two]} "
                f"has {held[two]}."
            )
        who = rng.randrange(count)
        options = rng.sample(things, count)
        letter = "ABCDEFG"[options.index(held[who])]
        steps.append(f"In the end {names[who]} has {held[who]}, which is ({letter}).")
        opening = wording.opening.format(names=listed(names), count=SMALL[count])
        prompt = "\n".join(
            [
                " ".join(
                    [
                        opening[:1].upper() + opening[1:],
                        f"At the start, {listed(has)}.",
                        *_told(swaps),
                        wording.asked.format(name=names[who]),
                    ]
                ),
                "Options:",
                *(f"({'ABCDEFG'[i]}) {option}" for i, option in enumerate(options)),
            ]
        )
        return Made(prompt, letter, ending(steps, letter), tuple(options))

    return make


def _holdings(names: list[str], held: list[str]) -> str:
    return "; ".join(f"{name}: {thing}" for name, thing in zip(names, held, strict=True))


def _told(swaps: list[str]) -> list[str]:
    """The swaps with what orders them in front, where the sentence allows it."""
    words = [_ORDER[min(i, 1 + i % 3)] for i in range(len(swaps))]
    words[-1] = "Finally"
    return [
        f"{word}, {swap[:1].lower() + swap[1:] if swap.startswith(('The ', 'By ')) else swap}"
        for word, swap in zip(words, swaps, strict=True)
    ]


SHUFFLED_OBJECTS = QuestionSet(
    "shuffled_objects",
    "who has what after 3, 5 or 7 people swapped, as a letter",
    "choice",
    templates_of("shuffled_objects", "swaps", {name: _maker(w) for name, w in _WORDINGS.items()}),
)
