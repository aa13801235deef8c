"""The client of the files and batches endpoints: what it sends, repeats, and makes of errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from aiohttp import web

from limbeck.errors import (
    AuthError,
    BudgetError,
    EndpointError,
    StopRun,
    UserError,
)
from limbeck.protocols import Request
from limbeck.recipe import TeacherSection
from limbeck.record import user
from limbeck.teachers.batch_lines import CHAT
from limbeck.teachers.batches import BatchClient
from limbeck.testing import Answer, BatchServer
from limbeck.testing.server import error_body

KEY = "sk-secret-4711"


class Server(BatchServer):
    """A BatchServer that gives the `answers` first; `headers` are those of every call."""

    def __init__(self, *answers: Answer, **options: Any) -> None:
        super().__init__(**options)
        self.answers = list(answers)
        self.headers: list[dict[str, str]] = []
        self.broken_downloads = 0

    def _denied(self, request: web.Request, number: int) -> Answer | None:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return self.answers.pop(0) if self.answers else super()._denied(request, number)

    async def _get_content(self, request: web.Request) -> Any:
        answer = await super()._get_content(request)
        if not self.broken_downloads or answer.raw is None:
            return answer
        self.broken_downloads -= 1
        return Broken(answer.raw)


class Broken:
    """A body that breaks off in the middle."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def response(self) -> web.StreamResponse:
        async def half() -> AsyncIterator[bytes]:
            yield self._raw[: len(self._raw) // 2]
            raise ConnectionResetError

        return web.Response(body=half())


def section(base_url: str, **fields: Any) -> TeacherSection:
    return TeacherSection.model_validate({"model": "openai:m", "base_url": base_url, **fields})


@contextmanager
def client(server: BatchServer, **fields: Any) -> Iterator[BatchClient]:
    with BatchClient(section(server.base_url, **fields), first_wait=0.001) as made:
        yield made


def written(folder: Path, names: list[str]) -> Path:
    path = folder / "in.jsonl"
    request = Request((user("Où est 北京? 🙂"),))
    with BatchClient(section("http://127.0.0.1:1/v1")) as made:
        path.write_bytes(b"".join(made.line(name, request) for name in names))
    return path


def every(batch: object) -> bool:
    return True


def test_a_file_goes_up_and_comes_back_and_a_batch_is_made_of_it(tmp_path: Path) -> None:
    path = written(tmp_path, ["é1", "é2"])
    with Server() as server, client(server) as made:
        file = made.upload(path, "一.jsonl")
        assert server.files[file] == path.read_bytes()
        batch = made.create(file, CHAT, "run 1", 3)
        assert server.batches[batch.id]["metadata"] == {
            "limbeck_run": "run 1", "limbeck_shard": "3",
        }  # fmt: skip
        assert (batch.status, batch.run, batch.input_file) == ("validating", "run 1", file)
        assert (batch.ended, batch.files, batch.expires_at is None) == (False, (), False)
        server.finish(batch.id, lambda line: line["custom_id"] == "é1")
        [ended] = made.batches(every)
        assert (ended.ended, ended.total, ended.completed, ended.failed) == (True, 2, 1, 1)
        assert len(ended.files) == 2
        assert made.download(ended.files[0], tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == server.files[ended.files[0]]
        assert made.batches(lambda batch: batch.run == "run 2") == []


def test_a_file_that_is_gone_is_no_error(tmp_path: Path) -> None:
    with Server() as server, client(server) as made:
        assert made.download("file-none", tmp_path / "out") is False
        assert server.calls == ["GET /v1/files/file-none/content"]


def test_a_failed_batch_says_why(tmp_path: Path) -> None:
    path = written(tmp_path, ["é1", "é1"])
    with Server() as server, client(server) as made:
        batch = made.create(made.upload(path, "x"), CHAT, "r", 1)
        server.start(batch.id)
        [failed] = made.batches(every)
    assert failed.status == "failed"
    assert failed.errors == ("line 2: The custom_id 'é1' was used before. (duplicate_custom_id)",)


@pytest.mark.parametrize(
    ("answer", "kind", "calls"),
    [
        (Answer(error_body(f"Incorrect API key: {KEY}", "invalid_api_key"), 401), AuthError, 1),
        (Answer(error_body("no", "forbidden"), 403), AuthError, 1),
        (Answer(error_body("pay", "insufficient_quota"), 429), BudgetError, 1),
        (Answer(error_body("No such URL", "unknown_url"), 404), EndpointError, 1),
        (Answer(error_body("moved", "x"), 308, {"Location": "/v2"}), EndpointError, 1),
        (Answer(error_body("purpose is wrong", "bad"), 400), UserError, 1),
        (Answer(error_body("oops", "server_error"), 500), EndpointError, 3),
        (Answer(error_body("slow", "rate_limit"), 429, {"retry-after-ms": "1"}), EndpointError, 3),
        (Answer(raw=b"<html>hello</html>", content_type="text/html"), EndpointError, 3),
        (Answer(["no", "batch"]), EndpointError, 3),
        (Answer(raw=b'{"object": "list", "da'), EndpointError, 3),
    ],
)
def test_an_error_is_what_it_would_be_live(
    answer: Answer, kind: type[Exception], calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Server(*[answer] * 9) as server, client(server, attempts=3) as made:
        with pytest.raises(UserError) as caught:
            made.batches(every)
        assert type(caught.value) is kind
        assert KEY not in str(caught.value)
        assert len(server.calls) == calls


def test_an_unknown_model_stops_the_run(tmp_path: Path) -> None:
    answer = Answer(error_body("no such model", "model_not_found"), 404)
    with Server(answer) as server, client(server) as made, pytest.raises(StopRun, match="'m'"):
        made.create("file-1", CHAT, "r", 1)


def test_nothing_that_listens_is_an_endpoint_error() -> None:
    with (
        BatchClient(section("http://127.0.0.1:1/v1", attempts=2), first_wait=0.001) as made,
        pytest.raises(EndpointError, match="gives no answer"),
    ):
        made.batches(every)


def test_what_may_pass_is_asked_again(tmp_path: Path) -> None:
    path = written(tmp_path, ["é"])
    oops = Answer(error_body("oops", "x"), 502)
    with Server(oops, oops, Answer(raw=b"")) as server, client(server) as made:
        file = made.upload(path, "x")
        assert list(server.files) == [file]
        assert server.calls == ["POST /v1/files"] * 4


def test_a_download_that_breaks_off_begins_again(tmp_path: Path) -> None:
    path = written(tmp_path, [f"é{i}" for i in range(3000)])
    with Server() as server, client(server) as made:
        file = made.upload(path, "x")
        server.broken_downloads = 2
        assert made.download(file, tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == path.read_bytes()
        assert len(server.calls) == 4
        server.broken_downloads = 9
        with client(server, attempts=2) as hasty, pytest.raises(EndpointError, match="broke off"):
            hasty.download(file, tmp_path / "out")


def test_a_batch_whose_answer_was_lost_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, ["é"])
    with Server() as server, client(server) as made:
        file = made.upload(path, "x")
        real = made._client.batches.create

        def lost(**fields: Any) -> Any:
            batch = real(**fields)
            raise openai.APITimeoutError(request=None)  # type: ignore[arg-type]
            return batch

        monkeypatch.setattr(made._client.batches, "create", lost)
        batch = made.create(file, CHAT, "r", 1)
        assert list(server.batches) == [batch.id]


def test_a_cancel_that_comes_too_late_tells_how_it_ended(tmp_path: Path) -> None:
    path = written(tmp_path, ["é"])
    with Server() as server, client(server) as made:
        batch = made.create(made.upload(path, "x"), CHAT, "r", 1)
        assert made.cancel(batch.id).status == "cancelling"
        server.finish(batch.id, status="cancelled")
        assert made.cancel(batch.id).status == "cancelled"


def test_a_server_that_lists_the_same_page_for_ever_is_left(tmp_path: Path) -> None:
    path = written(tmp_path, ["é"])
    with Server() as server, client(server) as made:
        batch = made.create(made.upload(path, "x"), CHAT, "r", 1)
        page = {"object": "list", "data": [server.batches[batch.id]], "has_more": True}
        server.answers = [Answer(page)] * 50
        assert [one.id for one in made.batches(every)] == [batch.id]
        assert len(server.calls) < 6


def test_an_organisation_is_named_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Server(api_key=KEY) as server, client(server) as made:
        made.batches(every)
        assert not {"openai-organization", "openai-project"} & set(server.headers[0])
    with BatchClient(section("https://api.openai.com/v1")) as made:
        assert (made._client.organization, made._client.project) == ("org-1", "proj-1")


@pytest.mark.parametrize("model", ["fake:t", "bundled", "hf:a/b"])
def test_a_teacher_without_an_api_has_no_batches(model: str) -> None:
    with pytest.raises(UserError, match=r"Batch API is for teachers behind an API.*generate"):
        BatchClient(TeacherSection.model_validate({"model": model}))


def test_a_missing_key_is_said_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UserError, match="OPENAI_API_KEY is not set"):
        BatchClient(section("https://api.openai.com/v1"))
