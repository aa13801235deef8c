"""Several students beside each other: paired, by clusters, never over different items."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.evals.compare import Ends, apart, compare


def role(
    scores: Sequence[float | None],
    clusters: Sequence[str] | None = None,
    *,
    task: str = "dates",
    prompts: Sequence[str] | None = None,
    **protocol: Any,
) -> dict[str, Any]:
    items = [
        {"id": str(n), "doc": f"d{n}", "score": score, "output": ""}
        | {"prompt": prompts[n] if prompts else f"p{n}"}
        | ({"cluster": clusters[n]} if clusters else {})
        for n, score in enumerate(scores)
    ]
    common = {"form": "generate", "prompt": "chat", "max_tokens": 9, "version": 2, "lm_eval": "1"}
    return {
        "protocol": common | protocol,
        "tasks": [{"task": task, "metric": "acc", "items": items}],
    }


ONE = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0]
TWO = [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]


def test_every_run_is_held_against_the_first() -> None:
    [found] = compare({"full": role(ONE), "short": role(TWO), "same": role(ONE)})
    full, short, same = found.standings
    assert (found.task, found.n, found.clusters) == ("dates", 8, 8)
    assert (full.score, full.minus_first, full.p_value) == (0.625, None, None)
    assert short.score == 0.25
    assert short.minus_first is not None
    # The differences are -1 0 0 0 -1 1 -1 -1: five squares of 1, so their sum is 5.
    mean = -3 / 8
    variance = (5 - 8 * mean**2) / 7
    assert short.minus_first.value == mean
    assert short.minus_first.stderr == pytest.approx(math.sqrt(variance / 8))
    # t(7) at 97.5%: 2.364624
    assert short.minus_first.high == pytest.approx(mean + 2.364624 * math.sqrt(variance / 8), 1e-5)
    # Four lost, one won: two-sided binomial 2 * (1 + 5) / 32.
    assert short.p_value == pytest.approx(12 / 32)
    assert (same.score, same.p_value) == (0.625, 1.0)


def test_items_of_one_template_vary_together() -> None:
    """Every template's items are all right or all wrong: eight items say no more than two."""
    groups = ["a"] * 4 + ["b"] * 4
    [found] = compare({"one": role([1.0] * 4 + [0.0] * 4, groups), "two": role([0.0] * 8, groups)})
    assert (found.n, found.clusters) == (8, 2)
    one, two = found.standings
    # Two clusters of mean 1 and 0: standard deviation 0.7071 over root 2.
    assert one.stderr == pytest.approx(0.5)
    assert two.minus_first is not None
    # t(1) at 97.5% is 12.7062.
    assert two.minus_first.low == pytest.approx(-0.5 - 12.7062 * 0.5, 1e-5)
    assert two.p_value == pytest.approx(1.0)


def test_an_item_without_a_template_leaves_the_others_together() -> None:
    groups = ["a"] * 4 + ["b"] * 4 + [""]
    own = ["a"] * 4 + ["b"] * 4 + ["c"]
    scores = [1.0] * 4 + [0.0] * 4 + [1.0], [0.0] * 9
    found, same = (
        compare({"one": role(scores[0], names), "two": role(scores[1], names)})[0]
        for names in (groups, own)
    )
    assert (found.n, found.clusters) == (9, 3)
    assert found == same


def test_completions_of_one_prompt_vary_together_as_in_the_report() -> None:
    prompts = [f"p{n // 10}" for n in range(40)]
    scores = [float(n // 10 % 2) for n in range(40)], [0.0] * 40

    def imitated(column: list[float], names: list[str]) -> dict[str, Any]:
        return role(column, task="imitation_nll", prompts=names)

    [found] = compare({"one": imitated(scores[0], prompts), "two": imitated(scores[1], prompts)})
    assert (found.n, found.clusters) == (40, 4)
    # Four prompts of mean 0, 1, 0, 1: variance 1/3, over four.
    assert found.standings[0].stderr == pytest.approx(math.sqrt(1 / 12))
    alone = ["p"] * 40
    [found] = compare({"one": imitated(scores[0], alone), "two": imitated(scores[1], alone)})
    assert found.clusters == 1
    assert [one.score for one in found.standings] == [0.5, 0.0]
    assert (found.standings[1].minus_first, found.standings[1].p_value) == (None, None)


def test_only_items_that_all_answered_count() -> None:
    [found] = compare({"one": role([1.0, 1.0, 0.0]), "two": role([1.0, None, 1.0])})
    assert found.n == 2
    assert [one.score for one in found.standings] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (role([1.0, 0.0]), "two was evaluated on other items of dates"),
        (role([1.0, 0.0, 1.0], max_tokens=5), "max_tokens 9 and 5"),
        (role([1.0, 0.0, 1.0], form="loglikelihood"), "form generate and loglikelihood"),
        (role([1.0, 0.0, 1.0], prompt="plain"), "prompt chat and plain"),
        (role([1.0, 0.0, 1.0], version=1), "version 2 and 1"),
        (role([1.0, 0.0, 1.0], lm_eval="2"), "lm_eval 1 and 2"),
        (role([None, None, 1.0]), "fewer than two items of dates"),
        ({"protocol": role([1.0])["protocol"], "tasks": []}, "any task in common"),
    ],
)
def test_what_does_not_compare_is_a_sentence(other: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        compare({"one": role([1.0, 0.0, 1.0]), "two": other})
    with pytest.raises(UserError, match="at least two runs, got 1"):
        compare({"one": role([1.0, 0.0])})


BASE = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0] * 8
TEACHER = [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0] * 8
ENDS = Ends(role(BASE), role(TEACHER), frozenset({"full", "short"}))


