"""The instance rules. The golden cases of the reference preset come from a transcription of the
published algorithm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.instance_rules import AT_MOST, copied, judged
from limbeck.generators.self_instruct.instances import Instance
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.refused import Refused

BOTH: list[Preset] = ["reference", "fixed"]
FIELD = st.sampled_from(["", "a", "A", "a.", "b", "b:", "中：", "é", "e\u0301"])
INSTANCES = st.lists(st.builds(Instance, FIELD, FIELD), max_size=12)


def rules(instances: list[Instance], preset: Preset) -> list[tuple[str, str, Refused]]:
    return [(one.input, one.output, why) for one, why in judged(instances, preset, 0)[1]]


@pytest.mark.parametrize("preset", BOTH)
def test_each_rule_says_what_it_saw(preset: Preset) -> None:
    good, other = Instance("x", "y"), Instance("", "z")
    bad = [Instance("a", "a"), Instance("b", ""), Instance("c:", "d"), Instance("e", "f:"), good]
    kept, refused = judged([good, *bad, other], preset, 0)
    assert kept == [good, other]
    assert [why for _, why in refused] == [
        Refused("equal", "a"),
        Refused("empty", 0),
        Refused("colon", "input"),
        Refused("colon", "output"),
        Refused("duplicate", 0),
    ]
    assert [one for one, _ in refused] == bad


@pytest.mark.parametrize("preset", BOTH)
def test_a_contradiction_takes_every_instance_that_is_left(preset: Preset) -> None:
    instances = [Instance("w", "v"), Instance("x", "y"), Instance("x", ""), Instance("x", "z")]
    assert rules(instances, preset) == [
        ("w", "v", Refused("contradiction", "x")),
        ("x", "y", Refused("contradiction", "x")),
        ("x", "", Refused("empty", 0)),
        ("x", "z", Refused("contradiction", "x")),
    ]


@pytest.mark.parametrize("preset", BOTH)
def test_without_an_input_many_outputs_are_no_contradiction(preset: Preset) -> None:
    instances = [Instance("", "y"), Instance("", "z"), Instance("", "Y")]
    assert judged(instances, preset, 0) == (instances, [])


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Positive", "positive."),
        ("正面", "「正面」"),
        ("ＹＥＳ", "yes"),
        ("é", "e\u0301"),
        ("a  b", "A b"),
    ],
)
def test_spellings_of_one_label_agree_when_fixed(one: str, two: str) -> None:
    instances = [Instance("x", one), Instance("x", two)]
    assert judged(instances, "reference", 0)[0] == []
    kept, refused = judged(instances, "fixed", 0)
    assert kept == instances[:1]
    assert refused == [(instances[1], Refused("duplicate", 0))]


def test_fixed_compares_inputs_up_to_spaces_and_knows_the_wide_colon() -> None:
    instances = [Instance("a  b", "1"), Instance("a b", "2")]
    assert judged(instances, "reference", 0) == (instances, [])
    assert [why.rule for *_, why in rules(instances, "fixed")] == ["contradiction"] * 2
    wide = [Instance("如下：", "好")]
    assert judged(wide, "reference", 0) == (wide, [])
    assert rules(wide, "fixed") == [("如下：", "好", Refused("colon", "input"))]
    assert [why.rule for *_, why in rules([Instance("x", " \u3000")], "fixed")] == ["empty"]
    cased = [Instance("a", "1"), Instance("A", "2"), Instance("*", "*."), Instance("x", "*")]
    assert judged(cased, "fixed", 0) == (cased, [])
    marks = [Instance("x", "*"), Instance("x", "!")]
    assert [why.rule for *_, why in rules(marks, "fixed")] == ["contradiction"] * 2


@pytest.mark.parametrize("preset", BOTH)
def test_five_of_many_stay_in_their_order(preset: Preset) -> None:
    many = [Instance(f"in {n}", f"out {n}") for n in range(12)]
    kept, refused = judged(many, preset, 7)
    assert len(kept) == AT_MOST
    assert kept == [one for one in many if one in kept]
    assert {why for _, why in refused} == {Refused("over_five", 12)}
    assert set(judged(many[::-1], preset, 7)[0]) == set(kept)
    drawn = [judged(many, preset, seed)[0] for seed in range(300)]
    counts = [sum(one in kept for kept in drawn) for one in many]
    assert all(85 <= count <= 165 for count in counts), counts  # 125 expected, 4.7 deviations


def test_the_draw_is_the_same_everywhere() -> None:
    """The five lowest BLAKE2b of `[123,"","0"]` and so on, worked out with hashlib alone."""
    many = [Instance("", str(n)) for n in range(8)]
    assert [one.output for one in judged(many, "reference", 123)[0]] == ["0", "2", "4", "5", "6"]


@given(INSTANCES, st.sampled_from(BOTH), st.integers(0, 3))
def test_every_instance_is_kept_or_refused_once(
    instances: list[Instance], preset: Preset, seed: int
) -> None:
    kept, refused = judged(instances, preset, seed)
    key = repr
    assert sorted([*kept, *(one for one, _ in refused)], key=key) == sorted(instances, key=key)
    assert len(kept) == len(set(kept)) <= AT_MOST
    assert judged(kept, preset, seed) == (kept, [])


@given(INSTANCES)
def test_the_reference_keeps_what_the_published_rules_keep(instances: list[Instance]) -> None:
    valid = {
        (one.input, one.output)
        for one in instances
        if one.output not in ("", one.input) and ":" not in one.output + one.input
    }
    contested = any(a[0] and a[0] == b[0] and a != b for a in valid for b in valid)
    kept = {(one.input, one.output) for one in judged(instances, "reference", 0)[0]}
    assert kept <= (set() if contested else valid)
    assert len(kept) == (0 if contested else min(len(valid), AT_MOST))


@pytest.mark.parametrize(
    ("source", "output", "expected"),
    [
        ("They swim in a lake", "x", "They swim in a lake"),
        (" They  swim\nin a lake ", "x", "They swim in a lake"),
        ("They swim", "x", None),  # nine characters
        ("They swim in lakes", "x", None),
        ("", "They swim in a lake.", "They swim in a lake."),  # twenty
        ("", "They swim in a lake", None),
        ("明天上午有小雨，气温十度。", "x", "明天上午有小雨，气温十度。"),
    ],
)
def test_copied(source: str, output: str, expected: str | None) -> None:
    shown = "Example\nThey swim in a lake.\n句子: 明天上午有小雨，气温十度。"
    found = copied(Instance(source, output), shown)
    assert (None if found is None else found.value) == expected
    assert found is None or found.rule == "copied"
