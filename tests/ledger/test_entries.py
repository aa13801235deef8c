"""Keys and rows: equal requests have one key, for ever, and no answer is too odd to be stored."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.ledger import Answered, Failed, Keyer, Ledger, request_key
from limbeck.protocols import Reply, Request
from limbeck.record import Message, user
from tests.ledger.example import ASKED, WHO, put

TEXT = st.text(st.characters(codec=None), max_size=30)
CHANGED: dict[str, Any] = {
    "messages": (user("Capital of Spain?"),),
    "max_tokens": 257,
    "temperature": 0.1,
    "top_p": 0.9,
    "stop": ("\n",),
    "seed": 0,
    "index": 1,
    "template": "raw",
    "presence_penalty": 1.5,
    "fields": {"tools": [{"type": "function"}]},
    "top_logprobs": 5,
}
ELSEWHERE = {"endpoint": "é", "model": "模型 🙂", "extra": {"b": [1, 2.5, None], "ü": 1e-7}}

# Computed by the first release: whoever changes a key makes users pay again.
GOLDEN = [
    (WHO, Request((user("Capital of France?"),)), "2c764c79e2f84679bde27590a4fabadaeef2429d"),
    (
        WHO,
        Request((user("x"),), temperature=1e-7, top_p=1e22),
        "efb1a9a135e2004b0162c7181ae3a35189ec4ce7",
    ),
    (
        WHO,
        Request((user("x"),), temperature=0.1, top_p=0.30000000000000004),
        "a0ba005c5825b54b0f195ce4b5ebc36ad76f1b26",
    ),
    (
        WHO,
        Request((user("x"),), temperature=1, top_p=0, seed=-(2**70)),
        "911b075b96c5bc7a79f9a423a5722521caf678fa",
    ),
    (
        WHO,
        Request((user('"\\/\x00\x01\x1f\b\f\n\r\t</script>'),)),
        "ffbf686d8b93f0a7ac74f867954a6dab67e798da",
    ),
    (
        WHO,
        Request((user("a\ud800b\udfff"),), stop=("\ud800",)),
        "58acba1611ba2aafca5405f2ed6c586d9132a0f5",
    ),
    (
        {
            "endpoint": "é",
            "model": "模型 🙂",
            "extra": {"b": [1, 2.5, None, True], "a": {"ü": 1e-7}},
        },
        Request(
            (Message("system", "Sois bref. é"), user("法国的首都？ 🙂 \u2028\x7f")),
            64,
            0.7,
            0.95,
            ("\n", "。"),
            2**63 - 1,
            3,
        ),
        "3dc48cf33a0666de36bf149f1c6b022e045fc4a8",
    ),
    (
        {},
        Request((user(""), Message("assistant", "")), template="raw", index=10**6),
        "9a4b2612e513a40834089314e04c184f06d681fa",
    ),
]


@pytest.mark.parametrize(("who", "request_", "key"), GOLDEN)
def test_a_key_never_changes(who: dict[str, Any], request_: Request, key: str) -> None:
    assert request_key(who, request_) == key


@settings(max_examples=200)
@given(
    st.lists(TEXT, min_size=1, max_size=3),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.integers(),
    st.lists(TEXT, max_size=2),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 3),
    st.dictionaries(TEXT, TEXT | st.floats(allow_nan=False, allow_infinity=False), max_size=3),
)
def test_the_key_is_the_hash_of_json_as_python_writes_it(
    prompts: list[str],
    temperature: float,
    top_p: float,
    seed: int | None,
    stop: list[str],
    penalty: float,
    top: int,
    who: dict[str, Any],
) -> None:
    messages = tuple(map(user, prompts))
    request = Request(
        messages, 64, temperature, top_p, tuple(stop), seed, presence_penalty=penalty,
        top_logprobs=top,
    )  # fmt: skip
    form = asdict(request)
    form["messages"] = [{"role": "user", "content": prompt} for prompt in prompts]
    for name in ("presence_penalty", "top_logprobs", "fields"):
        if not form[name]:
            del form[name]  # keys made before there was one still hold
    text = json.dumps(
        {"teacher": who, "request": form},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    expected = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
    key, stored = Keyer(who)(request)
    assert key == expected
    stored.encode()  # SQLite takes it
    assert json.loads(stored) == json.loads(json.dumps(form))


def test_a_change_is_listed_for_every_field_of_a_request() -> None:
    assert set(CHANGED) == {field.name for field in fields(Request)}
    whole = replace(ASKED, presence_penalty=1.5, top_logprobs=5, fields=CHANGED["fields"])
    assert set(whole.to_json()) == set(CHANGED) - {"fields"} | {"tools"}
    later = {"presence_penalty", "top_logprobs", "fields"}  # old ledgers keep their keys
    assert set(CHANGED) - set(ASKED.to_json()) == later


@pytest.mark.parametrize("field", sorted(CHANGED))
def test_every_field_of_the_request_changes_the_key(field: str) -> None:
    assert request_key(WHO, replace(ASKED, **{field: CHANGED[field]})) != request_key(WHO, ASKED)


@pytest.mark.parametrize(
    "messages",
    [
        (Message("assistant", "Capital of France?"),),
        (Message("system", "Be brief."), user("Capital of France?")),
        (user("Capital of France? "),),
        (user("Capital of"), user("France?")),
    ],
)
def test_every_part_of_the_messages_changes_the_key(messages: tuple[Message, ...]) -> None:
    assert request_key(WHO, replace(ASKED, messages=messages)) != request_key(WHO, ASKED)


@pytest.mark.parametrize(
    "who", [WHO | {"model": "n"}, WHO | {"endpoint": "http://localhost/v1"}, WHO | {"dtype": "f4"}]
)
def test_what_answers_changes_the_key(who: dict[str, str]) -> None:
    assert request_key(who, ASKED) != request_key(WHO, ASKED)


def test_equal_requests_have_one_key_however_they_were_written() -> None:
    turned = dict(reversed(WHO.items()))
    assert request_key(turned, replace(ASKED, temperature=0, top_p=1)) == request_key(WHO, ASKED)


def test_a_number_that_json_has_no_form_for_is_refused() -> None:
    for odd in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            request_key(WHO, replace(ASKED, temperature=odd))


@pytest.mark.parametrize("asked", [ASKED, replace(ASKED, stop=("\ud800", "é 🙂"))])
def test_a_row_is_the_same_from_objects_and_from_a_keyers_json(asked: Request) -> None:
    keyer = Keyer(ELSEWHERE)
    key, text = keyer(asked)
    for kind, rest in ((Answered, (Reply("巴黎"),)), (Failed, ("timeout", "late"))):
        slow = kind(key, ELSEWHERE, asked, *rest).row()
        fast = kind(key, keyer.teacher, text, *rest).row()
        assert slow[:3] == fast[:3]
    assert json.loads(fast[1]) == ELSEWHERE
    assert json.loads(fast[2]) == json.loads(json.dumps(asked.to_json()))


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        (
            {"logprob": float("nan"), "top": [float("-inf"), 1.5]},
            {"logprob": None, "top": [None, 1.5]},
        ),
        ({"text": "\ud800", "logprob": float("inf")}, {"text": "\ud800", "logprob": None}),
        ({"n": 2**80, "m": [float("nan")]}, {"n": 2**80, "m": [None]}),
        ({"é": {"🙂": [1, 0.1, 1e-300, True, None]}}, {"é": {"🙂": [1, 0.1, 1e-300, True, None]}}),
    ],
)
def test_a_body_that_is_no_strict_json_is_stored_as_json(
    tmp_path: Path, raw: dict[str, Any], stored: dict[str, Any]
) -> None:
    put(tmp_path / "l", Answered("k", WHO, ASKED, Reply("x", raw=raw)))
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.get("k") == Reply("x", key="k", raw=stored)
        ((text,),) = ledger._read("SELECT reply FROM replies")
    assert "NaN" not in text
    assert "Infinity" not in text


def test_an_answer_that_json_cannot_hold_is_the_callers_error(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        with pytest.raises(TypeError):
            asyncio.run(ledger.put(Answered("k", WHO, ASKED, Reply("x", raw={"a": object()}))))
        assert ledger.counts() == (0, 0)
