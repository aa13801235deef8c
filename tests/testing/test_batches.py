"""BatchServer against the real openai SDK: shapes, the life of a batch, what its files hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Literal, TypeVar

import aiohttp
import openai
import pytest
from openai.types import Batch

from limbeck.testing import Answer, BatchServer, answer_to, completion, spoken
from limbeck.testing.server import error_body
from tests.testing.wire import chat, post, send_raw, until

URL: Literal["/v1/chat/completions"] = "/v1/chat/completions"
T = TypeVar("T")
NAMES = [f"clé-{i}\u2028北京🙂" for i in range(6)]


def line(name: str, **fields: Any) -> dict[str, Any]:
    row = {"custom_id": name, "method": "POST", "url": URL, "body": chat(f"Où est {name}?")}
    return row | fields


def jsonl(lines: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in lines).encode()


def ask(server: BatchServer, question: Callable[[openai.AsyncOpenAI], Awaitable[T]]) -> T:
    async def main() -> T:
        async with openai.AsyncOpenAI(
            base_url=server.base_url, api_key="k", max_retries=0
        ) as client:
            return await question(client)

    return asyncio.run(main())


def submit(server: BatchServer, raw: bytes | None = None, **fields: Any) -> Batch:
    content = jsonl([line(name) for name in NAMES]) if raw is None else raw

    async def create(client: openai.AsyncOpenAI) -> Batch:
        file = await client.files.create(file=("in.jsonl", content), purpose="batch")
        assert (file.bytes, file.filename, file.purpose) == (len(content), "in.jsonl", "batch")
        return await client.batches.create(
            input_file_id=file.id, endpoint=URL, completion_window="24h", **fields
        )

    return ask(server, create)


def retrieve(server: BatchServer, batch_id: str) -> Batch:
    return ask(server, lambda client: client.batches.retrieve(batch_id))


def read(server: BatchServer, file_id: str | None) -> dict[str, dict[str, Any]]:
    """A result file's lines, by custom_id."""
    assert file_id is not None

    async def content(client: openai.AsyncOpenAI) -> bytes:
        return (await client.files.content(file_id)).content

    rows = [json.loads(text) for text in ask(server, content).splitlines()]
    named = {row["custom_id"]: row for row in rows}
    assert len(named) == len(rows)
    return named


def test_a_batch_is_validated_runs_and_completes_when_the_test_says_so() -> None:
    with BatchServer(api_key="k") as server:
        made = submit(server, metadata={"run": "早", "shard": "0"})
        assert (made.status, made.endpoint, made.metadata) == (
            "validating", URL, {"run": "早", "shard": "0"},
        )  # fmt: skip
        server.start(made.id)
        running = retrieve(server, made.id)
        assert running.status == "in_progress"
        assert running.request_counts is not None
        assert running.request_counts.total == len(NAMES)
        server.finish(made.id)
        done = retrieve(server, made.id)
        outputs = read(server, done.output_file_id)
        assert server.lines(made.id) == [line(name) for name in NAMES]
    assert (done.status, done.error_file_id, done.metadata) == (
        "completed", None, {"run": "早", "shard": "0"},
    )  # fmt: skip
    assert done.completed_at is not None
    assert done.request_counts is not None
    assert done.request_counts.to_dict() == {"total": 6, "completed": 6, "failed": 0}
    assert sorted(outputs) == NAMES
    assert list(outputs) != NAMES, "an output file is not in the order of its input"
    for name, row in outputs.items():
        body = line(name)["body"]
        assert row["error"] is None
        assert row["response"]["status_code"] == 200
        assert row["response"]["request_id"]
        assert row["response"]["body"] == answer_to(body, spoken(body["messages"]))


@pytest.mark.parametrize(
    ("status", "code"), [("expired", "batch_expired"), ("cancelled", "batch_cancelled")]
)
def test_an_expired_or_cancelled_batch_keeps_what_was_answered(
    status: Literal["expired", "cancelled"], code: str
) -> None:
    with BatchServer() as server:
        made = submit(server)
        server.finish(made.id, lambda row: row["custom_id"] in NAMES[:2], status=status)
        done = retrieve(server, made.id)
        outputs, errors = read(server, done.output_file_id), read(server, done.error_file_id)
    assert done.status == status
    assert done.request_counts is not None
    assert done.request_counts.to_dict() == {"total": 6, "completed": 2, "failed": 4}
    assert (sorted(outputs), sorted(errors)) == (NAMES[:2], NAMES[2:])
    for row in errors.values():
        assert (row["response"], row["error"]["code"]) == (None, code)


