"""Record filter `diversity`: what stays, what it says of the rest, and how it is to be called."""

from __future__ import annotations

import numpy as np
import pytest

from limbeck.errors import ModelError, RecipeError, UserError
from limbeck.filters.diversity import Diversity
from limbeck.filters.diversity import vectors as vectors_module
from limbeck.filters.diversity.vectors import Encoded
from limbeck.protocols import Filter
from limbeck.record import Message, Provenance, Record, user
from limbeck.registry import build

# Three texts each of what is alike, in scripts that share nothing.
GROUPS = [
    ["春天的花园里开满了花", "春天的花园里开满了花朵", "春天花园里开满了花"],
    ["كيف أتعلم الطبخ بسرعة", "كيف أتعلم الطبخ", "كيف أتعلم الطبخ بسرعة كبيرة"],
    ["วิธีปลูกต้นไม้ในบ้าน", "วิธีปลูกต้นไม้ในบ้านเล็ก", "วิธีปลูกต้นไม้"],
    ["Où est la forêt enneigée ?", "Où est la forêt ?", "Où est la forêt enneigée là ?"],
    ["🎉🎊🎈🎁", "🎉🎊🎈", "🎊🎈🎁"],
]


def row(prompt: str, completion: str = "", number: int = 0) -> Record:
    return Record((user(prompt),), completion, Provenance("test", index=number))


def rows_of(texts: list[str]) -> list[Record]:
    return [row(text, number=number) for number, text in enumerate(texts)]


ROWS = rows_of([text for group in GROUPS for text in group])


@pytest.mark.parametrize("by", ["facility_location", "k_centre"])
def test_one_of_each_script_stays_and_names_the_others(by: str) -> None:
    judge = build("filters", "diversity", {"pick": 5, "by": by})
    judge.survey(ROWS)
    verdicts = judge.judge(ROWS)
    kept = [place // 3 for place, verdict in enumerate(verdicts) if verdict.keep]
    assert kept == [0, 1, 2, 3, 4]
    stays = {ROWS.index(r) // 3: v.record for r, v in zip(ROWS, verdicts, strict=True) if v.keep}
    for place, verdict in enumerate(verdicts):
        assert verdict.record == ROWS[place].id
        assert verdict.reason == ("" if verdict.keep else "covered")
        assert verdict.nearest == (None if verdict.keep else stays[place // 3])
        assert verdict.score is not None
        assert verdict.score > 0.15
    assert isinstance(judge, Filter)


def test_no_script_has_empty_vectors() -> None:
    encoded = Encoded("ngrams")
    encoded.add([text for group in GROUPS for text in group] + ["中", "é", "؟", "🎉"])
    found = encoded.all()
    lengths = np.linalg.norm(found.astype(float), axis=1)
    assert lengths == pytest.approx(np.full(len(found), 2000), abs=10)
    assert len(np.unique(found, axis=0)) == len(found)
    assert (np.abs(found) > 0).mean() > 0.9


def test_batches_make_no_difference() -> None:
    whole, parts = Diversity(4), Diversity(4)
    whole.survey(ROWS)
    for start in range(0, len(ROWS), 4):
        parts.survey(ROWS[start : start + 4])
    expected = whole.judge(ROWS)
    found = [v for start in range(0, len(ROWS), 7) for v in parts.judge(ROWS[start : start + 7])]
    assert found == expected
    assert sum(verdict.keep for verdict in found) == 4
    assert parts.told() == whole.told()


def test_rarity_is_learned_from_the_first_rows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_module, "LEARNED", 3)
    few, more = Encoded("ngrams"), Encoded("ngrams")
    few.add(["one", "two", "three"])
    for text in ("one", "two", "three", "four"):
        more.add([text])
    assert np.array_equal(few.all(), more.all()[:3])


@pytest.mark.parametrize(("pick", "kept"), [(1, 1), (0.2, 3), (0.01, 1), (15, 15), (99, 15)])
def test_a_number_or_a_share(pick: float, kept: int) -> None:
    judge = Diversity(pick)
    assert sum(verdict.keep for verdict in judge.judge(ROWS)) == kept
    assert ("kept all 15 rows" in judge.told()) == (kept == 15)


def test_told_compares_with_a_random_draw() -> None:
    judge = Diversity(5)
    assert judge.told() == ""
    judge.judge(ROWS)
    assert judge.told().startswith("picked 5 of 15 rows. The cosine of a row with the nearest")
    assert "measured on" not in judge.told()


def test_on_says_what_is_compared() -> None:
    system = Record((Message("system", "x"), user("alpha beta")), "one two", Provenance("t"))
    rows = [system, row("gamma delta", "one two"), row("alpha beta", "three four")]
    for on, nearest in (("prompt", rows[0].id), ("completion", None)):
        verdicts = build("filters", "diversity", {"pick": 2, "on": on}).judge(rows)
        assert [v.keep for v in verdicts] == (
            [True, True, False] if on == "prompt" else [True, False, True]
        )
        assert verdicts[2].nearest == nearest


def test_blank_rows_are_like_one_another() -> None:
    rows = rows_of(["", " ", "\n", "the sea is calm", "a red brick house"])
    verdicts = Diversity(3, by="k_centre").judge(rows)
    assert [verdict.keep for verdict in verdicts[3:]] == [True, True]
    assert sum(verdict.keep for verdict in verdicts[:3]) == 1
    assert {v.score for v in verdicts[:3] if not v.keep} == {1.0}


def test_no_rows_and_hostile_rows() -> None:
    judge = Diversity(2)
    judge.survey([])
    assert judge.judge([]) == []
    assert judge.told() == ""
    odd = rows_of(["\ud800", "\x00", "a" * 100_000, "\u202e"])
    assert sum(verdict.keep for verdict in Diversity(2).judge(odd)) == 2


def test_other_rows_than_were_surveyed_are_an_error() -> None:
    judge = Diversity(2)
    judge.survey(ROWS[:6])
    with pytest.raises(UserError, match="in another order"):
        judge.judge(ROWS[1:6])
    with pytest.raises(UserError, match="before the first judge"):
        judge.survey(ROWS[6:])


@pytest.mark.parametrize("pick", [0, -1, 1.0, 1.5, 0.0, "many", None])
def test_a_pick_that_makes_no_sense_is_told(pick: object) -> None:
    with pytest.raises(RecipeError, match="pick"):
        build("filters", "diversity", {"pick": pick})


def test_python_is_told_too() -> None:
    with pytest.raises(UserError, match=r"got 1\.5"):
        Diversity(1.5)
    with pytest.raises(ModelError, match="unknown encoder"):
        Diversity(1, vectors="nonesuch").survey(ROWS)
