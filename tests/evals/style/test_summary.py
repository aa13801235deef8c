"""The whole section: its ends, who is compared, and what is told of each feature."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from limbeck.errors import UserError
from limbeck.evals.style.closed import closed, closed_overall, spread
from limbeck.evals.style.distances import Measured
from limbeck.evals.style.summary import ROLES, summary

N = 40


def plain(random: np.random.Generator) -> str:
    return " ".join(random.choice(["well", "so", "and", "then", "it", "went"], 12))


def styled(random: np.random.Generator) -> str:
    opening = random.choice(["Sure, here is", "当然，这里是", "Of course: look"])
    items = "\n".join(f"- **{word}** 🙂" for word in random.choice(["sea", "海", "بحر"], 3))
    end = random.choice(["Overall, it is fine!", "In summary, good.", "That is all."])
    return f"{opening} a list\n\n{items}\n\n{end}"


def texts(seed: int = 0, share: float = 0.5) -> dict[str, list[str | None]]:
    random = np.random.default_rng(seed)
    return {
        "base": [plain(random) for _ in range(N)],
        "student": [styled(random) if random.random() < share else plain(random) for _ in range(N)],
        "teacher": [styled(random) for _ in range(N)],
        "teacher_again": [styled(random) for _ in range(N)],
    }


PROMPTS = [f"prompt {n}" for n in range(N)]


def of(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["features"] if one["name"] == name)


def test_a_student_that_writes_the_second_sample_has_closed_all_of_it() -> None:
    said = texts()
    said["student"] = said["teacher_again"]
    found = summary(PROMPTS, said)
    measurable = [one for one in found["features"] if one["closed"]["bounded"]]
    assert len(measurable) >= 6
    for one in [*measurable, found]:
        assert one["closed"] == {"value": 1.0, "low": 1.0, "high": 1.0, "bounded": True}
    assert found["auc"]["student"] == found["auc"]["teacher_again"]


def test_a_student_that_writes_as_base_has_closed_none() -> None:
    said = texts()
    said["student"] = said["base"]
    found = summary(PROMPTS, said)
    for one in [one for one in [*found["features"], found] if one["closed"]["bounded"]]:
        assert one["closed"] == {"value": 0.0, "low": 0.0, "high": 0.0, "bounded": True}
    assert found["auc"]["student"] == found["auc"]["base"]
    assert found["auc"]["base"]["value"] > 0.95


def test_half_of_the_way_is_about_half() -> None:
    found = summary(PROMPTS, texts())
    whole = found["closed"]
    assert whole["bounded"]
    assert whole["low"] < 0.5 < whole["high"]
    assert 0.3 < whole["value"] < 0.7
    lists = of(found, "lists")
    assert (lists["base"], lists["teacher"], lists["teacher_again"]) == (0, 1, 1)
    # The teacher and its second sample always list: distance 1 of base, 0 of the second sample.
    assert lists["closed"]["value"] == pytest.approx(lists["student"])
    assert lists["distance"]["student"] == pytest.approx(1 - lists["student"])


def test_base_that_is_the_teacher_leaves_no_gap() -> None:
    random = np.random.default_rng(3)
    said: Any = {role: [styled(random) for _ in range(N)] for role in ROLES}
    found = summary(PROMPTS, said)
    assert found["closed"]["bounded"] is False
    assert found["closed"]["low"] is found["closed"]["high"] is None
    auc = found["auc"]["base"]
    assert auc["low"] <= 0.5 <= auc["high"]


def test_only_prompts_that_all_answered_are_compared() -> None:
    said = texts()
    said["base"][0] = None
    said["teacher_again"][5] = None
    said["student"][7] = ""  # empty is an answer
    found = summary(PROMPTS, said)
    assert (found["prompts"], found["dropped"]) == (N - 2, 2)
    kept = [place for place in range(N) if place not in (0, 5)]
    alone = summary(
        [PROMPTS[place] for place in kept],
        {role: [several[place] for place in kept] for role, several in said.items()},
    )
    assert alone["features"] == found["features"]
    assert found["outcomes"]["base"] == {
        "complete": N - 1,
        "truncated": 0,
        "refused": 0,
        "empty": 0,
        "failed": 1,
    }
    assert found["outcomes"]["student"]["empty"] == 1


def test_how_answers_ended_is_told_of_all() -> None:
    reasons = {role: [""] * N for role in ROLES}
    reasons["base"] = ["truncated"] * 30 + [""] * (N - 30)
    said = texts()
    said["teacher"][0] = "I'm sorry, but I can't help with that."
    found = summary(PROMPTS, said, reasons=reasons)["outcomes"]
    assert (found["base"]["truncated"], found["base"]["complete"]) == (30, N - 30)
    assert (found["teacher"]["refused"], found["teacher"]["complete"]) == (1, N - 1)


def test_white_space_around_an_answer_is_nobodys_style() -> None:
    said = texts()
    padded = {role: [f" \n{text}\n\n" for text in several] for role, several in said.items()}
    assert summary(PROMPTS, padded) == summary(PROMPTS, said)


def test_nothing_answered_is_no_number_and_no_crash() -> None:
    for answers in ([], [None, None], [None, "one"]):
        found = summary(PROMPTS[: len(answers)], dict.fromkeys(ROLES, answers))
        assert found["features"] == []
        assert found["closed"] == {"value": None, "low": None, "high": None, "bounded": False}
        assert found["auc"] == dict.fromkeys(("base", "student", "teacher_again"))
        json.dumps(found, allow_nan=False)


def test_the_same_answers_give_the_same_numbers_and_all_of_it_is_json() -> None:
    one, two = summary(PROMPTS, texts(), seed=4), summary(PROMPTS, texts(), seed=4)
    assert json.dumps(one, allow_nan=False) == json.dumps(two, allow_nan=False)


def test_samples_are_whole_answers_to_the_prompt_and_do_not_depend_on_the_order() -> None:
    said = texts()
    found = summary(PROMPTS, said)["samples"]
    assert len(found) == 6
    for one in found:
        place = PROMPTS.index(one["prompt"])
        assert all(one[role] == said[role][place] for role in ROLES)
    back = summary(PROMPTS[::-1], {role: several[::-1] for role, several in said.items()})
    assert back["samples"] == found[::-1]


def test_a_second_sample_that_is_the_first_is_counted() -> None:
    said = texts()
    said["teacher_again"] = [*said["teacher"][:30], *said["teacher_again"][30:]]
    assert summary(PROMPTS, said)["same"] >= 30


def test_answers_of_other_prompts_are_refused() -> None:
    said = texts()
    said["base"].pop()
    with pytest.raises(UserError, match="base has 39 answers to 40 prompts"):
        summary(PROMPTS, said)
    del said["base"]
    with pytest.raises(UserError, match="base has no answers"):
        summary(PROMPTS, said)


@pytest.mark.parametrize(
    "text", ["\ud800", "\x00", "🙂", "​", "<script>alert(1)</script>", "|" * 999]
)
def test_hostile_answers_are_measured(text: str) -> None:
    said = texts()
    said["student"] = [text] * N
    json.dumps(summary(PROMPTS, said), allow_nan=False)


def feature(base: list[float], student: list[float], again: list[float]) -> Measured:
    distances = {"base": base, "student": student, "teacher_again": again}
    return Measured("x", "", "", {}, {k: np.array(v, float) for k, v in distances.items()})


def test_closed_by_hand() -> None:
    # gain 2, 3, 4 and gap 4, 6, 8: half of the way at each prompt, and so for certain
    found = closed(np.array([5.0, 7, 9]), np.array([3.0, 4, 5]), np.array([1.0, 1, 1]))
    assert found == {"value": 0.5, "low": 0.5, "high": 0.5, "bounded": True}


def test_a_base_that_is_nearer_than_the_second_sample_has_no_share() -> None:
    near = closed(np.zeros(9), np.full(9, 0.5), np.ones(9))
    assert (near["bounded"], near["low"], near["high"]) == (False, None, None)


def test_more_than_all_and_less_than_nothing_are_not_cut_off() -> None:
    base, again = np.full(9, 2.0), np.ones(9)
    assert closed(base, np.zeros(9), again)["value"] == 2
    assert closed(base, np.full(9, 3.0), again)["value"] == -1


def test_overall_is_the_ratio_of_sums_in_units_of_each_spread() -> None:
    near = feature([1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0])  # all closed; spread 0.5
    far = feature([30, 10, 30, 10], [30, 10, 30, 10], [10, 10, 10, 10])  # none; spread 8.66
    assert spread(near) == 0.5
    assert spread(far) == pytest.approx(75**0.5)
    both = closed_overall([near, far])
    assert both["value"] == pytest.approx((1 / 0.5) / (1 / 0.5 + 10 / 75**0.5))
    # In other units of one feature it is the same, and a feature without a gap takes no part.
    scaled = feature(*([1000 * x for x in far.distances[role]] for role in far.distances))
    still = feature([3] * 4, [9] * 4, [3] * 4)
    assert closed_overall([near, scaled, still])["value"] == pytest.approx(both["value"])


def test_no_feature_counts_for_more_than_two() -> None:
    certain = feature([1] * 20, [0] * 20, [0] * 20)
    noisy = feature([1, 0] * 10, [0] * 20, [0, 0] * 10)
    for one in (certain, noisy):
        gap = one.distances["base"].mean() - one.distances["teacher_again"].mean()
        assert 0 < gap / spread(one) <= 2
