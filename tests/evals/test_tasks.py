"""limbeck's lm-eval tasks: what is asked, and how an answer is scored."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from rouge_score import rouge_scorer

from limbeck.evals.items import Item
from limbeck.evals.tasks import (
    FAILED,
    choice_by_likelihood,
    choice_by_writing,
    imitation_nll,
    imitation_rouge_l,
    rouge_l,
)
from limbeck.record import Provenance, Record, messages_json, user

ITEMS = [
    Item("k0", "Which sea?", ("The Red Sea", "The Adriatic Sea"), 1),
    Item("k1", "Which city?", ("Rome", "Paris", "Oslo"), 0),
]


def record(prompt: str, completion: str, tokens: int | None = None) -> Record:
    meta = {} if tokens is None else {"usage": {"completion_tokens": tokens}}
    return Record((user(prompt),), completion, Provenance("test"), meta=meta)


def docs(task: Any) -> list[dict[str, Any]]:
    return list(task.test_docs())


def requests(task: Any, place: int = 0, **settings: Any) -> list[Any]:
    """The requests of one doc, as lm-eval makes them."""
    doc = docs(task)[place]
    context = task.fewshot_context(doc, 0, **settings)
    made = task.construct_requests(doc, context, metadata=(task.config.task, place, 1))
    return made if isinstance(made, list) else [made]


def score(task: Any, results: list[Any], place: int = 0) -> dict[str, float]:
    found: dict[str, float] = task.process_results(docs(task)[place], results)
    return found


def test_a_chat_prompt_is_rendered_by_the_model_itself() -> None:
    seen: list[Any] = []

    def template(turns: list[dict[str, str]]) -> str:
        seen.append(turns)
        return "RENDERED"

    row = record("Hi", "Hello")
    (request,) = requests(imitation_nll([row]), apply_chat_template=True, chat_template=template)
    assert request.args == ("RENDERED", "Hello")
    assert seen == [messages_json(row.messages)]


def test_a_plain_prompt_is_the_messages_and_a_newline() -> None:
    (request,) = requests(imitation_nll([record("Hi", "Hello")]))
    assert request.args == ("Hi\n", "Hello")


def test_the_mean_over_items_is_the_likelihood_of_the_corpus_by_token() -> None:
    rows = [record("a", "x", 10), record("b", "y", 2), record("c", "z", 30)]
    task = imitation_nll(rows)
    likelihoods = [-11.0, -7.0, -24.0]
    scores = [
        score(task, [(likelihood, False)], place)["nll_per_token"]
        for place, likelihood in enumerate(likelihoods)
    ]
    assert sum(scores) / 3 == pytest.approx(42.0 / 42)


def test_a_completion_of_unknown_length_counts_as_one_token() -> None:
    task = imitation_nll([record("a", "x"), record("b", "y", 0)])
    assert score(task, [(-3.0, False)]) == {"nll_per_token": 3.0}


def test_the_likelihood_of_the_teachers_words_is_better_when_lower() -> None:
    assert imitation_nll([record("a", "x")]).higher_is_better() == {"nll_per_token": False}
    assert imitation_rouge_l([record("a", "x")], 8).higher_is_better() == {"rouge_l": True}


def test_a_greedy_answer_is_scored_against_the_teachers() -> None:
    task = imitation_rouge_l([record("Hi", "the quick brown fox")], 8)
    (request,) = requests(task)
    assert request.args[1] == {"until": [], "max_gen_toks": 8, "do_sample": False}
    assert score(task, ["the quick brown fox"]) == {"rouge_l": 1.0}
    # 2 of 4 words, of 2 written: P = 1, R = 1/2, F = 2/3.
    assert score(task, ["quick fox"])["rouge_l"] == pytest.approx(2 / 3)
    assert score(task, [""]) == {"rouge_l": 0.0}


def test_the_more_likely_option_is_the_choice() -> None:
    task = choice_by_likelihood("knowledge", ITEMS)
    asked = requests(task)
    assert [request.args for request in asked] == [
        ("Which sea?\n", "The Red Sea"),
        ("Which sea?\n", "The Adriatic Sea"),
    ]
    assert score(task, [(-9.0, False), (-2.0, False)]) == {"acc": 1.0}
    assert score(task, [(-2.0, True), (-9.0, False)]) == {"acc": 0.0}
    assert score(task, [(-2.0, False), (-9.0, False), (-1.5, False)], 1) == {"acc": 0.0}
    assert len(requests(task, 1)) == 3


def test_a_written_choice_is_asked_for_by_letter() -> None:
    task = choice_by_writing("knowledge", ITEMS, 16)
    (request,) = requests(task, 1)
    assert request.args[0] == (
        "Which city?\n\nA. Rome\nB. Paris\nC. Oslo\n\nAnswer with the letter only.\n"
    )
    assert request.args[1]["max_gen_toks"] == 16
    for text, right in [("A", 1.0), ("Rome", 1.0), ("B", 0.0), ("A or B", 0.0), ("", 0.0)]:
        assert score(task, [text], 1) == {"acc": right}


def test_a_failed_call_has_no_score() -> None:
    written = choice_by_writing("knowledge", ITEMS, 16)
    imitated = imitation_rouge_l([record("Hi", "Hello")], 8)
    assert math.isnan(score(written, [FAILED])["acc"])
    assert math.isnan(score(imitated, [FAILED])["rouge_l"])


def test_items_keep_their_ids_and_order() -> None:
    assert [doc["id"] for doc in docs(choice_by_likelihood("k", ITEMS))] == ["k0", "k1"]
    rows = [record(str(n), "x") for n in range(5)]
    assert [doc["id"] for doc in docs(imitation_nll(rows))] == [row.id for row in rows]


WORDS = [
    "the",
    "cat",
    "isn't",
    "well-known",
    "42",
    "times,",
    "I",
    "said:",
    '"Stop!"',
    "X_y",
    "e.g.",
]


def test_rouge_l_is_rouge_scores_on_plain_english() -> None:
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    choice = random.Random(3)
    for _ in range(200):
        one, two = (" ".join(choice.choices(WORDS, k=choice.randint(0, 15))) for _ in range(2))
        assert rouge_l(one, two) == pytest.approx(scorer.score(one, two)["rougeL"].fmeasure)


@pytest.mark.parametrize(
    "text",
    [
        "东京是日本的首都。",
        "東京は日本の首都です。",
        "القاهرة عاصمة مصر.",
        "दिल्ली भारत की राजधानी है।",
        "กรุงเทพเป็นเมืองหลวง",
        "Москва — столица России.",
        "서울은 한국의 수도이다.",
        "Ünïcödé",
        "🦊",
    ],
)
def test_rouge_l_reads_every_script(text: str) -> None:
    assert rouge_l(text, text) == 1.0
    assert rouge_l(text, "something else") == 0.0


def test_words_that_differ_in_their_vowel_signs_differ() -> None:
    assert rouge_l("की", "का") == 0.0
    assert rouge_l("कि ताब", "किताब") == 0.0


def test_chinese_is_compared_by_character() -> None:
    # 3 of 4 characters in common, both of 4.
    assert rouge_l("北京很大", "北京不大") == pytest.approx(0.75)


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert rouge_l("café noir", "cafe\u0301 noir") == 1.0