def test_the_gap_closed_is_that_between_one_base_and_one_teacher() -> None:
    runs = {"full": role(ONE * 8), "short": role(TWO * 8), "other": role(ONE * 8)}
    [found] = compare(runs, ends=ENDS)
    full, short, other = (standing.gap_closed for standing in found.standings)
    assert other is None  # it began from another base
    assert full is not None
    assert short is not None
    # Means 1/8, 5/8, 2/8 and 7/8: 4 of 6 eighths, and 1 of 6.
    assert full.value == pytest.approx(4 / 6)
    assert short.value == pytest.approx(1 / 6)
    assert (full.bounded, full.n) == (True, 64)
    assert full.low is not None
    assert full.high is not None
    assert full.low < 4 / 6 < full.high
    assert found.to_json()["standings"][0]["gap_closed"]["value"] == full.value


def test_a_gap_without_bounds_has_none_and_other_items_have_no_gap() -> None:
    runs = {"full": role(ONE), "short": role(TWO)}
    few = [1.0, *TEACHER[1:7], None]
    level = Ends(role([0.0] * 8), role([0.0] * 7 + [1.0]), frozenset(runs))
    [found] = compare(runs, ends=level)
    gap = found.standings[0].gap_closed
    assert gap is not None
    assert (gap.bounded, gap.low, gap.high) == (False, None, None)
    [found] = compare(runs, ends=Ends(role(BASE[:8]), role(few), frozenset(runs)))
    gap = found.standings[0].gap_closed
    assert gap is not None
    assert (gap.n, found.n) == (7, 8)  # students keep the item that the teacher did not answer
    [found] = compare(runs, ends=Ends(role(BASE[:7]), role(few), frozenset(runs)))
    assert found.standings[0].gap_closed is None


def several(*columns: Sequence[float | None]) -> dict[str, Any]:
    made = role(columns[0])
    tasks = [role(column, task=f"t{n}")["tasks"][0] for n, column in enumerate(columns)]
    return made | {"tasks": tasks}


def test_p_values_are_adjusted_over_tasks_for_each_run_alone() -> None:
    nought, six, five = [0.0] * 8, [1.0] * 6 + [0.0] * 2, [1.0] * 5 + [0.0] * 3
    runs = {
        "first": several(nought, nought, nought),
        "a": several(six, five, nought),
        "b": several(nought, nought, six),
    }
    found = compare(runs)
    first, a, b = ([task.standings[n].p_holm for task in found] for n in range(3))
    assert first == [None, None, None]
    # McNemar: 2/64 and 2/32; times 3 and 2, and 1 of the last.
    assert a == pytest.approx([6 / 64, 4 / 32, 1.0])
    assert b == pytest.approx([1.0, 1.0, 6 / 64])
    assert found[0].standings[1].p_value == pytest.approx(2 / 64)


def test_imitation_of_another_teacher_is_left_out_and_named() -> None:
    one, two = several(ONE, ONE), several(TWO, TWO)
    for made, docs in ((one, "x"), (two, "y")):
        made["tasks"][1]["task"] = "imitation_rouge_l"
        for item in made["tasks"][1]["items"]:
            item["doc"] += docs
    runs = {"one": one, "two": two}
    assert apart(runs) == ["imitation_rouge_l"]
    assert [task.task for task in compare(runs)] == ["t0"]
    assert apart({"one": one, "same": one}) == []
    for made in (one, two):
        made["tasks"] = made["tasks"][1:]
    with pytest.raises(UserError, match="not evaluated on any task in common"):
        compare(runs)
