"""The pool: rules before novelty, drafts for all, and what is stored beside the kept ones."""

from __future__ import annotations

from typing import Any

import pytest
from rouge_score.rouge_scorer import RougeScorer

from limbeck.filters.rouge import RougePool
from limbeck.filters.rouge_tokens import Tokenizer
from limbeck.generators.self_instruct.pool import Instructions, known_seeds
from limbeck.record import Provenance, Record, user
from limbeck.testing import Collected
from tests.generators.self_instruct.scribe import Scribe, run, seeds

MADE = Provenance("self_instruct", teacher="fake")
NEAR = "Name five big rivers of Asia today."


def pool(
    *texts: str, tokenizer: Tokenizer = "rouge", **options: Any
) -> tuple[Instructions, Collected]:
    out = Collected()
    given = [
        Record((user(text),), "", Provenance("seed"), id=f"s{n}") for n, text in enumerate(texts)
    ]
    rouge = RougePool(tokenizer)
    return Instructions(known_seeds(given), rouge, out, **options), out


def test_a_rule_speaks_before_novelty_does() -> None:
    made, out = pool("Draw a picture of a cat.")
    assert made.admit("Draw a picture of a cat.", MADE) is None
    assert [verdict.filter for _, verdict in out.drafts] == ["rules"]
    assert out.funnel == {"refused instructions: blacklist": 1}


def test_what_joins_is_compared_with_from_then_on() -> None:
    made, out = pool("Sort these words by length, please.")
    first = made.admit(NEAR, MADE)
    assert first is not None
    assert made.admit("Name five big rivers of Asia now.", MADE) is None
    [(_, kept), (draft, refused)] = out.drafts
    assert (kept.keep, refused.keep, refused.reason) == (True, False, "similar")
    assert refused.nearest == first.id
    scorer = RougeScorer(["rougeL"])
    expected = scorer.score(NEAR, draft.prompt)["rougeL"].fmeasure
    assert refused.score == expected == pytest.approx(6 / 7)


def test_seven_tenths_is_not_too_near() -> None:
    """7 of 10 words in a row, in both: F is 0.7 as a float, and the rule is above 0.7."""
    made, _ = pool("a b c d e f g x y z")
    assert made.admit("a b c d e f g u v w", MADE) is not None
    assert made.admit("a b c d e f g u v z", MADE) is None


def test_an_instruction_may_be_near_what_it_grew_out_of_and_near_nothing_else() -> None:
    made, out = pool("Name five big rivers of Asia.", "Sort all the words by their length.")
    assert made.admit(NEAR, MADE, kin=frozenset({1})) is None
    first = made.admit(NEAR, MADE, kin=frozenset({0}))
    assert first is not None
    assert first.number == 2
    again = "Name five big rivers of Asia today, please!"
    assert made.admit(again, MADE, kin=frozenset({0})) is None
    assert out.drafts[-1][1].nearest == first.id
    both = frozenset({0, 2})
    assert made.admit("name five big rivers of Asia today!", MADE, kin=both) is None  # no news
    assert made.admit(again, MADE, kin=both) is not None


def test_similar_stores_the_mean_and_the_ten_best_with_every_instruction_before() -> None:
    texts = [f"Alpha beta gamma number {n} of {n * n}." for n in range(14)]
    made, out = pool(*texts, similar=True)
    text = "Alpha beta something else number 4."
    assert made.admit(text, MADE) is not None
    scorer = RougeScorer(["rougeL"])
    scores = [scorer.score(other, text)["rougeL"].fmeasure for other in texts]
    found = out.drafts[0][0].meta["similar"]
    assert found["mean"] == pytest.approx(sum(scores) / 14, rel=1e-12)
    best = sorted(range(14), key=lambda n: (-scores[n], n))[:10]
    assert found["top"] == tuple((f"s{n}", scores[n]) for n in best)


def test_only_the_reference_stores_similar_ones_unless_asked() -> None:
    def stored(**options: Any) -> bool:
        out = run(Scribe(), instructions=3, form="base", **options)
        return any("similar" in record.meta for record, _ in out.drafts)

    assert stored(preset="reference")
    assert not stored()
    assert stored(similar=True)


def test_chinese_is_seen_by_the_mended_preset_and_not_by_the_published_one() -> None:
    one, other = "请用中文写一首关于春天的短诗。", "请用中文写一首关于秋天的短诗。"
    both: list[tuple[Tokenizer, bool]] = [("unicode", False), ("rouge", True)]
    for tokenizer, kept in both:
        made, _ = pool(one, tokenizer=tokenizer)
        assert (made.admit(other, MADE) is not None) is kept


def test_seeds_are_known_once_each_with_input_target_and_task() -> None:
    given = seeds(4)
    known = known_seeds([*given, *given])
    assert [one.number for one in known] == [0, 1, 2, 3]
    assert [one.is_classification for one in known] == [True, False, False, True]
    assert known[0].prompt == f"{known[0].instruction}\n\ninput 0"
    assert known[1].prompt == known[1].instruction
    assert known[1].output == "target 1"
    plain = Record((user("Only a prompt"),), "", Provenance("seed"))
    assert known_seeds([plain])[0].instruction == "Only a prompt"
    assert known_seeds([plain])[0].is_classification is None
