"""Last letters, coin flips and shuffled objects: solved again from the prompt alone."""

from __future__ import annotations

import re
import unicodedata

from limbeck.questions import make_questions
from limbeck.questions.last_letters import WORDS
from limbeck.questions.names import LATIN, OTHER

DOES = (
    r"flips the coin\.|turns it over|Then \S+ reverses|turns it upside down|the coin is flipped"
    r"|turns the coin to its other|presses the button once|flips it|rotates it|inverts it"
    r"|turns over what|swaps front"
)
DOES_NOT = (
    "does not flip|leaves it|decides not to reverse|unchanged|stays as it lies|only dusts"
    "|does not press|may not touch|just looks|without flipping|as it came|puts it back|keep still"
)


def test_last_letters_are_those_of_the_words_in_the_text() -> None:
    known = {*WORDS, *LATIN}
    for question in make_questions("last_letters", 1500, split="all"):
        found = [w for w in re.findall(r"[^\W\d_]+(?:-\w+)?", question.prompt) if w in known]
        assert "".join(word[-1] for word in found) == question.target, question
        assert 2 <= len(found) <= 5


def test_letters_with_accents_are_letters() -> None:
    targets = "".join(q.target for q in make_questions("last_letters", 1500, split="all"))
    assert {"é", "š", "ë"} <= set(targets)
    assert targets == unicodedata.normalize("NFC", targets)


def test_names_can_take_an_s_and_are_in_one_form() -> None:
    for name in (*LATIN, *OTHER):
        assert not name.casefold().endswith("s")
        assert name == unicodedata.normalize("NFC", name)
        assert " " not in name
    assert len({name.casefold() for name in (*LATIN, *OTHER)}) == len(LATIN) + len(OTHER)


def test_a_coin_is_as_the_number_of_flips_says() -> None:
    answers = []
    for question in make_questions("coin_flip", 1500, split="all"):
        flips = len(re.findall(DOES, question.prompt))
        stays = len(re.findall(DOES_NOT, question.prompt))
        assert 2 <= flips + stays <= 6, question.prompt
        sides = re.findall("heads|tails", question.prompt)
        assert len(sides) == 2
        turned = flips % 2 == 1
        expected = "yes" if (sides[0] == sides[1]) != turned else "no"
        assert question.target == expected, question
        answers.append(expected)
    assert 0.45 < answers.count("yes") / len(answers) < 0.55


def test_every_swap_is_followed_to_the_end() -> None:
    letters = []
    for question in make_questions("shuffled_objects", 1500, split="all"):
        assert _who_has_what(question.prompt) == question.target, question
        letters.append(question.target)
    assert set(letters) == set("ABCDEFG")


def _who_has_what(prompt: str) -> str:
    """Only names and things are looked for: the start gives pairs, every later sentence with two
    names is a swap, and the last one name is the one asked about."""
    story, options = prompt.split("\nOptions:\n")
    letters: dict[str, str] = {
        text: letter for letter, text in re.findall(r"\((.)\) (.*)", options)
    }
    _, start, rest = re.split(r"(?<=[.]) (?=At the start)|(?<=[.]) (?=First,)", story, maxsplit=2)
    names = sorted((*LATIN, *OTHER), key=len, reverse=True)
    any_name = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, names))})(?!\w)")
    held: dict[str, str] = {}
    for piece in re.split(r", and |, | and ", start.removeprefix("At the start, ")):
        [name] = any_name.findall(piece)
        [thing] = [text for text in letters if piece.rstrip(".").endswith(f" {text}")]
        held[name] = thing
    for sentence in re.split(r"(?<=\.) ", rest):
        found = list(dict.fromkeys(any_name.findall(sentence)))
        if len(found) == 2 and not sentence.endswith("?"):
            one, two = found
            held[one], held[two] = held[two], held[one]
    asked: str
    [asked] = any_name.findall(story.rsplit(". ", 1)[-1])
    return letters[held[asked]]


def test_numbers_of_people_are_three_five_and_seven() -> None:
    counts = {len(q.options) for q in make_questions("shuffled_objects", 300, split="all")}
    assert counts == {3, 5, 7}


def test_answers_are_not_told_by_their_place() -> None:
    """Among three, each letter is right about as often."""
    made = make_questions("shuffled_objects", 1500, split="all")
    three = [q.target for q in made if len(q.options) == 3]
    for letter in "ABC":
        assert 0.26 < three.count(letter) / len(three) < 0.41
