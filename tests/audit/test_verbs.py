"""The verb and the noun of an instruction: the rules by a fake tagger, the tagger itself if it is
installed, and the diversity by hand."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import pytest

from limbeck.audit.verbs import Tagged, VerbNoun, diversity, english_tagger, verb_noun
from limbeck.errors import MissingExtra

TAGS = {
    "AT0": "a the an",
    "NN1": "poem sea list movie rain task number",
    "NN2": "poems movies numbers",
    "VVB": "write sort give compile",
    "VVI": "do",
    "VVN": "given",
    "VM0": "can",
    "PNP": "you me it your",
    "PRP": "about for based on of",
    "TO0": "to",
    "VBZ": "is are",
    "CJC": "and",
    "AJ0": "short following",
    "CRD": "five",
    "CJS": "if",
    "UNC": ">",
}
TAG = {word: tag for tag, words in TAGS.items() for word in words.split()}
LEMMAS = {"poems": "poem", "movies": "movie", "numbers": "number"}


def tag(tokens: Sequence[str]) -> list[Tagged]:
    """Knows the words above; what it does not know is a name, as with a real tagger."""
    lower = [token.lower() for token in tokens]
    return [
        (token, LEMMAS.get(word, word), TAG.get(word, "NP0" if word.isalpha() else "$PUN"))
        for token, word in zip(tokens, lower, strict=True)
    ]


@pytest.mark.parametrize(
    ("instruction", "verb", "noun"),
    [
        ("Write a short poem about the sea.", "write", "poem"),
        ("Please write five poems.", "write", "poem"),
        ("Can you write a poem?", "write", "poem"),
        ("You are given a list. Sort it.", "sort", ""),
        ("Given a list of numbers, sort the numbers.", "sort", "number"),
        ("Your task is to compile a list.", "compile", "list"),
        ("Give me five movies.", "give", "movie"),
        ("Recommend five movies for a sea.", "recommend", "movie"),  # known, whatever its tag
        ("Write > a", "write", ""),  # a sign is no noun
    ],
)
def test_what_is_asked_for(instruction: str, verb: str, noun: str) -> None:
    assert verb_noun(instruction, tag) == VerbNoun(verb, noun)


@pytest.mark.parametrize("instruction", ["The sea.", "What is the sea?", "", "写一首诗", "🌊!"])
def test_where_no_verb_asks(instruction: str) -> None:
    assert verb_noun(instruction, tag) is None


@pytest.mark.parametrize(
    ("instruction", "verb", "noun"),
    [
        ("Translate the following sentences into French.", "translate", "sentence"),
        ("Based on the given keywords, write a review of a restaurant.", "write", "review"),
        ("Explain why the sky is blue.", "explain", ""),
        ("List five cities’ museums.", "list", "museum"),
    ],
)
def test_with_the_real_tagger(instruction: str, verb: str, noun: str) -> None:
    pytest.importorskip("HanTa")
    assert verb_noun(instruction, english_tagger()) == VerbNoun(verb, noun)


def test_without_the_tagger_the_pip_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "HanTa", None)
    with pytest.raises(MissingExtra, match=r'pip install .*\[audit\]"'):
        english_tagger()


def test_diversity_by_hand() -> None:
    found = diversity(
        [
            *[VerbNoun("write", "poem")] * 4,
            *[VerbNoun("write", "story")] * 2,
            VerbNoun("list", "city"),
            VerbNoun("list", "animal"),
            VerbNoun("explain", ""),
            None,
        ]
    )
    assert (found["analysed"], found["with_pair"]) == (10, 8)
    assert (found["verb_only"], found["neither"]) == (1, 1)
    assert (found["distinct_pairs"], found["distinct_verbs"]) == (4, 2)
    # Shares 1/2, 1/4, 1/8 and 1/8.
    assert found["entropy_bits"] == 0.5 * 1 + 0.25 * 2 + 2 * 0.125 * 3
    assert found["top_share"] == 0.8
    assert [row["verb"] for row in found["top"]] == ["write", "list"]
    assert found["top"][1]["nouns"] == [  # equals in alphabetical order
        {"noun": "animal", "count": 1},
        {"noun": "city", "count": 1},
    ]


def test_only_twenty_verbs_and_four_nouns_of_each_are_covered() -> None:
    pairs = [VerbNoun(f"v{v:02}", f"n{n}") for v in range(25) for n in range(5)]
    found = diversity(pairs)
    assert len(found["top"]) == 20
    assert {len(row["nouns"]) for row in found["top"]} == {4}
    assert found["top_share"] == 80 / 125
    assert found["entropy_bits"] == pytest.approx(math.log2(125), abs=1e-6)


def test_nothing_found_has_no_entropy() -> None:
    found = diversity([None, VerbNoun("write", "")])
    assert (found["entropy_bits"], found["top_share"], found["top"]) == (None, 0.0, [])
    assert diversity([])["top_share"] is None


def test_a_word_is_cut_before_the_tagger_takes_for_ever() -> None:
    seen: list[str] = []

    def tag(tokens: Sequence[str]) -> list[Tagged]:
        seen.extend(tokens)
        return [(token, token, "VVB") for token in tokens]

    verb_noun("a" * 1_000_000 + " b", tag)
    assert [len(token) for token in seen] == [40, 1]
