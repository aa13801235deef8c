"""Splits and overlap by template: on small sets whose templates are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.questions import masked, masked_overlap, split_by_template
from limbeck.questions.splitting import joined_templates, question_of, template_of

VERBS = ("buys", "sells", "paints", "counts", "draws", "finds", "hides", "loses", "makes", "needs")
NAMES = ("José", "Łukasz", "王芳", "Nguyễn", "Ada")
ROWS = [
    {"question": f"Yesterday {name} had {i} kites. {name} {verb} {i + 2} more. How many now?"}
    for verb in VERBS
    for i, name in enumerate(NAMES)
]


def texts(rows: object) -> list[str]:
    return [row["question"] for row in rows]  # type: ignore[attr-defined]


def test_all_of_a_template_are_in_one_part() -> None:
    parts = split_by_template(ROWS, {"train": 0.6, "valid": 0.2, "test": 0.2})
    assert {name: len(rows) for name, rows in parts.items()} == {
        "train": 30,
        "valid": 10,
        "test": 10,
    }
    masks = {name: {masked(text) for text in texts(rows)} for name, rows in parts.items()}
    assert masks["train"].isdisjoint(masks["test"] | masks["valid"])
    assert masks["valid"].isdisjoint(masks["test"])


def test_rows_keep_their_order_and_none_is_lost() -> None:
    parts = split_by_template(ROWS, {"a": 1, "b": 1})
    for rows in parts.values():
        assert list(rows) == [row for row in ROWS if row in rows]
    assert sorted(texts([*parts["a"], *parts["b"]])) == sorted(texts(ROWS))


def test_the_seed_decides_and_the_order_of_rows_does_not() -> None:
    def tested(rows: list[dict[str, str]], seed: int) -> set[str]:
        return set(texts(split_by_template(rows, {"train": 4, "test": 1}, seed)["test"]))

    assert tested(ROWS, 1) == tested(ROWS[::-1], 1)
    assert len({frozenset(tested(ROWS, seed)) for seed in range(8)}) > 3


def test_what_is_asked_about_one_story_stays_together() -> None:
    rows = [
        {"question": f"{told} {asked}"}
        for told in ("Today is May 3, 2021.", "Tomorrow is 3/4/1999.")
        for asked in ("What was the date 3 days ago?", "Which day is it?")
    ]
    parts = split_by_template(rows, {"train": 1, "test": 1})
    assert [len(parts["train"]), len(parts["test"])] == [2, 2]
    assert {text.split()[0] for text in texts(parts["train"])} in ({"Today"}, {"Tomorrow"})
    by_question = split_by_template(rows, {"a": 1, "b": 1, "c": 1, "d": 1}, by="question")
    assert [len(part) for part in by_question.values()] == [1, 1, 1, 1]


@pytest.mark.parametrize("shares", [{}, {"train": 1, "test": 0}, {"train": 1, "test": -1}])
def test_shares_that_are_none_are_a_sentence(shares: dict[str, float]) -> None:
    with pytest.raises(UserError, match="above 0"):
        split_by_template(ROWS, shares)


def test_fewer_templates_than_parts_are_a_sentence() -> None:
    with pytest.raises(UserError, match="5 rows come from 1 templates"):
        split_by_template(ROWS[:5], {"train": 1, "test": 1})


@given(
    st.lists(st.integers(0, 25), min_size=12, max_size=60),
    st.integers(0, 5),
    st.sampled_from([{"x": 9, "y": 1}, {"x": 1, "y": 1, "z": 1}]),
)
def test_parts_are_a_partition_by_template(
    kinds: list[int], seed: int, shares: dict[str, float]
) -> None:
    rows = [{"question": f"we {chr(97 + kind) * 3} {i}"} for i, kind in enumerate(kinds)]
    if len(set(kinds)) < len(shares):
        return
    parts = split_by_template(rows, shares, seed)
    assert sorted(i for part in parts.values() for i in map(rows.index, part)) == list(  # type: ignore[arg-type]
        range(len(rows))
    )
    masks = [{masked(text) for text in texts(part)} for part in parts.values()]
    assert all(masks)
    assert sum(len(found) for found in masks) == len(set.union(*masks))


def test_questions_of_every_seed_form_are_read() -> None:
    assert question_of({"question": "Wie viel?"}) == "Wie viel?"
    assert question_of({"prompt": "Wie viel?", "target": "3"}) == "Wie viel?"
    assert question_of({"messages": [{"role": "user", "content": "多少？"}]}) == "多少？"
    assert "sum" in question_of({"instruction": "sum", "input": "1 2", "output": "3"})
    with pytest.raises(ValueError, match="no prompt found"):
        question_of({"text": "x"})


def test_overlap_counts_templates_contexts_copies_and_ngrams() -> None:
    train = [
        "Ada had 3 red kites and bought 4 more of them. How many has Ada now?",
        "Is 7 a prime?",
    ]
    test = [
        "王芳 had 5 red kites and bought 9 more of them. How many has 王芳 now?",  # the template
        "Bo had 5 red kites and bought 9 more of them. Why?",  # the context only
        "Is 7 a prime?",  # a copy, too short for 8 words
        "We know that Ada had 3 red kites and bought 4 more of them.",  # 8 words in a row
        "What colour is the sky above the sea today?",
    ]
    found = masked_overlap(train, test)
    assert found.shared == (0, 2)
    assert found.context == (0, 1)
    assert found.same == (2,)
    assert found.ngram == 1
    assert found.short == 1
    assert found.share == 0.4
    assert (found.train_templates, found.test_templates) == (2, 5)
    assert found.to_json()["shared"] == [0, 2]


def test_overlap_sees_through_prompts_and_texts_without_words_are_no_template() -> None:
    train = ["Q: Ada had 3 kites. How many now?\nA: Let's think step by step.", "🙂🙂"]
    test = ["Bo had 5 kites. How many now?\n(A) 3\n(B) 4", "🎉", "!!!", "🙂🙂"]
    found = masked_overlap(train, test)
    assert (found.shared, found.context, found.same) == ((0,), (0,), (3,))


def test_a_system_prompt_is_no_part_of_a_question() -> None:
    def chat(system: str, text: str) -> dict[str, object]:
        turns = [{"role": "system", "content": system}, {"role": "user", "content": text}]
        return {"messages": turns}

    assert question_of(chat("Be brief. Be kind.", "Why?")) == "Why?"
    rows = [chat("Be brief. Be kind.", f"Which {verb} is it?") for verb in VERBS]
    rows += [chat("Sei nett.", f"Which {verb} is it?") for verb in VERBS]
    parts = split_by_template(rows, {"train": 1, "test": 1})
    sides = [{question_of(row) for row in part} for part in parts.values()]
    assert [len(side) for side in sides] == [5, 5]
    assert sides[0].isdisjoint(sides[1])


def test_options_and_affixes_are_no_part_of_a_template() -> None:
    bare = "Ada has 3 kites. Which is red?"
    for text in (
        f"{bare}\n(A) one\n(B) two",
        f"Q: {bare} Think step by step.",
        f"{bare} A) x B) y",
    ):
        for by in ("context", "question"):
            assert template_of(text, by) == template_of(bare, by)


def test_questions_without_words_have_templates_of_their_own() -> None:
    rows = [{"question": text} for text in ("🙂🙂", "🎉", "!!!")]
    parts = split_by_template(rows, {"a": 1, "b": 1, "c": 1})
    assert [len(part) for part in parts.values()] == [1, 1, 1]


def test_a_question_in_another_case_is_in_the_same_part() -> None:
    """ "Paris" is a name and "paris" is none."""
    rows = [
        {"question": text} for text in ("Is Paris big?", "is paris big?", "Is Rome big?", "Why?")
    ]
    for seed in range(8):
        parts = split_by_template(rows, {"a": 1, "b": 1}, seed)
        assert sorted(len(part) for part in parts.values()) == [1, 3]


def test_templates_that_share_a_question_are_joined_whatever_their_order() -> None:
    templates, questions = ["d", "b", "c", "b", "e", "c"], ["1", "1", "2", "2", "3", "4"]
    assert joined_templates(templates, questions) == ["b", "b", "b", "b", "e", "b"]
    assert joined_templates(templates[::-1], questions[::-1]) == ["b", "e", "b", "b", "b", "b"]


def test_the_largest_templates_are_placed_first() -> None:
    """Placed late, a large one would overfill a part that small ones had filled."""
    rows = [{"question": f"we {'b' if i < 6 else chr(99 + i)} {i}"} for i in range(12)]
    for seed in range(20):
        parts = split_by_template(rows, {"x": 1, "y": 1}, seed)
        assert [len(part) for part in parts.values()] == [6, 6]


def test_overlap_of_nothing_is_nothing() -> None:
    assert masked_overlap([], []).share == 0.0