def test_each_line_may_have_its_own_end() -> None:
    ends: dict[str, Answer | bool | None] = {
        NAMES[0]: Answer(completion("cou", "length")),
        NAMES[1]: Answer(error_body("slow down", "rate_limit_exceeded"), 429),
        NAMES[2]: False,
        NAMES[3]: None,
    }
    with BatchServer() as server:
        made = submit(server)
        server.finish(made.id, lambda row: ends.get(row["custom_id"], True))
        done = retrieve(server, made.id)
        outputs, errors = read(server, done.output_file_id), read(server, done.error_file_id)
    assert sorted(outputs) == [NAMES[0], *NAMES[4:]]
    assert outputs[NAMES[0]]["response"]["body"]["choices"][0]["finish_reason"] == "length"
    codes = {name: row["response"]["status_code"] for name, row in errors.items()}
    assert codes == {NAMES[1]: 429, NAMES[2]: 500}
    assert done.request_counts is not None
    assert done.request_counts.to_dict() == {"total": 6, "completed": 3, "failed": 2}


def test_nothing_answered_leaves_no_output_file() -> None:
    with BatchServer() as server:
        made = submit(server)
        server.finish(made.id, lambda row: False, status="expired")
        done = retrieve(server, made.id)
    assert done.output_file_id is None
    assert done.error_file_id is not None


def test_a_cancel_waits_for_the_server_and_comes_too_late_for_what_has_ended() -> None:
    with BatchServer() as server:
        made = submit(server)
        cancelled = ask(server, lambda client: client.batches.cancel(made.id))
        assert (cancelled.status, cancelled.cancelling_at is None) == ("cancelling", False)
        server.finish(made.id, status="cancelled")
        assert retrieve(server, made.id).status == "cancelled"
        with pytest.raises(openai.ConflictError):
            ask(server, lambda client: client.batches.cancel(made.id))
        with pytest.raises(ValueError, match="has ended already: it is cancelled"):
            server.finish(made.id)
        with pytest.raises(ValueError, match="not validating"):
            server.start(made.id)


def test_batches_are_listed_page_by_page_the_newest_first() -> None:
    async def page(client: openai.AsyncOpenAI) -> list[str]:
        first = await client.batches.list(limit=2)
        assert len(first.data) == 2
        assert first.has_more
        return [batch.id async for batch in client.batches.list(limit=2)]

    with BatchServer() as server:
        made = [submit(server).id for _ in range(5)]
        assert ask(server, page) == made[::-1]
        assert server.calls.count("GET /v1/batches") == 4
        with pytest.raises(openai.BadRequestError):
            ask(server, lambda client: client.batches.list(limit=101))
        with pytest.raises(openai.NotFoundError):
            ask(server, lambda client: client.batches.list(after="batch_none"))


GOOD = line("a")


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        (b"", [("empty_file", None)]),
        (jsonl([GOOD]) + b"{oops\n", [("invalid_json_line", 2)]),
        (jsonl([GOOD, line("b", body={"messages": []})]), [("invalid_json_line", 2)]),
        (jsonl([GOOD, line("b", body=chat("x", messages=None))]), [("invalid_json_line", 2)]),
        (jsonl([GOOD, line("b", custom_id=1)]), [("invalid_json_line", 2)]),
        (jsonl([GOOD, line("a")]), [("duplicate_custom_id", 2)]),
        (jsonl([line("a", url="/v1/completions"), GOOD | {"custom_id": "b", "method": "GET"}]),
         [("mismatched_endpoint", 1), ("mismatched_endpoint", 2)]),
        (jsonl([GOOD, line("b", body=chat("x", model="other"))]), [("mismatched_model", 2)]),
        (jsonl([line(str(i)) for i in range(8)]), [("too_many_tasks", None)]),
    ],
)  # fmt: skip
def test_a_bad_input_file_fails_the_batch_and_names_the_line(
    raw: bytes, codes: list[tuple[str, int | None]]
) -> None:
    with BatchServer(max_lines=7) as server:
        made = submit(server, raw)
        server.finish(made.id)
        failed = retrieve(server, made.id)
    assert failed.status == "failed"
    assert failed.output_file_id is None
    assert failed.errors is not None
    assert [(error.code, error.line) for error in failed.errors.data or []] == codes


