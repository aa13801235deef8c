"""Record filter `pii`: what it refuses, what it keeps masked, and what a mask leaves alone."""

from __future__ import annotations

import pickle
from typing import Any, Literal

import pytest

from limbeck.errors import RecipeError
from limbeck.filters.pii import Pii
from limbeck.protocols import Filter
from limbeck.record import Message, Provenance, Record, Verdict, user
from limbeck.registry import build

MAIL, PHONE = "ida@posta.hu", "617-248-9071"


def row(prompt: str, completion: str, target: str | None = None, **meta: Any) -> Record:
    return Record((user(prompt),), completion, Provenance("test"), target, meta)


def test_a_clean_row_stays_and_others_name_their_kind() -> None:
    rows = [row("Hi", "Hello"), row("Hi", f"Ask {MAIL}"), row(f"Call {PHONE}", f"{MAIL} {MAIL}")]
    assert Pii().judge(rows) == [
        Verdict(rows[0].id, "pii", True, 0.0, ""),
        Verdict(rows[1].id, "pii", False, 1.0, "email"),
        Verdict(rows[2].id, "pii", False, 3.0, "email"),
    ]
    assert isinstance(Pii(), Filter)
    assert Pii.stateless


def test_the_reason_is_the_first_of_the_kinds_that_were_asked_for() -> None:
    both = row(f"Call {PHONE}", f"Ask {MAIL}")
    assert Pii(kinds=("phone", "email")).judge([both])[0].reason == "phone"
    only = Pii(kinds=("phone",)).judge([both, row("", MAIL)])
    assert [(v.reason, v.score, v.keep) for v in only] == [("phone", 1.0, False), ("", 0.0, True)]


@pytest.mark.parametrize(
    ("on", "kept"),
    [("pair", [False, False]), ("prompt", [False, True]), ("completion", [True, False])],
)
def test_on_says_what_is_looked_at(
    on: Literal["pair", "completion", "prompt"], kept: list[bool]
) -> None:
    rows = [row(MAIL, "x"), row("x", MAIL)]
    assert [verdict.keep for verdict in Pii(on=on).judge(rows)] == kept


def test_system_turns_targets_and_meta_are_looked_at_too() -> None:
    rows = [
        Record((Message("system", MAIL), user("x")), "y", Provenance("test")),
        row("x", "y", MAIL),
        row("x", "y", rationale=f"since {MAIL}"),
        row("x", "y", label_distribution={MAIL: 0.5, "no": 0.5}),
        row("x", "y", task=MAIL),
    ]
    assert [verdict.keep for verdict in Pii().judge(rows)] == [False, False, False, False, True]


def test_a_masked_row_stays_with_one_placeholder_a_value() -> None:
    record = row(
        f"Who is {MAIL}?",
        f"Ida@posta.hu is Ida, {PHONE}; Ole is ole@posta.hu.",
        MAIL,
        rationale=f"{PHONE} is hers",
        options=[MAIL, "none"],
        label_distribution={MAIL: 0.9, "none": 0.1},
        task="names",
        pass_rate=0.5,
    )
    judge = Pii(mask=True)
    assert judge.judge([record]) == [Verdict(record.id, "pii", True, 8.0, "masked")]
    changed = judge.changed(record)
    assert (changed.id, changed.provenance) == (record.id, record.provenance)
    assert changed.to_json() | {"id": "", "provenance": {}} == {
        "id": "",
        "messages": [{"role": "user", "content": "Who is [EMAIL_1]?"}],
        "completion": "[EMAIL_1] is Ida, [PHONE_1]; Ole is [EMAIL_2].",
        "target": "[EMAIL_1]",
        "provenance": {},
        "meta": {
            "rationale": "[PHONE_1] is hers",
            "options": ["[EMAIL_1]", "none"],
            "label_distribution": {"[EMAIL_1]": 0.9, "none": 0.1},
            "task": "names",
            "pass_rate": 0.5,
        },
    }
    assert judge.judge([changed])[0].reason == ""


@pytest.mark.parametrize("on", ["prompt", "completion"])
def test_a_mask_stays_in_its_part(on: Literal["prompt", "completion"]) -> None:
    record = row(MAIL, PHONE, PHONE, input=MAIL, rationale=PHONE)
    changed = Pii(mask=True, on=on).changed(record)
    prompt = "[EMAIL_1]" if on == "prompt" else MAIL
    completion = "[PHONE_1]" if on == "completion" else PHONE
    assert (changed.prompt, changed.meta["input"]) == (prompt, prompt)
    parts = (changed.completion, changed.target, changed.meta["rationale"])
    assert parts == (completion,) * 3


def test_log_probabilities_that_spell_out_what_is_masked_go() -> None:
    spelled = [{"token": "ida@"}, {"token": "posta.hu"}]
    judge = Pii(mask=True)
    assert "logprobs" not in judge.changed(row("x", MAIL, logprobs=spelled)).meta
    assert "logprobs" in judge.changed(row(MAIL, "clean", logprobs=spelled)).meta


def test_a_clean_row_is_handed_on_as_it_is() -> None:
    record = row("x", "y")
    assert Pii(mask=True).changed(record) is record
    dirty = row(MAIL, "y")
    assert Pii().changed(dirty) is dirty


def test_copies_in_other_processes_judge_alike() -> None:
    judge = pickle.loads(pickle.dumps(Pii(mask=True, kinds=("email",))))
    assert judge.judge([row("x", MAIL)])[0].reason == "masked"


def test_a_recipe_can_set_its_options_and_a_wrong_kind_is_told() -> None:
    assert build("filters", "pii", {"mask": True, "kinds": ["email"]}) == Pii(True, ("email",))
    with pytest.raises(RecipeError, match=r"kinds\.0"):
        build("filters", "pii", {"kinds": ["names"]})


def test_calls_of_tools_and_reasoning_are_looked_at_and_masked() -> None:
    def call(to: str) -> dict[str, Any]:
        told = {"name": "mail", "arguments": f'{{"to": "{to}", "n": 3}}'}
        return {"id": "a@b.de", "type": "function", "function": told}

    mail, name = "zoë@bücher.de", "[EMAIL_1]"
    said = Message("assistant", "", tool_calls=(call(mail),), reasoning=f"An {mail}?")
    turns = (user("x"), said, Message("tool", "ok", tool_call_id="a@b.de"))
    meta = {"tool_calls": [call(mail)], "reasoning": f"Écrire à {mail}"}
    for on, before, after in (("prompt", name, mail), ("completion", mail, name)):
        record = Record(turns, "", Provenance("test"), meta=meta)
        judge = Pii(mask=True, on=on)  # type: ignore[arg-type]
        changed = judge.changed(record)
        assert changed.messages[1].tool_calls == (call(before),)
        assert changed.messages[1].reasoning == f"An {before}?"
        assert changed.messages[2].tool_call_id == "a@b.de"
        assert changed.answer.tool_calls == (call(after),)
        assert changed.answer.reasoning == f"Écrire à {after}"
        assert judge.judge([record])[0].score == 2
