"""Last letters: the last letters of several words or names, put together.

Words and names are in Latin script, where it is plain what a letter is; é, ł and ş are letters.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from limbeck.questions.english import SMALL, listed
from limbeck.questions.names import LATIN
from limbeck.questions.question import Made, QuestionSet, Split, ending, templates_of

WORDS = (
    "apple", "autumn", "basket", "beacon", "bridge", "butter", "candle", "canyon", "carpet",
    "castle", "cheese", "cherry", "circle", "cloud", "cobalt", "coffee", "copper", "cotton",
    "desert", "dragon", "engine", "falcon", "feather", "fiddle", "forest", "garden", "ginger",
    "glacier", "guitar", "hammer", "harbour", "honey", "island", "jacket", "jungle", "kettle",
    "ladder", "lantern", "lemon", "magnet", "marble", "meadow", "mirror", "mountain", "needle",
    "ocean", "orchid", "oxygen", "paper", "parrot", "pebble", "pencil", "pepper", "piano",
    "pocket", "potato", "puzzle", "quartz", "rabbit", "ribbon", "river", "rocket", "saddle",
    "salad", "sandal", "shadow", "silver", "spiral", "squid", "stone", "sugar", "summer",
    "tablet", "temple", "thunder", "tiger", "tomato", "tulip", "tunnel", "turtle", "umbrella",
    "valley", "velvet", "violin", "volcano", "walnut", "whisper", "window", "winter", "yogurt",
    "zebra", "zigzag",
)  # fmt: skip

# {q} is the words in quotation marks, {l} the words as a list, {n} how many there are.
_NAMES = {
    "take": "Take the last letter of each name in {q} and write them together.",
    "what": "What do you get when you join the last letters of the names {l}, in this order?",
    "line": "{n} people stand in line: {l}. Going along the line, which string do the final "
    "letters of their names spell?",
    "badge": "For a badge, a club strings together the last letter of every member's name. The "
    "members, in order, are {l}. What is on the badge?",
    "choir": "A choir with the singers {l} calls itself after the letters in which these names "
    "end, one after the other. What is it called?",
    "code": "To make a code, keep only the last letter of each of these names: {q}. What is the "
    "code?",
}
_WORDS = {
    "take": "Take the last letters of the words in {q} and concatenate them.",
    "keep": "From the words {l}, remove everything but the last letter of each. Which string "
    "remains when the letters are put side by side?",
    "end": "Each of the words {l} ends in some letter. Write these letters one after another, "
    "without spaces.",
    "riddle": "A riddle reads {q}, and its solution is what the ends of its {n} words spell, one "
    "letter from each. What is the solution?",
    "signs": "{n} signs along a road say {l}. A child notes the last letter of every sign, in that "
    "order. What has the child written in the end?",
    "string": "If you build a string from the last character of every word in {q}, keeping the "
    "order, which string is it?",
    "tiles": "The words {l} are laid with tiles, and of every word only the tile at its end is "
    "left on the table. Reading these tiles in order, what do you see?",
}


def _maker(wording: str, pool: tuple[str, ...]) -> Callable[[Random, Split], Made]:
    def make(rng: Random, _: Split) -> Made:
        words = rng.sample(pool, rng.randint(2, 5))
        quoted = f'"{" ".join(words)}"'
        count = SMALL[len(words)].capitalize() if wording.startswith("{n}") else SMALL[len(words)]
        prompt = wording.format(q=quoted, l=listed(words), n=count)
        target = "".join(word[-1] for word in words)
        steps = [f'The last letter of "{word}" is "{word[-1]}".' for word in words]
        steps.append(f'Together they are "{target}".')
        return Made(prompt, target, ending(steps, target))

    return make


LAST_LETTERS = QuestionSet(
    "last_letters",
    "the last letters of two to five words or names, put together",
    "text",
    templates_of("last_letters", "names", {k: _maker(v, LATIN) for k, v in _NAMES.items()})
    + templates_of("last_letters", "words", {k: _maker(v, WORDS) for k, v in _WORDS.items()}),
)
