"""The vote of the nearest demos."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.demos import KnnVote, NearTexts
from limbeck.errors import UserError
from tests.demos.pools import Given, angles, demo, pool_of

# Cosines with q: 1, 0.5, 0.5, 0, -1; labels good, bad, bad, good, 差.
ENCODER = angles(a=0, b=60, c=-60, d=90, e=180, q=0)
POOL = [
    demo(f"d{n}", text, output)
    for n, (text, output) in enumerate(
        zip("abcde", ("good", "bad", "bad", "good", "差"), strict=True)
    )
]


@pytest.mark.parametrize(
    ("k", "weighted", "label", "shares"),
    [
        (1, True, "good", {"good": 1, "bad": 0, "差": 0}),
        (2, True, "good", {"good": 2 / 3, "bad": 1 / 3, "差": 0}),
        (2, False, "good", {"good": 1 / 2, "bad": 1 / 2, "差": 0}),  # equal: the nearest wins
        (3, True, "good", {"good": 1 / 2, "bad": 1 / 2, "差": 0}),
        (3, False, "bad", {"good": 1 / 3, "bad": 2 / 3, "差": 0}),
        (9, True, "good", {"good": 1 / 2, "bad": 1 / 2, "差": 0}),  # -1 weighs nothing
        (9, False, "good", {"good": 2 / 5, "bad": 2 / 5, "差": 1 / 5}),
    ],
)
def test_votes(k: int, weighted: bool, label: str, shares: dict[str, float]) -> None:
    vote = KnnVote(POOL, k, encoder=ENCODER, weighted=weighted).vote("q")
    assert vote.label == label
    assert vote.shares == pytest.approx(shares, abs=1e-6)
    assert list(vote.shares) == ["good", "bad", "差"]
    assert vote.ids == ("d0", "d1", "d2", "d3", "d4")[:k]


def test_votes_that_all_weigh_nothing_are_counted() -> None:
    vote = KnnVote(POOL[3:], encoder=ENCODER).vote("q")
    assert (vote.label, vote.shares) == ("good", {"good": 0.5, "bad": 0.0, "差": 0.5})


def test_the_query_and_its_copies_do_not_vote() -> None:
    pool = [
        demo("a", "The film was good!", "good"),
        demo("b", "the film was good", "good"),
        demo("c", "the film was dull", "bad"),
    ]
    query = "the film was good"
    for by in ("dense", "bm25"):
        one = KnnVote(pool, by=by)
        assert one.vote(query).label == "good"
        vote = one.vote(query, NearTexts(pool).of(query))
        assert (vote.label, vote.ids) == ("bad", ("c",))
        with pytest.raises(UserError, match="no demo is left to vote on 'the film was good'"):
            one.vote(query, ["a", "b", "c"])


def test_bm25_weighs_by_its_scores() -> None:
    pool = [demo("a", "猫 猫 狗", "good"), demo("b", "猫", "bad"), demo("c", "鸟", "差")]
    vote = KnnVote(pool, by="bm25").vote("狗")
    assert vote.shares == {"good": 1.0, "bad": 0.0, "差": 0.0}


def test_without_options_outputs_are_labels_as_they_are_met() -> None:
    pool = [demo("a", "x", "yes", ()), demo("b", "y", "no", ()), demo("c", "z", "yes", ())]
    encoder = Given({text: (1, 0) for text in "xyzq"})
    assert list(KnnVote(pool, encoder=encoder).vote("q").shares) == ["yes", "no"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"k": 0}, "1 neighbour at least, got 0"),
        ({"by": "mmr"}, "dense or bm25, got 'mmr'"),
        ({"by": "bm25", "encoder": ENCODER}, "need no encoder"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        KnnVote(pool_of("a"), **options)


def test_options_that_differ_have_no_common_vote() -> None:
    pool = [demo("a", "x", "1", ("1", "2")), demo("b", "x", "3", ("3", "4"))]
    with pytest.raises(UserError, match="'a' and 'b' have different options"):
        KnnVote(pool)
