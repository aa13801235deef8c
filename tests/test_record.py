"""Rows: frozen, JSON in and out without loss, ids that are hashes of content."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.record import (
    META_KEYS,
    Message,
    Provenance,
    Record,
    Verdict,
    canonical_json,
    content_hash,
    messages_json,
    to_messages,
    user,
)

TEXT = st.text(st.characters(codec=None), max_size=40)  # lone surrogates too
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXT),
    min_size=1,
    max_size=4,
).map(tuple)
PROVENANCE = st.builds(
    Provenance,
    generator=TEXT,
    teacher=TEXT,
    prompt_version=TEXT,
    request=TEXT,
    index=st.integers(0, 99),
    parents=st.lists(TEXT, max_size=3).map(tuple),
    template=st.sampled_from(["chat", "raw"]),
)
RECORDS = st.builds(
    Record,
    messages=MESSAGES,
    completion=TEXT,
    provenance=PROVENANCE,
    target=st.none() | TEXT,
    meta=st.dictionaries(st.sampled_from(sorted(META_KEYS)), JSON, max_size=3),
)


def plain(**changes: Any) -> Record:
    fields: dict[str, Any] = {
        "messages": (user("Capital of France?"),),
        "completion": "Paris",
        "provenance": Provenance("test"),
    }
    return Record(**(fields | changes))


@given(RECORDS)
def test_a_record_survives_json_text(record: Record) -> None:
    again = Record.from_json(json.loads(json.dumps(record.to_json(), allow_nan=False)))
    assert again == record
    assert again.id == record.id
    assert again.to_json() == record.to_json()
    assert hash(again) == hash(record)


@given(RECORDS)
def test_a_record_survives_pickle_and_deepcopy(record: Record) -> None:
    assert pickle.loads(pickle.dumps(record)) == record
    assert copy.deepcopy(record) == record


def test_the_id_is_blake2b_of_inputs_and_provenance() -> None:
    record = plain(messages=(user("é"),), provenance=Provenance("g", "t", "v1", "k", 2, ("p",)))
    text = (
        '{"messages":[{"content":"é","role":"user"}],"provenance":{"generator":"g","index":2,'
        '"parents":["p"],"prompt_version":"v1","request":"k","teacher":"t","template":"chat"},'
        '"target":null}'
    )
    assert record.id == hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"messages": (user("Capital of Spain?"),)},
        {"messages": (Message("system", "Be brief."), user("Capital of France?"))},
        {"target": "Paris"},
        {"provenance": Provenance("other")},
        {"provenance": Provenance("test", teacher="t")},
        {"provenance": Provenance("test", prompt_version="v2")},
        {"provenance": Provenance("test", request="k")},
        {"provenance": Provenance("test", index=1)},
        {"provenance": Provenance("test", parents=("a",))},
        {"provenance": Provenance("test", template="raw")},
    ],
)
def test_every_input_changes_the_id(change: dict[str, Any]) -> None:
    assert plain(**change).id != plain().id


def test_what_came_out_does_not_change_the_id() -> None:
    assert plain(completion="Lyon", meta={"finish_reason": "stop"}).id == plain().id


def test_records_with_the_same_id_and_another_completion_differ() -> None:
    assert plain(completion="Lyon") != plain()
    assert plain() != "Paris"


def test_a_given_id_stays() -> None:
    record = plain(id="mine")
    assert record.id == "mine"
    assert Record.from_json(record.to_json()).id == "mine"
    assert {record: 1}[plain(id="mine")] == 1


@pytest.mark.parametrize("field", ["messages", "completion", "meta", "id", "target"])
def test_a_record_is_frozen(field: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(plain(), field, "x")


def test_meta_is_read_only_to_its_depths_and_no_alias_of_what_was_given() -> None:
    given_meta: dict[str, Any] = {"options": ["a", "b"], "usage": {"prompt_tokens": 1}}
    record = plain(meta=given_meta)
    given_meta["options"].append("c")
    given_meta["usage"]["prompt_tokens"] = 9
    assert record.to_json()["meta"] == {"options": ["a", "b"], "usage": {"prompt_tokens": 1}}
    with pytest.raises(TypeError):
        record.meta["task"] = "x"  # type: ignore[index]
    with pytest.raises(TypeError):
        record.meta["usage"]["prompt_tokens"] = 2
    with pytest.raises(AttributeError):
        record.meta["options"].append("c")


def test_to_json_gives_a_copy() -> None:
    record = plain(meta={"options": ["a"]})
    record.to_json()["meta"]["options"].append("b")
    assert record.to_json()["meta"] == {"options": ["a"]}


def test_the_meta_keys_are_the_documented_ones() -> None:
    assert frozenset(
        ["task", "kind", "template", "family", "instruction", "input", "rationale", "answer",
         "answered", "answer_text", "answer_finish_reason", "check", "pass_rate", "paths",
         "options", "demos", "demo_scores", "label_distribution", "similar",
         "finish_reason", "usage", "logprobs", "reasoning", "tool_calls",
         "target_reasoning", "target_tool_calls",
         "tools", "tool_choice", "parallel_tool_calls", "response_format"]
    ) == META_KEYS  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"messages": ()}, "at least one message"),
        ({"meta": {"rationnale": "x"}}, "unknown meta key 'rationnale'; the keys are answer"),
        ({"meta": ["task"]}, "meta must be a mapping, got list"),
        ({"meta": {"usage": float("nan")}}, "meta holds JSON only, got nan"),
        ({"meta": {"usage": {"x": [float("inf")]}}}, "meta holds JSON only, got inf"),
        ({"meta": {"usage": {1, 2}}}, "meta holds JSON only"),
        ({"meta": {"answer": b"x"}}, "meta holds JSON only"),
        ({"completion": None}, "completion must be text, got NoneType"),
        ({"completion": 3}, "completion must be text, got int"),
        ({"target": 3}, "target must be text or None, got int"),
        ({"id": 3}, "id must be text, got int"),
    ],
)
def test_what_is_no_record_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plain(**change)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"messages": [], "completion": "", "provenance": {"generator": "g"}},
        {"messages": None, "completion": "", "provenance": {"generator": "g"}},
        {"messages": ["hi"], "completion": "", "provenance": {"generator": "g"}},
        {"messages": [{"role": "user"}], "completion": "", "provenance": {"generator": "g"}},
        {"messages": [{"role": "user", "content": "x"}], "completion": "", "provenance": {}},
        {"messages": [{"role": "user", "content": "x"}], "completion": "", "provenance": "g"},
        {"messages": [{"role": "user", "content": "x"}], "provenance": {"generator": "g"}},
        {"messages": [{"role": "user", "content": "x"}], "completion": "",
         "provenance": {"generator": "g", "who": "?"}},
    ],
)  # fmt: skip
def test_from_json_raises_what_it_says(row: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Record.from_json(row)


def test_a_message_has_a_known_role_and_text() -> None:
    with pytest.raises(ValueError, match="developer, tool, got 'robot'"):
        Message("robot", "x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="content must be text, got list"):
        Message("user", ["x"])  # type: ignore[arg-type]


def test_the_chat_form_goes_out_and_comes_back() -> None:
    messages = (Message("system", "s"), user("u"), Message("assistant", "a"))
    rows = messages_json(messages)
    assert rows == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "a"},
    ]
    assert to_messages(rows) == messages


def test_the_prompt_is_the_last_user_turn() -> None:
    turns = (user("one"), Message("assistant", "a"), user("two"), Message("assistant", "b"))
    assert plain(messages=turns).prompt == "two"
    assert plain(messages=(Message("system", "s"),)).prompt == "s"


def test_a_verdict_survives_json() -> None:
    verdict = Verdict("r", "exact", False, 1.0, "duplicate", "q")
    assert verdict.to_json() == {
        "record": "r",
        "filter": "exact",
        "keep": False,
        "score": 1.0,
        "reason": "duplicate",
        "nearest": "q",
    }
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: dict[str, Any]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical_json(turned) == canonical_json(value)
    assert json.loads(canonical_json(value)) == value
    assert content_hash(turned) == content_hash(value)


def test_canonical_json_is_this_text() -> None:
    assert canonical_json({"b": [1, None], "a": "é\u2028"}) == '{"a":"é\u2028","b":[1,null]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_canonical_json_refuses_what_json_has_not(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)
    with pytest.raises(TypeError):
        canonical_json({1, 2})


def test_a_hash_has_the_size_asked_for_and_takes_lone_surrogates() -> None:
    assert content_hash("a") == hashlib.blake2b(b'"a"', digest_size=16).hexdigest()
    assert len(content_hash("a", size=4)) == 8
    assert content_hash("\ud800") != content_hash("\udfff")
