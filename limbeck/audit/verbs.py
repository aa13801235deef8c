"""What instructions ask for: the verb and its direct object ("write poem"), in English.

Self-Instruct (section 3.5, figure 3) takes the verb nearest to the root of a constituency parse
and its first direct noun object. This module finds the same two words from part-of-speech tags
(HanTa's English model, C5 tags, in the wheel: nothing is downloaded) and a few rules. One
difference is meant: a sentence that only says what is given ("You are given a list.") is passed
over for the one that asks.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from limbeck.audit.words import word_set
from limbeck.errors import MissingExtra

Tagged = tuple[str, str, str]
"""A token, its lemma and its C5 tag (VVB is a verb's base form, NN1 a noun, AJ0 an adjective)."""
Tagger = Callable[[Sequence[str]], Sequence[Tagged]]

TOP_VERBS = 20
TOP_NOUNS = 4
_LONGEST = 60  # tokens looked at: what is asked stands at the beginning
_LETTERS = 40  # of a word: the tagger's time grows with the third power of its length
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*|['’](?:s|t|re|ve|ll|d|m)\b|\d[\d.,]*|[^\sA-Za-z]")
_END = re.compile(r"[.!?:]")
# The commonest verbs of instructions that are nouns or adjectives elsewhere: the first word of a
# sentence is a verb when it is one of these, whatever the tagger makes of it.
_REQUESTS = word_set(
    "answer brainstorm calculate categorize choose cite classify clean code comment compare "
    "complete compose compute construct convert count craft create critique debate debug define "
    "delete describe design detect develop display draft draw edit estimate evaluate explain "
    "extract fill find fix format formulate generate guess highlight identify illustrate imagine "
    "infer label list make map mark match merge model modify name order outline output "
    "paraphrase parse plan plot predict present print produce propose provide question rank rate "
    "recommend replace report reverse review rewrite score sort specify split state structure "
    "suggest sum summarise summarize test title trace transform translate turn use write"
)
_BEFORE = word_set("please now then next first finally also just kindly and")
_MODALS = word_set("can could would will should must")
_SUPPOSED = word_set("imagine suppose assume")  # what follows the comma is asked
_SOMEBODY = word_set("me us him her them you it")
_PARTICLES = word_set("up down out off")
_OPENINGS = _SUPPOSED | word_set("given based using in for as from with if when")
# "you need to", "your task is to", "I want you to"
_DUTY = re.compile(r"\b(?:need|have|want|asked|task is|goal is|job is|like|want you) to$")
_CLAUSE = word_set("if whether that how why what who which where when whose")
_NOT_NOUNS = word_set("it this that these those one ones them following")


@dataclass(frozen=True, slots=True)
class VerbNoun:
    """The two lemmas; `noun` is empty where the verb has no noun as its direct object."""

    verb: str
    noun: str


def english_tagger() -> Tagger:
    """HanTa's tagger. Raises MissingExtra."""
    try:
        from HanTa import HanoverTagger
    except ImportError as error:
        raise MissingExtra("the verb-noun tagger HanTa", "audit") from error
    tagger: Any = HanoverTagger.HanoverTagger("morphmodel_en.pgz")
    return lambda tokens: tagger.tag_sent(list(tokens))


def verb_noun(instruction: str, tag: Tagger) -> VerbNoun | None:
    """What an instruction asks for, or None where no verb that asks was found."""
    words = islice(_WORD.finditer(instruction), _LONGEST)
    tokens = [word.group()[:_LETTERS] for word in words]
    for sentence in _sentences(tokens):
        tagged = list(tag(sentence))
        for place in range(len(tagged)):
            if _asks(tagged, place):
                return VerbNoun(tagged[place][1].lower(), _object(tagged, place + 1))
    return None


def diversity(found: Iterable[VerbNoun | None]) -> dict[str, Any]:
    """Counts over instructions: how many had both words, the pairs, the commonest ones.

    `entropy_bits` is the Shannon entropy of the pairs, in bits; `top_share` is the share of all
    instructions that the 20 commonest verbs with their 4 commonest nouns cover (14% in the paper).
    """
    total = verbs_only = 0
    pairs: Counter[tuple[str, str]] = Counter()
    for one in found:
        total += 1
        if one is not None and one.noun:
            pairs[one.verb, one.noun] += 1
        elif one is not None:
            verbs_only += 1
    both = sum(pairs.values())
    verbs: Counter[str] = Counter()
    for (verb, _), count in pairs.items():
        verbs[verb] += count
    top: list[dict[str, Any]] = []
    for verb, count in _commonest(verbs, TOP_VERBS):
        nouns = Counter({noun: n for (v, noun), n in pairs.items() if v == verb})
        listed = [{"noun": n, "count": c} for n, c in _commonest(nouns, TOP_NOUNS)]
        top.append({"verb": verb, "count": count, "nouns": listed})
    covered = sum(noun["count"] for row in top for noun in row["nouns"])
    entropy = -sum(n / both * math.log2(n / both) for n in sorted(pairs.values()))
    return {
        "analysed": total,
        "with_pair": both,
        "verb_only": verbs_only,
        "neither": total - both - verbs_only,
        "distinct_pairs": len(pairs),
        "distinct_verbs": len(verbs),
        "entropy_bits": round(entropy, 6) if both else None,
        "top_share": covered / total if total else None,
        "top": top,
    }


def _commonest(counts: Counter[str], most: int) -> list[tuple[str, int]]:
    """The most frequent, equals in alphabetical order."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]


def _sentences(tokens: Sequence[str]) -> Iterable[list[str]]:
    sentence: list[str] = []
    for token in tokens:
        sentence.append(token)
        if _END.fullmatch(token):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _asks(tagged: Sequence[Tagged], place: int) -> bool:
    """Whether the token is the verb by which the sentence asks for something."""
    word, _, tag = tagged[place]
    base = tag in ("VVB", "VVI", "VDB", "VDI")
    verb = base or (tag.startswith(("NN", "AJ")) and word.lower() in _REQUESTS)
    before = [token.lower() for token, _, _ in tagged[:place]]
    if all(token in _BEFORE or token == "," for token in before):
        supposed = word.lower() in _SUPPOSED and any(token == "," for token, _, _ in tagged)
        return not supposed and (base or word.lower() in _REQUESTS)
    if before[-1] in (",", *_BEFORE) and "," in before:  # "Given a list, sort it."
        return verb and _is_opening(tagged[0])
    if before[-1] == "you":  # "Can you write", but not "the job you like"
        return verb and len(before) > 1 and before[-2] in _MODALS
    if before[-1] in ("should", "must"):
        return base and before[-2:-1] == ["you"]
    return base and before[-1] == "to" and _DUTY.search(" ".join(before[-5:])) is not None


def _is_opening(first: Tagged) -> bool:
    """Whether the sentence begins with what is no request itself: "Given", "In order to", "For"."""
    word, _, tag = first
    opening = ("PR", "CJS", "VVN", "VVG", "AV", "TO")
    return tag.startswith(opening) or word.lower() in _OPENINGS


def _object(tagged: Sequence[Tagged], place: int) -> str:
    """The head noun of the phrase that begins here; empty where none does."""
    rest = list(tagged[place:])
    if rest and rest[0][0].lower() in _SOMEBODY and len(rest) > 1:
        if not _begins_phrase(rest[1]):
            return ""
        rest = rest[1:]
    if rest and rest[0][0].lower() in _PARTICLES:
        rest = rest[1:]
    head = ""
    for word, lemma, tag in rest:
        lower = word.lower()
        if lower in _CLAUSE and not head:
            return ""
        if tag.startswith(("NN", "NP0", "UNC")) and word[0].isalpha():
            head = "" if lower in _NOT_NOUNS else lemma.lower()
        elif word in ("'s", "’s", "'", "’") and head:
            continue
        elif head or not _may_precede(word, tag):
            break
    return head


def _begins_phrase(token: Tagged) -> bool:
    word, _, tag = token
    return tag.startswith(("AT", "DT", "AJ", "NN", "DPS", "CRD", "ORD")) and (
        word.lower() not in _CLAUSE
    )


def _may_precede(word: str, tag: str) -> bool:
    return tag.startswith(("AT", "DT", "AJ", "DPS", "CRD", "ORD", "VVN", "VVG", "AV", "POS")) or (
        word in (",", '"', "“", "-", "and", "or")
    )
