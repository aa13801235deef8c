"""A generator whose requests are made from earlier replies, in a run: killed, stopped, failing."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limbeck.protocols import Request
from limbeck.record import to_messages, user
from limbeck.store import read_json
from limbeck.testing import Answer, ApiServer
from limbeck.testing.server import answer_to, error_body
from tests.engine import count, limbeck, records, rows, start, until, write_recipe
from tests.generators.self_instruct.scribe import seeds, stage_of, words

WANTED = 30
FILES = ("records.jsonl", "drafts.jsonl", "failures.jsonl")


def request_of(body: dict[str, Any]) -> Request:
    raw = "prompt" in body
    messages = (user(body["prompt"]),) if raw else to_messages(body["messages"])
    template = "raw" if raw else "chat"
    return Request(
        messages, max_tokens=body["max_tokens"], seed=body.get("seed"), template=template
    )


def scribe(body: dict[str, Any], number: int) -> Answer:
    request = request_of(body)
    return Answer(answer_to(body, words(request, stage_of(request))))


def recipe_in(folder: Path, base_url: str, *, width: int = 8, **options: Any) -> Path:
    folder.mkdir(exist_ok=True)
    given = [
        {
            "instruction": seed.meta["instruction"],
            "input": seed.meta["input"],
            "output": seed.target,
            "is_classification": seed.meta["task"] == "classification",
        }
        for seed in seeds()
    ]
    recipe = write_recipe(folder, base_url, given)
    text = recipe.read_text("utf-8").replace("concurrency: 8", f"concurrency: {width}")
    lines = "".join(
        f"  {name}: {value}\n"
        for name, value in {"instructions": WANTED, "form": "base", **options}.items()
    )
    text = text.replace("{max_tokens: 32}", "\n  generator: self_instruct\n" + lines.rstrip("\n"))
    recipe.write_text(text, "utf-8")
    return recipe


def made(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "runs/r/generate" / name).read_bytes() for name in FILES}


def asked(body: dict[str, Any]) -> str:
    return str(sorted(body.items()))


def test_three_kills_cost_no_recorded_call_and_change_no_byte(tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    with ApiServer(script=scribe, latency=0.03) as server:
        whole = recipe_in(tmp_path / "whole", server.base_url, width=3)
        out = limbeck(whole.parent, "generate", str(whole), "--progress", "plain")
        calls = len(server.bodies)
        recipe = recipe_in(folder, server.base_url)
        points: list[Callable[[], bool]] = [
            lambda: len(server.answered) >= calls + 4,  # while the pool grows
            lambda: len(server.answered) >= calls + 24,  # classification
            lambda: len(server.answered) >= calls + 60,  # instances
        ]
        for reached in points:
            process = start(folder, "generate", str(recipe), "--progress", "plain")
            until(reached, process)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        limbeck(folder, "generate", str(recipe), "--progress", "plain")
        sent = len(server.bodies)
        limbeck(folder, "generate", str(recipe), "--progress", "plain")
        assert len(server.bodies) == sent, "a finished run asks nothing"
    assert f"{WANTED} instructions kept" in out
    assert made(folder) == made(tmp_path / "whole")
    assert len(records(folder)) >= WANTED
    told = Counter(asked(body) for body in server.bodies[calls:])
    assert sum(told.values()) - len(told) <= 3 * 8, "only what was in flight is asked twice"
    assert len(told) <= calls + 3 * 8  # and what was asked in vain at the end of the growing


def test_ctrl_c_finishes_what_is_in_flight_and_the_next_run_goes_on(tmp_path: Path) -> None:
    with ApiServer(script=scribe, latency=0.05) as server:
        recipe = recipe_in(tmp_path, server.base_url)
        reached: list[Callable[[], bool]] = [lambda: len(server.answered) >= 20]
        limbeck(tmp_path, "generate", str(recipe), "--progress", "plain", code=130, ctrl_c=reached)
        limbeck(tmp_path, "generate", str(recipe), "--progress", "plain")
        repeated = Counter(asked(body) for body in server.bodies)
        assert max(repeated.values()) == 1
        other = recipe_in(tmp_path / "other", server.base_url, width=2)
        limbeck(other.parent, "generate", str(other), "--progress", "plain")
    assert made(tmp_path) == made(tmp_path / "other")


def test_a_failure_stands_until_it_is_retried(tmp_path: Path) -> None:
    """Else a second run would ask other questions from there on, and pay for all of them."""
    broken = [True]

    def sick(body: dict[str, Any], number: int) -> Answer | None:
        request = request_of(body)
        if broken[0] and stage_of(request) == "instructions" and (request.seed or 0) % 2:
            return Answer(error_body("一二三 no", "bad"), 400)
        return scribe(body, number)

    with ApiServer(script=sick) as server:
        recipe = recipe_in(tmp_path, server.base_url)
        out = limbeck(tmp_path, "generate", str(recipe), "--progress", "plain")
        failed = rows(tmp_path / "runs/r/generate/failures.jsonl")
        assert failed
        assert all(row["reason"] == "bad_request" for row in failed)
        assert "and all that was made from them, to be paid again" in out
        first, sent = made(tmp_path), len(server.bodies)
        broken[0] = False
        limbeck(tmp_path, "generate", str(recipe), "--progress", "plain")
        assert (made(tmp_path), len(server.bodies)) == (first, sent)
        limbeck(tmp_path, "retry", str(recipe), "--reason", "bad_request", "--progress", "plain")
        assert rows(tmp_path / "runs/r/generate/failures.jsonl") == []
        assert len(server.bodies) > sent
        assert made(tmp_path)["records.jsonl"] != first["records.jsonl"]


def test_the_funnel_is_said_and_kept_and_every_draft_has_its_verdict(tmp_path: Path) -> None:
    with ApiServer(script=scribe) as server:
        recipe = recipe_in(tmp_path, server.base_url)
        out = limbeck(tmp_path, "generate", str(recipe), "--progress", "plain")
        limbeck(tmp_path, "filter", str(recipe), "--progress", "plain")
    folder = tmp_path / "runs/r/generate"
    counts = read_json(folder / "done.json")["counts"]
    funnel = counts["funnel"]
    assert counts["records"] == funnel["rows"] == len(records(tmp_path))
    assert f"{funnel['instructions read']} instructions read" in out
    drafts = rows(folder / "drafts.jsonl")
    kept = [row for row in drafts if row["verdict"]["keep"]]
    assert len(kept) == funnel["instructions kept"] == WANTED
    refused = sum(n for line, n in funnel.items() if line.startswith("refused instr"))
    assert len(drafts) - len(kept) == refused
    left = funnel.get("more than wanted", 0)
    assert 0 <= left <= 3  # of the last call
    assert funnel["instructions read"] == WANTED + refused + left
    assert [*funnel][:3] == ["calls for instructions", "replies not read", "instructions read"]
    assert [*funnel][-1] == "rows"
    assert all(row["verdict"]["record"] == row["record"]["id"] for row in drafts)
    assert count(tmp_path) == len(server.bodies)


def test_a_teacher_that_makes_nothing_is_one_sentence_with_what_it_did(tmp_path: Path) -> None:
    with ApiServer(script=lambda body, number: Answer(answer_to(body, "Hm."))) as server:
        recipe = recipe_in(tmp_path, server.base_url, stall_calls=3)
        out = limbeck(tmp_path, "generate", str(recipe), "--progress", "plain", code=2)
    assert "replies made no record" in out
    assert "3 calls for instructions" in out
    assert not (tmp_path / "runs/r/generate/records.jsonl").exists()


@pytest.mark.parametrize(
    ("option", "words_"),
    [
        ({"style": "evolv"}, "style"),
        ({"threshold": "1.5"}, "threshold"),
        ({"preset": "reference", "style": "magpie"}, "reference has no style magpie"),
        ({"instruction_sampling": "{temperature: -1}"}, "temperature must be at least 0"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_asked(
    tmp_path: Path, option: dict[str, Any], words_: str
) -> None:
    with ApiServer(script=scribe) as server:
        recipe = recipe_in(tmp_path, server.base_url, **option)
        out = limbeck(tmp_path, "generate", str(recipe), "--progress", "plain", code=2)
    assert words_ in out
    assert server.bodies == []


def test_a_run_without_one_answer_says_how_to_ask_again(tmp_path: Path) -> None:
    broken = [True]

    def sick(body: dict[str, Any], number: int) -> Answer:
        return Answer(error_body("坏", "bad"), 400) if broken[0] else scribe(body, number)

    with ApiServer(script=sick) as server:
        recipe = recipe_in(tmp_path, server.base_url, stall_calls=3)
        plain = ("--progress", "plain")
        out = limbeck(tmp_path, "generate", str(recipe), *plain, code=2)
        assert "To ask them again: limbeck retry runs/r --reason bad_request" in out
        broken[0] = False
        limbeck(tmp_path, "generate", str(recipe), *plain, code=2)  # they stand
        limbeck(tmp_path, "retry", "runs/r", "--reason", "bad_request", *plain)
    assert len(records(tmp_path)) >= WANTED


def test_a_failure_that_might_pass_stands_too(tmp_path: Path) -> None:
    """A server error that lasted through all attempts, and is over when the run is repeated."""
    broken = [True]

    def sick(body: dict[str, Any], number: int) -> Answer:
        request = request_of(body)
        if broken[0] and stage_of(request) == "instructions" and (request.seed or 0) % 2:
            return Answer(error_body("挂了", "down"), 500)
        return scribe(body, number)

    with ApiServer(script=sick) as server:
        recipe = recipe_in(tmp_path, server.base_url)
        text = recipe.read_text("utf-8").replace("concurrency: 8", "concurrency: 8, attempts: 1")
        recipe.write_text(text, "utf-8")
        limbeck(tmp_path, "generate", str(recipe), "--progress", "plain")
        failed = rows(tmp_path / "runs/r/generate/failures.jsonl")
        assert failed
        assert all(row["reason"] == "transient" for row in failed)
        first, sent = made(tmp_path), len(server.bodies)
        broken[0] = False
        (tmp_path / "runs/r/generate/done.json").unlink()  # as if it had been killed at the end
        limbeck(tmp_path, "generate", str(recipe), "--progress", "plain")
    assert (made(tmp_path), len(server.bodies)) == (first, sent)
