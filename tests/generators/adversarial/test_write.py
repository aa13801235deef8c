"""New instructions by the teacher: from which, how many calls, and who is taken."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from limbeck.errors import AskTimeout, AuthError
from limbeck.generators.adversarial.sources import Source
from limbeck.protocols import Reply, Request
from limbeck.record import content_hash
from limbeck.seeds import seeds_of
from limbeck.testing import Collected
from tests.generators.adversarial.writing import is_hard, saying, source, sources, write
from tests.generators.self_instruct.scribe import Scribe, text_of


def half(request: Request, stage: str) -> Reply | Exception | None:
    """Something else than an instruction for many of the requests, from these alone."""
    if "Seed2 " in request.messages[0].content:
        return Reply("I'm sorry, I can't do that.")
    draw = random.Random(content_hash(request.to_json())).randrange(8)
    said = {
        0: "Sing.",
        1: "Draw a picture of a cat now.",
        2: "The new prompt is about cats too.",
        3: "Name the same three rivers of Europe.",
    }
    if draw == 4:
        return AskTimeout("slow")
    return Reply(said[draw]) if draw in said else None


def kinds(out: Collected) -> Counter[str]:
    return Counter(record.provenance.prompt_version for record in out.records)


def test_as_many_of_each_kind_as_wanted() -> None:
    out = write(Scribe(), hard=5, easy=2)
    assert kinds(out) == {"adversarial_hard.v1": 5, "adversarial_easy.v1": 2}
    assert out.said == []
    assert out.funnel["hard: calls for instructions"] == 5
    assert out.funnel["easy: instructions kept"] == 2


def test_a_record_is_a_seed_that_says_where_it_is_from() -> None:
    out = write(Scribe(), hard=2, easy=2)
    by_id = {one.seed.id: one for one in sources()}
    keys = {reply.key for reply in out.replies}
    for record in out.records:
        [parent] = record.provenance.parents
        assert record.provenance.prompt_version == f"adversarial_{by_id[parent].kind}.v1"
        assert record.provenance.generator == "adversarial"
        assert record.provenance.teacher == "fake:scribe"
        assert record.provenance.request in keys
        assert (record.completion, record.target) == ("", None)
        assert record.meta == {
            "instruction": record.prompt,
            "input": "",
            "task": by_id[parent].seed.meta["task"],
        }


def test_the_template_of_the_source_is_not_carried_and_its_family_is() -> None:
    [seed] = seeds_of(
        {"prompt": "What is two and two?", "target": "4", "task": "sums", "kind": "number",
         "family": "plus", "template": "sums/plus/two"}
    )  # fmt: skip
    [record] = write(Scribe(), [source(seed)], hard=1, easy=0).records
    assert set(record.meta) == {"instruction", "input", "task", "family"}
    assert (record.meta["task"], record.meta["family"]) == ("sums", "plus")


def test_ids_are_those_of_seeds() -> None:
    for record in write(Scribe(), hard=5, easy=5).records:
        [seed] = seeds_of({"instruction": record.prompt, "input": ""})
        assert (seed.id, seed.messages) == (record.id, record.messages)
        assert next(seeds_of({"prompt": record.prompt})).id == record.id


def test_hard_and_easy_ones_are_new_beside_each_other() -> None:
    def alike(request: Request) -> str:
        word = "hard" if is_hard(request) else "easy"
        return f"Name the five longest rivers of Asia and their {word} mouths."

    out = write(saying(alike), hard=1, easy=1, stall_calls=2)
    assert kinds(out) == {"adversarial_hard.v1": 1}
    [kept] = [draft for draft, verdict in out.drafts if verdict.keep]
    near = [verdict for draft, verdict in out.drafts if not verdict.keep]
    assert near
    assert all((one.reason, one.nearest) == ("similar", kept.id) for one in near)


@pytest.mark.parametrize("given", ["", "\n\nSeine, Loire, Garonne, Rhône, Meuse and Rhine"])
def test_what_is_known_is_not_new_with_its_input_neither(given: str) -> None:
    [seed] = seeds_of({"instruction": "Sort the five rivers.", "input": given.strip()})
    out = write(
        saying(f"Sort the five rivers.{given}"), [source(seed)], hard=1, easy=0, stall_calls=1
    )
    assert out.records == []
    assert out.funnel["refused instructions: similar"] == 1


def test_the_result_is_the_same_for_every_width_and_order_of_replies() -> None:
    options: dict[str, Any] = {"hard": 12, "easy": 9, "weight": "gap", "stall_calls": 200}
    expected = text_of(write(Scribe(half), width=1, **options))
    for width, chance in ((16, 0), (16, 1), (3, 2), (40, 3)):
        out = write(Scribe(half, turns=9, chance=chance), width=width, **options)
        assert text_of(out) == expected
        assert kinds(out) == {"adversarial_hard.v1": 12, "adversarial_easy.v1": 9}


@pytest.mark.parametrize("width", [1, 16])
def test_no_call_is_asked_in_vain(width: int) -> None:
    """Each call is one that was kept or one that was not to be used."""
    teacher = Scribe(half, turns=5)
    out = write(teacher, hard=12, easy=9, width=width, stall_calls=200)
    calls = Counter((request.messages, request.seed) for _, request in teacher.asked)
    asked = out.funnel["hard: calls for instructions"] + out.funnel["easy: calls for instructions"]
    refused = sum(not verdict.keep for _, verdict in out.drafts)
    unread = sum(n for line, n in out.funnel.items() if line.endswith("replies not read"))
    assert len(out.records) == 21
    assert asked == 21 + refused + unread + len(out.failures)
    assert refused > 0
    assert unread > 0
    assert out.failures
    assert len(teacher.asked) == len(out.replies) + len(out.failures)
    assert max(calls.values()) == 1


def test_never_more_under_way_than_are_wanted() -> None:
    under_way, most = 0, 0

    class Counting(Scribe):
        async def ask(self, request: Request, /) -> Reply:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            try:
                return await super().ask(request)
            finally:
                under_way -= 1

    teacher = Counting(turns=6)
    write(teacher, hard=2, easy=1, width=16)
    assert len(teacher.asked) == most == 3


def test_a_kind_without_sources_is_told() -> None:
    out = write(Scribe(), sources(0, 3), hard=4, easy=1)
    assert kinds(out) == {"adversarial_easy.v1": 5}
    assert out.said == ["no question was hard: all 5 new instructions are made from easy ones"]
    assert kinds(write(Scribe(), sources(3, 0))) == {"adversarial_hard.v1": 8}


def test_without_sources_nobody_is_asked() -> None:
    teacher = Scribe()
    out = write(teacher, [], hard=4, easy=1)
    assert (out.records, teacher.asked) == ([], [])
    assert "no question could be scored" in out.said[0]


@pytest.mark.parametrize("width", [1, 16])
def test_a_kind_that_stalls_ends_and_the_other_goes_on(width: int) -> None:
    def reply(request: Request, stage: str) -> Reply | None:
        return Reply("Sing.") if is_hard(request) else None

    out = write(Scribe(reply, turns=3), hard=10, easy=10, stall_calls=4, width=width)
    assert kinds(out) == {"adversarial_easy.v1": 10}
    assert out.funnel["hard: calls for instructions"] == 4
    [said] = out.said
    assert said.startswith("stopped at 0 of 10 instructions from hard ones: of the 4 instructions")
    assert "refused: 4 too_short" in said


def test_calls_that_all_fail_end_it() -> None:
    out = write(Scribe(lambda request, stage: AskTimeout("slow")), stall_calls=3)
    assert out.records == []
    assert len(out.failures) == 6  # three of each kind
    assert all("the last 3 calls all failed (3 timeout)" in said for said in out.said)


def test_what_stops_every_row_is_raised() -> None:
    with pytest.raises(AuthError):
        write(Scribe(lambda request, stage: AuthError("no key")))


def test_what_the_guard_refuses_is_a_draft_with_its_verdict() -> None:
    def refuse(text: str) -> str | None:
        return "dates/7" if "rivers" in text else None

    out = write(Scribe(), hard=20, easy=20, refuse=refuse, stall_calls=200)
    assert len(out.records) == 40
    assert not any("rivers" in record.prompt for record in out.records)
    held = [(draft, v) for draft, v in out.drafts if v.reason.startswith("held_out")]
    assert held
    assert all(v.reason == "held_out: dates/7" and not v.keep for _, v in held)
    assert all("rivers" in draft.prompt and v.record == draft.id for draft, v in held)
    assert out.funnel["refused instructions: held_out"] == len(held)


def test_what_was_refused_does_not_stand_in_the_way() -> None:
    """What the guard refuses is no part of the pool: a near one that it lets pass is new."""
    texts = iter(
        ["Name the longest rivers of Asia now.", "Name the longest rivers of Asia, please."]
    )
    out = write(
        saying(lambda request: next(texts)),
        hard=1,
        easy=0,
        refuse=lambda text: "x" if "now" in text else None,
    )
    assert [record.prompt[-7:] for record in out.records] == ["please."]


def test_gap_starts_more_calls_from_what_was_worse() -> None:
    given = [Source(one.seed, "hard", gap) for gap, one in zip((1, 8), sources(2, 0), strict=True)]
    out = write(Scribe(), given, hard=60, easy=0, weight="gap", stall_calls=200)
    parents = Counter(record.provenance.parents[0] for record in out.records)
    assert parents["seed 1"] > 3 * parents["seed 0"] > 0
    even = write(Scribe(), given, hard=60, easy=0, stall_calls=200)
    parents = Counter(record.provenance.parents[0] for record in even.records)
    assert abs(parents["seed 1"] - parents["seed 0"]) < 10
