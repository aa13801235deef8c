"""Record filter `rouge`: verdicts, and what of a record is compared."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from limbeck.errors import RecipeError
from limbeck.filters.rouge import Rouge
from limbeck.protocols import Filter
from limbeck.record import Provenance, Record, user
from limbeck.registry import build

POEM = "Write a short poem about the winter sea"


def row(prompt: str, completion: str = "x", number: int = 0, **meta: Any) -> Record:
    return Record((user(prompt),), completion, Provenance("test", index=number), meta=meta)


def test_a_similar_row_is_refused_and_names_the_kept_one() -> None:
    first, other, near = row(POEM), row("Add 2 and 3"), row(f"{POEM} at night", number=1)
    verdicts = Rouge().judge([first, other, near])
    assert [v.record for v in verdicts] == [first.id, other.id, near.id]
    assert [v.keep for v in verdicts] == [True, True, False]
    assert (verdicts[2].reason, verdicts[2].nearest) == ("similar", first.id)
    assert verdicts[2].score == 2 * 1.0 * 0.8 / (1.0 + 0.8)
    assert (verdicts[0].reason, verdicts[0].score, verdicts[0].nearest) == ("", None, None)
    assert {v.filter for v in verdicts} == {"rouge"}
    assert isinstance(Rouge(), Filter)


def test_only_kept_rows_refuse_others() -> None:
    words = list("abcdefghij")
    chain = [row(" ".join(words[n : n + 7]), number=n) for n in range(4)]
    assert [v.keep for v in Rouge().judge(chain)] == [True, False, False, True]


def test_an_instance_remembers_earlier_batches() -> None:
    judge = Rouge()
    assert judge.judge([row(POEM)])[0].keep
    assert not judge.judge([row(POEM, number=1)])[0].keep
    assert Rouge().judge([row(POEM, number=1)])[0].keep


def test_the_instruction_is_compared_and_not_the_input() -> None:
    rows = [
        row(f"{POEM}\n\nred green blue", instruction=POEM),
        row("one two three four five six seven eight nine ten", number=1, instruction=POEM),
        row(POEM, number=2),
    ]
    assert [v.keep for v in Rouge().judge(rows)] == [True, True, False]


def test_instances_of_one_task_share_its_fate_in_whatever_batch_they_come() -> None:
    near = f"{POEM} at night"
    rows = [
        row(f"{text}\n\n{number}", number=number, instruction=text)
        for number, text in enumerate([POEM, near, POEM, near, "Add 2 and 3", near, POEM])
    ]
    expected = [True, False, True, False, True, False, True]
    for size in (1, 2, 3, 7):
        judge = Rouge()
        found = [v for n in range(0, 7, size) for v in judge.judge(rows[n : n + size])]
        assert [v.keep for v in found] == expected
        assert [v.record for v in found] == [r.id for r in rows]
        assert {v.nearest for v in found if not v.keep} == {rows[0].id}
        assert {v.score for v in found if not v.keep} == {2 * 1.0 * 0.8 / (1.0 + 0.8)}
    both = Rouge(all_scores=True).judge(rows)
    assert [v.keep for v in both] == expected
    assert [v.keep for v in Rouge(on="completion").judge(rows)] == [True] + [False] * 6


def test_equal_rows_that_are_no_tasks_are_one_row_and_its_repeats() -> None:
    same = row(POEM)
    assert [v.keep for v in Rouge().judge([same, same, same])] == [True, False, False]


def test_the_completion_is_compared_where_the_recipe_says_so() -> None:
    rows = [row(POEM, "the sea"), row(POEM, "a lake", 1), row("other", "The sea!", 2)]
    assert [v.keep for v in Rouge(on="completion").judge(rows)] == [True, True, False]


def test_text_in_other_scripts_counts_but_for_the_reference_tokenizer() -> None:
    rows = [row("写一首关于大海的诗"), row("写一首关于大海的诗。", number=1)]
    assert [v.keep for v in Rouge().judge(rows)] == [True, False]
    assert [v.keep for v in Rouge(tokenizer="rouge").judge(rows)] == [True, True]


def test_all_scores_gives_the_same_decisions_and_a_score_for_every_row() -> None:
    texts = [POEM, "Add 2 and 3", f"{POEM} today", "Write a poem", "🙂", "Add 2 and 4", "写诗"]
    rows = [row(text, number=n) for n, text in enumerate(texts)]
    plain, scored = Rouge().judge(rows), Rouge(all_scores=True).judge(rows)
    assert [v.keep for v in scored] == [v.keep for v in plain]
    assert [v for v in scored if not v.keep] == [v for v in plain if not v.keep]
    assert [v.score for v in scored][:2] == [0.0, 0.0]
    assert scored[3].score == 2 * 1.0 * (3 / 8) / (1.0 + 3 / 8)
    assert scored[3].nearest == rows[0].id
    assert (scored[4].score, scored[4].nearest) == (0.0, None)


def test_the_verdicts_do_not_depend_on_the_batches() -> None:
    rows = [row(f"{POEM} {n % 5} {n % 7} {n % 3}", number=n) for n in range(40)]
    whole, parts = Rouge(threshold=0.8), Rouge(threshold=0.8)
    verdicts = whole.judge(rows)
    assert [v for n in range(0, 40, 3) for v in parts.judge(rows[n : n + 3])] == verdicts
    assert Rouge(threshold=0.8).judge(rows) == verdicts
    assert {v.keep for v in verdicts} == {True, False}


def test_a_recipe_can_name_it_and_wrong_options_are_told() -> None:
    judge = build("filters", "rouge", {"threshold": 0.5, "tokenizer": "rouge"})
    assert isinstance(judge, Rouge)
    assert not judge.judge([row("a b c"), row("a b d", number=1)])[1].keep
    with pytest.raises(RecipeError, match=r"threshold must lie between 0 and 1, got 7"):
        build("filters", "rouge", {"threshold": 7})
    with pytest.raises(RecipeError, match="option 'tokenizer'"):
        build("filters", "rouge", {"tokenizer": "words"})


def test_its_import_loads_nothing_heavy() -> None:
    absent = ["asyncio", "aiohttp", "openai", "torch", "pandas"]
    code = f"import limbeck.filters.rouge, sys; print(*(set({absent!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