def test_a_batch_may_fail_as_a_whole() -> None:
    with BatchServer() as server:
        made = submit(server)
        server.fail(made.id, "Enqueued token limit reached.")
        failed = retrieve(server, made.id)
    assert failed.status == "failed"
    assert failed.errors is not None
    assert failed.errors.data is not None
    assert failed.errors.data[0].code == "token_limit_exceeded"


async def create(fields: dict[str, Any], client: openai.AsyncOpenAI) -> Batch:
    return await client.batches.create(**fields)


def test_what_the_endpoints_refuse() -> None:
    with BatchServer(api_key="k", max_requests=20) as server:
        made = submit(server)
        for wrong in (
            {"input_file_id": "file-none"},
            {"endpoint": "/v1/embeddings"},
            {"completion_window": "48h"},
            {"metadata": {"rows": 3}},
            {"metadata": {"k" * 65: "v"}},
            {"metadata": {str(i): "" for i in range(17)}},
        ):
            fields: dict[str, Any] = {
                "input_file_id": made.input_file_id,
                "endpoint": URL,
                "completion_window": "24h",
                **wrong,
            }
            with pytest.raises(openai.BadRequestError):
                ask(server, partial(create, fields))
        with pytest.raises(openai.BadRequestError):
            ask(server, lambda client: client.files.create(file=b"x", purpose="fine-tune"))
        with pytest.raises(openai.NotFoundError):
            retrieve(server, "batch_none")
        with pytest.raises(openai.NotFoundError):
            ask(server, lambda client: client.batches.cancel("batch_none"))
        with pytest.raises(openai.NotFoundError):
            ask(server, lambda client: client.files.content("file-none"))
        assert post(server.base_url, {}, path="/batches").status == 401
        assert list(server.batches) == [made.id]
        while len(server.calls) < 20:
            retrieve(server, made.id)
        with pytest.raises(openai.InternalServerError):
            retrieve(server, made.id)


def test_a_file_says_what_it_is() -> None:
    with BatchServer() as server:
        made = submit(server)
        file = ask(server, lambda client: client.files.retrieve(made.input_file_id))
        assert file.bytes == len(server.files[made.input_file_id])
        with pytest.raises(openai.NotFoundError):
            ask(server, lambda client: client.files.retrieve("file-none"))


def test_an_upload_that_comes_in_pieces_is_kept_whole() -> None:
    """A few bytes, then many: where aiohttp puts back what it read too much, and warns."""
    raw = "北京é🙂\n".encode() * 6000

    async def upload(base_url: str) -> int:
        purpose = b'--B\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        file = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n' + raw
        whole = purpose + file + b"\r\n--B--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=B"}

        async def pieces() -> AsyncIterator[bytes]:
            for start, end in ((0, 5000), (5000, 5003), (5003, len(whole))):
                yield whole[start:end]
                await asyncio.sleep(0.1)

        async with (
            aiohttp.ClientSession() as session,
            session.post(base_url + "/files", data=pieces(), headers=headers) as answer,
        ):
            return answer.status

    with BatchServer() as server:
        assert asyncio.run(upload(server.base_url)) == 200
        assert list(server.files.values()) == [raw]


def test_a_batch_outlives_a_client_that_never_heard_of_it() -> None:
    """Killed between the server's create and its answer: listing finds the batch again."""
    with BatchServer(latency=0.1) as server:
        made = submit(server)
        body = {
            "input_file_id": made.input_file_id,
            "endpoint": URL,
            "completion_window": "24h",
            "metadata": {"run": "é"},
        }
        with send_raw(server.base_url, body, path="/batches"):
            until(lambda: len(server.batches) == 2)

        async def found(client: openai.AsyncOpenAI) -> list[Any]:
            return [batch.metadata async for batch in client.batches.list()]

        assert ask(server, found) == [{"run": "é"}, None]


def test_live_requests_are_answered_beside_batches() -> None:
    with BatchServer() as server:
        assert post(server.base_url, chat("北京")).status == 200
    assert server.calls == []
