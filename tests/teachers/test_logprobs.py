"""Log-probabilities in both shapes, and what is done with those that cannot be believed."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from limbeck.errors import Malformed
from limbeck.teachers.logprobs import (
    alternatives,
    echoed,
    from_meta,
    per_token,
    read_logprobs,
    to_meta,
)


def test_logprobs_are_read_in_both_shapes() -> None:
    chat = {
        "logprobs": {
            "content": [
                {"token": "é", "logprob": -1, "top_logprobs": [{"token": "é", "logprob": -1.0}]},
                {"token": "中", "logprob": None},
            ]
        }
    }
    lists = {
        "logprobs": {
            "tokens": ["é", "中"],
            "token_logprobs": [-1, math.nan],
            "top_logprobs": [{"é": -1.0, "x": None}, None],
        }
    }
    of_chat, of_lists = read_logprobs(chat), read_logprobs(lists)
    assert of_chat is not None
    assert of_lists is not None
    assert (of_chat[0], of_lists[0]) == ("chat", "completions")
    assert of_chat[1] == of_lists[1]
    assert [(one.text, one.logprob, one.top) for one in of_chat[1]] == [
        ("é", -1.0, (("é", -1.0),)),
        ("中", None, ()),
    ]
    assert alternatives(of_chat[1][:1]) == 1
    nothing: list[Any] = [None, {}, {"content": None, "tokens": []}]
    assert [read_logprobs({"logprobs": row}) for row in nothing] == [None] * 3


def test_a_prompts_tokens_are_its_own_and_those_that_reach_over_the_seam_are_scored() -> None:
    choice = {
        "text": "né en 中国!",
        "logprobs": {
            "tokens": ["né", " en", " 中国", "!"],
            "token_logprobs": [None, -2.0, -3.0, -9.0],
            "top_logprobs": None,
        },
    }
    tokens = echoed(choice, "né en 中国")
    assert [token.text for token in tokens] == ["né", " en", " 中国"]
    assert per_token(tokens, len("né en")) == -3.0
    assert per_token(tokens, len("né e")) == -2.5


@pytest.mark.parametrize("piece", ["\ufffd", "bytes:\\xe4"])
def test_a_character_of_several_tokens_stands_at_the_first_of_them(piece: str) -> None:
    texts = ["né", piece, piece, "国", piece, "!"]
    scores = [None, -2.0, -3.0, -4.0, -5.0, -9.0]
    choice = {"text": "né 中国🙂!", "logprobs": {"tokens": texts, "token_logprobs": scores}}
    tokens = echoed(choice, "né 中国🙂")
    assert [token.text for token in tokens] == ["né", " 中", "", "国", "🙂"]
    assert [token.logprob for token in tokens] == scores[:5]
    assert per_token(tokens, len("né")) == -3.5


@pytest.mark.parametrize(
    "texts",
    [
        ["token_id:17", "token_id:4", "!"],  # numbers in place of texts
        ["né", " 国中", "!"],
        ["né", " 中国!"],  # the seam lies within a token
        ["né", "\ufffd"],
        ["né", "\ufffd", "?"],
    ],
)
def test_tokens_that_are_not_the_prompts_are_refused(texts: list[str]) -> None:
    scores = [None, *[-1.0] * (len(texts) - 1)]
    choice = {"text": "né 中国!", "logprobs": {"tokens": texts, "token_logprobs": scores}}
    with pytest.raises(Malformed, match="do not add up to the prompt"):
        echoed(choice, "né 中国")


def test_a_prompt_score_above_zero_is_refused() -> None:
    row = {"tokens": ["né", " 中"], "token_logprobs": [None, 0.5]}
    with pytest.raises(Malformed, match=r"a log-probability is 0.5, above 0"):
        echoed({"text": "né 中", "logprobs": row}, "né 中")


def test_a_piece_of_a_character_is_told_by_its_bytes_where_they_came() -> None:
    content: list[Any] = [
        {"token": "\ufffd", "logprob": -1.0, "bytes": [0xE4, 0xB8]},
        {"token": "\ufffd", "logprob": -1.0, "bytes": None},
        {"token": "\ufffd", "logprob": -1.0, "bytes": ["odd"]},
        {"token": "中", "logprob": -1.0, "bytes": [0xE4, 0xB8, 0xAD]},
    ]
    read = read_logprobs({"logprobs": {"content": content}})
    assert read is not None
    assert [token.text for token in read[1]] == ["bytes:\\xe4\\xb8", "\ufffd", "\ufffd", "中"]


def test_what_a_record_keeps_is_read_again() -> None:
    top = [{"token": "中", "logprob": -0.12345678}, {"token": "é", "logprob": -9999}]
    content = [{"token": "中", "logprob": -0.12345678, "top_logprobs": top}, {"token": ""}]
    read = read_logprobs({"logprobs": {"content": content}})
    assert read is not None
    kept = json.loads(json.dumps(to_meta(read[1])))
    first, last = from_meta(kept)
    assert (first.text, first.logprob) == ("中", -0.123457)
    assert first.top == (("中", -0.123457), ("é", -9999.0))
    assert (last.text, last.logprob, last.top) == ("", None, ())


@pytest.mark.parametrize("row", [None, {}, {"tokens": ["a"], "logprobs": [], "top": []}, 3])
def test_what_is_no_kept_logprobs_is_refused(row: Any) -> None:
    with pytest.raises(ValueError, match="no log-probabilities"):
        from_meta(row)
