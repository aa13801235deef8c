"""What the local teacher says of likelihoods, while it answers others, against plain passes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import torch

from limbeck.errors import BadRequest
from limbeck.hf import Loaded, chat_prompt
from limbeck.protocols import Likelihoods, Reply, Request
from limbeck.record import messages_json, user
from limbeck.teachers.local import LocalTeacher
from limbeck.teachers.logprobs import alternatives, read_logprobs
from limbeck.vocabulary import unpiece
from tests.teachers.test_local import QUESTIONS, answers, chat_ids
from tests.tiny import END, make_tokenizer


def plain_logprobs(loaded: Loaded, ids: list[int]) -> list[float]:
    with torch.inference_mode():
        logs = loaded.model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return [float(logs[place, token]) for place, token in enumerate(ids[1:])]


def test_it_gives_likelihoods(tiny: Loaded) -> None:
    assert isinstance(LocalTeacher(tiny), Likelihoods)


@pytest.mark.parametrize("template", ["chat", "raw"])
def test_label_scores_are_those_of_a_plain_forward_pass_while_others_are_answered(
    tiny: Loaded, template: str
) -> None:
    options = ["Rome", "the Adriatic Sea", "東京 🦊", "é", ""]
    requests = [Request((user(text),), max_tokens=20, template=template) for text in QUESTIONS]

    async def run() -> tuple[list[list[float]], list[Reply]]:
        teacher = LocalTeacher(tiny, batch_size=2)
        try:
            answered = asyncio.gather(*(teacher.ask(request) for request in requests))
            scored = asyncio.gather(*(teacher.label_scores(r, options) for r in requests))
            return list(await scored), list(await answered)
        finally:
            await teacher.aclose()

    scores, replies = asyncio.run(run())
    assert replies == answers(LocalTeacher(tiny, batch_size=2), requests)
    for request, found in zip(requests, scores, strict=True):
        text = request.messages[0].content
        if template == "chat":
            text = chat_prompt(tiny.tokenizer, messages_json(request.messages))
        prompt = tiny.tokenizer(text)["input_ids"]
        for option, score in zip(options, found, strict=True):
            whole = tiny.tokenizer(text + option)["input_ids"]
            pairs = enumerate(zip(prompt, whole, strict=False))
            seam = next((i for i, (a, b) in pairs if a != b), len(prompt))
            if seam == 0:  # the option merged with the whole prompt
                whole, seam = [tiny.tokenizer.eos_token_id, *whole], 1
            expected = sum(plain_logprobs(tiny, whole)[seam - 1 :])
            assert score == pytest.approx(expected, abs=1e-4)


def test_prompt_logprobs_and_top_logprobs_are_of_the_same_prompt_as_an_answer(
    tiny: Loaded,
) -> None:
    request = Request((user("Où est 東京? 🦊"),), max_tokens=1)

    async def run() -> tuple[Any, Any, list[Reply]]:
        teacher = LocalTeacher(tiny)
        try:
            told = await teacher.prompt_logprobs(request)
            return told, await teacher.top_logprobs(request, 3), [await teacher.ask(request)]
        finally:
            await teacher.aclose()

    told, top, (reply,) = asyncio.run(run())
    ids = chat_ids(tiny, request)
    assert [value for _, value in told][1:] == pytest.approx(plain_logprobs(tiny, ids), abs=1e-4)
    assert "".join(text for text, _ in told) == tiny.tokenizer.decode(ids)
    assert len(top) == 3
    assert top[0][0] == reply.text
    assert sorted((value for _, value in top), reverse=True) == [value for _, value in top]


def test_a_likelihood_that_cannot_be_had_is_refused_and_its_neighbours_are_not(
    tiny: Loaded,
) -> None:
    good, long = Request((user("Hi"),)), Request((user("東" * 200),))

    async def run() -> list[Any]:
        teacher = LocalTeacher(tiny)
        try:
            asked = [
                teacher.label_scores(good, ["a"]),
                teacher.label_scores(long, ["a"]),
                teacher.label_scores(good, ["b"]),
                teacher.prompt_logprobs(long),
                teacher.top_logprobs(long, 2),
                teacher.top_logprobs(good, 0),
                teacher.label_scores(good, []),
                LocalTeacher(replace(tiny, tokenizer=make_tokenizer(None))).label_scores(good, "a"),
            ]
            return list(await asyncio.gather(*asked, return_exceptions=True))
        finally:
            await teacher.aclose()

    results = asyncio.run(run())
    refused = [isinstance(result, BadRequest) for result in results]
    assert refused == [False, True, False, True, True, True, False, True]
    assert results[6] == []
    assert "template: raw" in str(results[7])


def test_likeliest_tokens_come_as_openai_writes_them(tiny: Loaded) -> None:
    plain = Request((user("Où est 東京 🦊?"),), max_tokens=12, temperature=1.0, seed=3)
    teacher = LocalTeacher(tiny)
    with_top, without = answers(teacher, [replace(plain, top_logprobs=4), plain])
    assert with_top.text == without.text  # asking for them changes no answer
    assert without.raw is None
    assert with_top.raw is not None
    read = read_logprobs(with_top.raw["choices"][0])
    assert read is not None
    assert alternatives(read[1]) == 4
    said = b"".join(unpiece(token.text) for token in read[1])
    assert said.decode(errors="replace").removesuffix(END) == with_top.text
