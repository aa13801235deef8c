"""self_instruct: the same replies give the same dataset, whatever the timing; every style."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.generators.self_instruct import SelfInstruct
from limbeck.protocols import Generator, Reply, Request
from limbeck.record import Provenance, Record, user
from tests.generators.self_instruct.scribe import Scribe, run, seeds, text_of

STYLES = ["self_instruct", "alpaca", "evolve", "magpie"]
FORMS = ["base", "chat"]


@pytest.mark.parametrize(
    ("style", "form"),
    [(style, form) for style in STYLES for form in FORMS if (style, form) != ("magpie", "base")],
)
def test_timing_and_width_change_nothing(style: str, form: str) -> None:
    options: dict[str, Any] = {"style": style, "form": form, "instructions": 30}
    first = text_of(run(Scribe(), width=1, **options))
    for chance, width in ((1, 2), (2, 7), (3, 64)):
        teacher = Scribe(turns=9, chance=chance)
        assert text_of(run(teacher, width=width, **options)) == first
    assert text_of(run(Scribe(), seed=1, **options)) != first


@pytest.mark.parametrize("style", STYLES)
def test_it_makes_what_was_wanted_and_asks_little_more(style: str) -> None:
    teacher = Scribe(turns=3)
    out = run(teacher, style=style, instructions=24, form="chat")
    kept = [record for record, verdict in out.drafts if verdict.keep]
    assert len(kept) == out.funnel["instructions kept"] == 24
    assert out.funnel["rows"] == len(out.records)
    assert {record.meta["instruction"] for record in out.records} <= {r.prompt for r in kept}
    assert len({record.id for record in out.records}) == len(out.records)
    # What was asked in vain at the end is little, and no part of the result.
    assert len(out.replies) <= len(teacher.asked) <= len(out.replies) + 3


def test_every_row_can_be_followed_back_to_its_seeds() -> None:
    teacher = Scribe()
    out = run(teacher)
    keys = {reply.key for reply in out.replies}
    drafts = {record.id: record for record, _ in out.drafts}
    known = {seed.id for seed in seeds()} | set(drafts)
    for record in out.records:
        [parent] = record.provenance.parents
        made = drafts[parent]
        assert made.prompt == record.meta["instruction"]
        assert record.provenance.request in keys
        assert made.provenance.request in keys
        assert len(made.provenance.parents) == 8
        assert set(made.provenance.parents) <= known
        assert record.provenance.teacher == "fake:scribe"
        assert record.provenance.generator == "self_instruct"
    versions = Counter(record.provenance.prompt_version for record in out.records)
    assert set(versions) == {
        "self_instruct_output_first_chat.v1",
        "self_instruct_input_first_chat.v1",
    }
    assert {record.meta["task"] for record in out.records} == {"classification", "generation"}


def test_accents_chinese_and_emoji_reach_the_rows_as_they_are() -> None:
    rows = run(Scribe(), form="base", instructions=60).records
    text = "".join(record.meta["instruction"] + record.completion for record in rows)
    assert all(piece in text for piece in ("à la manière de", "解释", "🙂", "诗歌", "Décris"))


@pytest.mark.parametrize("form", FORMS)
def test_a_prompt_shows_six_seeds_and_two_machine_made_ones_that_it_may_see(form: str) -> None:
    teacher = Scribe(turns=5)
    out = run(teacher, form=form, instructions=40, lookahead=3, width=8)
    kept = {record.id for record, verdict in out.drafts if verdict.keep}
    made_by: dict[str, str] = {r.id: r.provenance.request for r, v in out.drafts if v.keep}
    calls: dict[str, int] = {}
    parents: dict[int, tuple[str, ...]] = {}
    for record, _ in out.drafts:
        number = calls.setdefault(record.provenance.request, len(calls))
        parents[number] = record.provenance.parents
    for number, shown in parents.items():
        machine = [parent for parent in shown if parent in kept]
        assert len(shown) == len(set(shown)) == 8
        assert len(machine) == (0 if number < 3 else 2)
        assert all(calls[made_by[parent]] <= number - 3 for parent in machine)
    assert len(parents) > 6


def test_a_seed_prompt_is_squeezed_to_one_line_and_keeps_its_colon_unless_published() -> None:
    given = [
        Record((user(f"Do  this\nnow {n}: "),), "", Provenance("seed"), id=f"s{n}")
        for n in range(8)
    ]
    for preset, line in (("fixed", "Do this now 3:\n"), ("reference", "Do this now 3\n")):
        teacher = Scribe()
        run(teacher, given, form="base", preset=preset, instructions=1)
        assert line in teacher.prompts("instructions")[0]


def test_a_reply_that_cannot_be_read_is_asked_once_more() -> None:
    def prose(request: Request, stage: str) -> Reply | None:
        return Reply("I think so, maybe.") if request.index == 0 else None

    teacher = Scribe(prose)
    out = run(teacher)
    assert out.funnel["replies not read"] == 0  # the second try was read
    assert len(out.records) > 20
    assert Counter(request.index for _, request in teacher.asked).keys() == {0, 1}
    seeds_of = {request.seed for _, request in teacher.asked}
    assert len(seeds_of) > len(teacher.asked) / 2  # a second try is a new draw


def test_what_cannot_be_read_twice_is_set_aside_and_is_not_no() -> None:
    def never(request: Request, stage: str) -> Reply | None:
        return Reply("Hmm, perhaps.") if stage == "classify" else None

    teacher = Scribe(never)
    out = run(teacher, instructions=5)
    asked = [request for stage, request in teacher.asked if stage == "classify"]
    assert Counter(request.index for request in asked) == {0: 5, 1: 5}
    assert {request.temperature for request in asked} == {0.0, 0.7}  # a greedy reply comes again
    assert out.records == []
    assert out.funnel["refused: unclear whether classification"] == 5
    aside = [(record, verdict) for record, verdict in out.drafts if verdict.reason == "unread"]
    assert [record.completion for record, _ in aside] == ["Hmm, perhaps."] * 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rounds": 2}, "rounds does nothing in style self_instruct; leave it out"),
        ({"machine": 3, "style": "alpaca"}, "machine does nothing in style alpaca"),
        (
            {"classification": True, "style": "evolve"},
            "classification does nothing in style evolve",
        ),
        ({"system": "x", "style": "alpaca"}, r"system does nothing .* \(it is for magpie\)"),
        ({"style": "magpie", "form": "base"}, "style magpie has no form base"),
        ({"style": "evolve", "preset": "reference"}, "reference has no style evolve"),
    ],
)
def test_options_that_would_do_nothing_are_told(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SelfInstruct(**options)


def test_what_is_missing_is_told() -> None:
    with pytest.raises(UserError, match="new_pool=RougePool"):
        run(Scribe(), new_pool=None)
    plain = [Record((user(f"Prompt {n}"),), "", Provenance("seed")) for n in range(9)]
    with pytest.raises(UserError, match="needs seeds that say is_classification: true"):
        run(Scribe(), plain, classification=True)
    assert isinstance(SelfInstruct(), Generator)


def test_classification_shows_seeds_of_classification_alone_and_says_so() -> None:
    teacher = Scribe()
    out = run(teacher, form="base", classification=True, instructions=6)
    seeds_shown = {
        parent for r, _ in out.drafts for parent in r.provenance.parents if parent[:4] == "seed"
    }
    assert seeds_shown == {f"seed {n}" for n in (0, 3, 6, 9)}
    assert "varied classification tasks" in teacher.prompts("instructions")[0]
    plain = Scribe()
    run(plain, form="base", instructions=6)
    assert "classification" not in plain.prompts("instructions")[0]


def test_the_recipes_seed_decides_what_is_shown_and_in_which_order() -> None:
    prompts = []
    for seed in (0, 1):
        teacher = Scribe()
        run(teacher, form="base", instructions=1, seed=seed)
        prompts.append(teacher.prompts("instructions")[0])
    assert prompts[0] != prompts[1]
    shown = [line.split("Seed")[1].split()[0] for line in prompts[0].splitlines() if "Seed" in line]
    assert shown != sorted(shown, key=int)


def test_the_published_code_sends_five_prompts_at_a_time() -> None:
    def first_with_machine_made(**options: Any) -> int:
        out = run(Scribe(), form="base", instructions=60, **options)
        kept = {record.id for record, verdict in out.drafts if verdict.keep}
        calls: dict[str, int] = {}
        for record, _ in out.drafts:
            number = calls.setdefault(record.provenance.request, len(calls))
            if kept & set(record.provenance.parents):
                return number
        return -1

    assert first_with_machine_made(preset="reference") == 5
    assert first_with_machine_made() == 16
