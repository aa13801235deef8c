"""OpenAI's files and batches endpoints; a batch moves only when the test says so."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from aiohttp import web

from limbeck.record import content_hash
from limbeck.testing.batch_input import Line, metadata_is_valid, parsed, problem, problems
from limbeck.testing.server import Answer, ApiServer, answer_to, error_body, spoken_to

ENDPOINTS = ("/v1/chat/completions", "/v1/completions")
WINDOW = "24h"
WINDOW_SECONDS = 24 * 3600
MAX_PAGE = 100
UNANSWERED = {
    "expired": (
        "batch_expired",
        "This request could not be executed before the completion window expired.",
    ),
    "cancelled": ("batch_cancelled", "The batch was cancelled before this request executed."),
}

Ended = Literal["completed", "expired", "cancelled"]
Handler = Callable[[web.Request], Awaitable[Answer]]


class BatchServer(ApiServer):
    """An ApiServer with files and batches: validating -> in_progress -> an end.

    `start`, `finish` and `fail` move a batch, from the test's thread, never the clock; a client's
    cancel leaves it "cancelling" until `finish(id, status="cancelled")`. `files` holds every
    file's bytes by id, `batches` every batch as the API shows it, oldest first, `calls` every
    files and batches call ("POST /v1/batches"). A call takes effect before `latency`, so that a
    client can be killed between the two. A batch of more than `max_lines` lines fails.
    """

    def __init__(
        self,
        *,
        latency: float = 0.0,
        api_key: str | None = None,
        models: tuple[str, ...] | None = None,
        max_lines: int = 50_000,
        max_requests: int = 10_000,
    ) -> None:
        super().__init__(latency=latency, api_key=api_key, models=models, max_requests=max_requests)
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self._file_rows: dict[str, dict[str, Any]] = {}
        self._max_lines = max_lines

    def lines(self, batch_id: str) -> list[Line]:
        """The lines of a batch's input file. Raises ValueError where one is no JSON."""
        return parsed(self.files[self.batches[batch_id]["input_file_id"]])

    def start(self, batch_id: str) -> None:
        """validating -> in_progress, or failed with the errors of the input file's lines."""
        row = self.batches[batch_id]
        if row["status"] != "validating":
            raise ValueError(f"batch {batch_id} is {row['status']}, not validating")
        raw = self.files[row["input_file_id"]]
        errors = problems(raw, row["endpoint"], self._max_lines)
        if errors:
            self._move(batch_id, "failed", errors={"object": "list", "data": errors})
            return
        counts = {"total": len(self.lines(batch_id)), "completed": 0, "failed": 0}
        self._move(batch_id, "in_progress", request_counts=counts)

    def fail(self, batch_id: str, message: str, *, code: str = "token_limit_exceeded") -> None:
        """The whole batch fails, no line of it was asked."""
        self._check_open(batch_id)
        errors = [problem(code, message)]
        self._move(batch_id, "failed", errors={"object": "list", "data": errors})

    def finish(
        self,
        batch_id: str,
        answered: Callable[[Line], Answer | bool | None] = lambda line: True,
        *,
        status: Ended = "completed",
    ) -> None:
        """End a batch, with an output file and an error file where they have lines.

        `answered(line)` says what became of an input line: True for the usual completion, an
        Answer for another one (a status other than 200 goes to the error file), False for none
        (expired or cancelled with the batch, else a 500), None for a line that is in neither
        file. Lines come in another order than they went in, as they do at OpenAI. A batch that
        is still validating is started first, and stays failed if that fails it.
        """
        self._check_open(batch_id)
        if self.batches[batch_id]["status"] == "validating":
            self.start(batch_id)
            if self.batches[batch_id]["status"] == "failed":
                return
        outputs: list[Line] = []
        errors: list[Line] = []
        lines = self.lines(batch_id)
        for line in sorted(lines, key=lambda line: content_hash(line["custom_id"])):
            verdict = answered(line)
            if verdict is not None:
                row = self._result(line, verdict, status)
                response = row["response"]
                good = response is not None and response["status_code"] == 200
                (outputs if good else errors).append(row)
        counts = {"total": len(lines), "completed": len(outputs), "failed": len(errors)}
        self._move(
            batch_id,
            status,
            request_counts=counts,
            output_file_id=self._write(f"{batch_id}_output.jsonl", outputs),
            error_file_id=self._write(f"{batch_id}_error.jsonl", errors),
        )

    def _result(self, line: Line, verdict: Answer | bool, status: Ended) -> Line:
        name = content_hash(line["custom_id"], size=6)
        row = {"id": f"batch_req_{name}", "custom_id": line["custom_id"]}
        if verdict is False and status in UNANSWERED:
            code, message = UNANSWERED[status]
            return {**row, "response": None, "error": {"code": code, "message": message}}
        if verdict is True:
            verdict = Answer(answer_to(line["body"], spoken_to(line["body"])))
        elif verdict is False:
            verdict = Answer(error_body("The server had an error.", "server_error"), 500)
        response = {"status_code": verdict.status, "request_id": name, "body": verdict.body}
        return {**row, "response": response, "error": None}

    def _check_open(self, batch_id: str) -> None:
        status = self.batches[batch_id]["status"]
        if status not in ("validating", "in_progress", "cancelling"):
            raise ValueError(f"batch {batch_id} has ended already: it is {status}")

    def _move(self, batch_id: str, status: str, **fields: Any) -> None:
        # One new row in one step: the server's thread reads while a test's thread writes.
        row = self.batches[batch_id]
        moved = {"status": status, f"{status}_at": int(time.time()), **fields}
        self.batches[batch_id] = {**row, **moved}

    def _write(self, filename: str, lines: list[Line]) -> str | None:
        if not lines:
            return None
        raw = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        row = self._add_file(filename, raw.encode(), "batch_output")
        return str(row["id"])

    def _add_file(self, filename: str, raw: bytes, purpose: str) -> dict[str, Any]:
        file_id = f"file-{len(self.files):06}"
        self.files[file_id] = raw
        self._file_rows[file_id] = {
            "id": file_id,
            "object": "file",
            "bytes": len(raw),
            "created_at": int(time.time()),
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
        }
        return self._file_rows[file_id]

    def _add_routes(self, router: web.UrlDispatcher) -> None:
        super()._add_routes(router)
        router.add_post("/v1/files", self._called(self._create_file))
        router.add_get("/v1/files/{id}", self._called(self._get_file))
        router.add_get("/v1/files/{id}/content", self._called(self._get_content))
        router.add_post("/v1/batches", self._called(self._create_batch))
        router.add_get("/v1/batches", self._called(self._list_batches))
        router.add_get("/v1/batches/{id}", self._called(self._get_batch))
        router.add_post("/v1/batches/{id}/cancel", self._called(self._cancel_batch))

    def _called(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.calls.append(f"{request.method} {request.path}")
            answer = self._denied(request, len(self.calls) - 1) or await handler(request)
            if self._latency:
                await asyncio.sleep(self._latency)
            return answer.response()

        return handle

    async def _create_file(self, request: web.Request) -> Answer:
        form = await request.post()
        upload, purpose = form.get("file"), form.get("purpose")
        if not isinstance(upload, web.FileField) or purpose != "batch":
            return _refusal("A file and the purpose 'batch' are needed.")
        return Answer(self._add_file(upload.filename, upload.file.read(), "batch"))

    async def _get_file(self, request: web.Request) -> Answer:
        row = self._file_rows.get(request.match_info["id"])
        return Answer(row) if row else _unknown("file")

    async def _get_content(self, request: web.Request) -> Answer:
        raw = self.files.get(request.match_info["id"])
        if raw is None:
            return _unknown("file")
        return Answer(raw=raw, content_type="application/octet-stream")

    async def _create_batch(self, request: web.Request) -> Answer:
        asked = await request.json()
        file_row = self._file_rows.get(asked.get("input_file_id"))
        if file_row is None or file_row["purpose"] != "batch":
            return _refusal("input_file_id names no file that was uploaded for a batch.")
        if asked.get("endpoint") not in ENDPOINTS:
            return _refusal(f"endpoint must be in {ENDPOINTS}.")
        if asked.get("completion_window") != WINDOW:
            return _refusal(f"completion_window must be {WINDOW!r}.")
        if not metadata_is_valid(asked.get("metadata")):
            return _refusal("metadata takes 16 pairs of text, keys to 64 and values to 512.")
        batch_id, now = f"batch_{len(self.batches):06}", int(time.time())
        self.batches[batch_id] = {
            "id": batch_id,
            "object": "batch",
            "endpoint": asked["endpoint"],
            "errors": None,
            "input_file_id": asked["input_file_id"],
            "completion_window": WINDOW,
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": now,
            "expires_at": now + WINDOW_SECONDS,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": asked.get("metadata"),
        }
        return Answer(self.batches[batch_id])

    async def _get_batch(self, request: web.Request) -> Answer:
        row = self.batches.get(request.match_info["id"])
        return Answer(row) if row else _unknown("batch")

    async def _list_batches(self, request: web.Request) -> Answer:
        rows = list(self.batches.values())[::-1]  # the newest first
        limit, after = int(request.query.get("limit", 20)), request.query.get("after")
        if not 1 <= limit <= MAX_PAGE:
            return _refusal(f"limit must be 1 to {MAX_PAGE}.")
        if after is not None:
            if after not in self.batches:
                return _unknown("batch")
            rows = rows[[row["id"] for row in rows].index(after) + 1 :]
        page = rows[:limit]
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
        return Answer({"object": "list", "data": page, "has_more": len(rows) > limit, **ends})

    async def _cancel_batch(self, request: web.Request) -> Answer:
        batch_id = request.match_info["id"]
        if batch_id not in self.batches:
            return _unknown("batch")
        status = self.batches[batch_id]["status"]
        if status not in ("validating", "in_progress"):
            return _refusal(f"A batch that is {status} cannot be cancelled.", 409)
        self._move(batch_id, "cancelling")
        return Answer(self.batches[batch_id])


def _refusal(message: str, status: int = 400) -> Answer:
    return Answer(error_body(message, "invalid_request"), status)


def _unknown(what: str) -> Answer:
    return Answer(error_body(f"No such {what}.", "not_found"), 404)
