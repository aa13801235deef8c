"""Which worked examples are shown: the first ones, or those of the question's own family."""

from __future__ import annotations

import pytest

from limbeck.errors import UserError
from limbeck.generators.chain_of_thought import ChainOfThought
from limbeck.generators.chain_of_thought.examples import By, examples_of
from limbeck.record import Provenance, Record, user
from limbeck.seeds import seeds_of
from tests.generators.chain_of_thought.solver import Solver, run

# a0 b0 c0 a1 b1 c1 ...: three families, and three templates in each.
DEMOS = [
    Record(
        (user(f"{family}{n} 多少?"),),
        "",
        Provenance("seed"),
        f"{n}",
        {"rationale": f"Count to {n}.", "family": family, "template": f"t/{family}/{n % 3}"},
    )
    for n in range(5)
    for family in "abc"
]


def seed(prompt: str, **meta: str) -> Record:
    return Record((user(prompt),), "", Provenance("seed"), "7", dict(meta))


def shown(question: Record, shots: int, by: By = "family") -> list[str]:
    found = examples_of(DEMOS, shots, by).of(question)
    return [example.question.split()[0] for example in found]


def test_by_order_everyone_sees_the_first_ones() -> None:
    for question in (seed("x"), seed("y", family="c", template="t/a/0")):
        assert shown(question, 4, "order") == ["a0", "b0", "c0", "a1"]
    assert shown(seed("x"), 0, "order") == []
    assert shown(seed("x"), 99, "order") == [d.prompt.split()[0] for d in DEMOS]


def test_by_family_those_of_the_own_family_stand_last_and_others_fill_up() -> None:
    assert shown(seed("x", family="b"), 3) == ["b0", "b1", "b2"]
    assert shown(seed("x", family="b"), 5) == ["b0", "b1", "b2", "b3", "b4"]
    assert shown(seed("x", family="b"), 7) == ["a0", "c0", "b0", "b1", "b2", "b3", "b4"]


def test_by_family_none_of_the_own_template_is_shown() -> None:
    assert shown(seed("x", family="b", template="t/b/0"), 4) == ["a0", "b1", "b2", "b4"]
    # nor where the family is another one
    assert "a0" not in shown(seed("x", family="b", template="t/a/0"), 7)


@pytest.mark.parametrize("by", ["order", "family"])
def test_a_question_is_never_shown_itself(by: By) -> None:
    assert "a0" not in shown(seed("a0 多少?", family="a"), 15, by)


def test_a_question_without_a_known_family_sees_the_first_ones() -> None:
    for question in (seed("x"), seed("x", family="z")):
        assert shown(question, 4) == ["a0", "b0", "c0", "a1"]


def test_examples_without_families_are_told() -> None:
    bare = [Record((user("Q"),), "", Provenance("seed"), "1", {"rationale": "R."})]
    with pytest.raises(UserError, match="a field `family`, and none has one"):
        examples_of(bare, 3, "family")
    assert not examples_of([], 3, "family")


def test_the_family_of_a_row_is_kept_and_what_was_shown_is_stored() -> None:
    [given] = seeds_of({"prompt": "x #1", "target": "7", "family": "c", "template": "t/c/1"})
    assert given.meta["family"] == "c"
    teacher = Solver()
    out = run(teacher, [given], paths=2, demos=DEMOS, shots=3, shots_by="family")
    turns = [m.content.split()[0] for m in teacher.asked[0][1].messages if m.role == "user"]
    assert turns == ["c0", "c2", "c3", "x"]
    ids = {demo.id: demo.prompt.split()[0] for demo in DEMOS}
    for row in out.records:
        assert [ids[one] for one in row.meta["demos"]] == ["c0", "c2", "c3"]
    assert "demos" not in run(Solver(), [given], paths=1, demos=DEMOS).records[0].meta


def test_a_model_that_is_measured_sees_the_same_ones() -> None:
    chain = ChainOfThought(demos=DEMOS, shots=3, shots_by="family")
    asked = chain.first_request(seed("x", family="b"))
    assert [m.content.split()[0] for m in asked.messages[::2]] == ["b0", "b1", "b2", "x"]
    assert chain.asked == "cot_question_chat.v1, 3 worked examples of its own family"
