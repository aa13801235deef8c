"""The door of the network, and the keys: what a server, or anybody on the way, may do to a run."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import AskError, EndpointError, LimbeckError
from limbeck.pipeline.context import Context
from limbeck.pipeline.run import do_stages
from limbeck.progress import PlainReporter
from limbeck.protocols import Request
from limbeck.recipe import Recipe, TeacherSection
from limbeck.record import user
from limbeck.rundir import RunDir
from limbeck.teachers.connect import in_the_clear
from limbeck.teachers.http import Http
from limbeck.teachers.openai import OpenAITeacher
from limbeck.teachers.pace import LONGEST_RESET, read_headers
from limbeck.teachers.replies import read_reply
from limbeck.testing import Answer, ApiServer
from limbeck.testing.server import answer_to, error_body, spoken_to
from tests.pipeline.test_run import write_job
from tests.teachers.test_http import exchange, plain, sending

KEY = "sk-4711-Zk29fJq0LmXw83Vb"
HUGE = "9" * 400
DAY = 86400.0


def asked(answer: Answer) -> Any:
    """What a teacher with our key makes of an answer: its reply or its error."""

    async def main(url: str) -> Any:
        section = TeacherSection(model="openai:fake", base_url=url, timeout=5.0)
        teacher = OpenAITeacher("fake", section, KEY)
        try:
            return await teacher.ask(Request((user("Hi"),), max_tokens=5))
        except LimbeckError as error:
            return error
        finally:
            await teacher.aclose()

    with ApiServer(script=lambda body, number: answer) as server:
        return asyncio.run(main(server.base_url))


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"choices": ' + b"[" * 100_000,
        b'{"choices": [], "usage": {"prompt_tokens": ' + b"1" * 1_000_000 + b"}}",
        b'{"error": {"message": ' + b"[" * 900 + b"]" * 900 + b"}}",
        b'{"error": {"code": ' + b"7" * 5000 + b"}}",
        b"\xff\xfe\x00",
        b'{"choices": [{"message": {"content": "\\ud800\\u0000"}, "index": ' + b"1" * 5000 + b"}]}",
    ],
    ids=["deep", "deep choices", "digits", "deep error", "digit code", "bytes", "surrogate"],
)
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_body_of_any_kind_is_one_failed_request(raw: bytes, status: int) -> None:
    assert isinstance(asked(Answer(raw=raw, status=status)), LimbeckError)


def test_a_header_without_end_is_one_failed_request() -> None:
    [came] = exchange(sending(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * (1 << 20) + b"\r\n\r\n"))
    assert isinstance(came, AskError)
    many = b"".join(b"X-%d: a\r\n" % number for number in range(50_000))
    [came] = exchange(sending(b"HTTP/1.1 200 OK\r\n" + many + b"\r\n"))
    assert isinstance(came, AskError)


BOMB = """
import asyncio, resource, sys
from limbeck.teachers.http import Http
import limbeck.errors
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
async def main():
    client = Http(sys.argv[1], {}, timeout=20)
    try:
        await client.post("/v1", {})
    except limbeck.errors.Malformed as error:
        print(error)
    await client.aclose()
asyncio.run(main())
"""


@pytest.mark.parametrize(("how", "bits"), [("gzip", 31), ("deflate", 15)])
def test_a_body_that_opens_to_gigabytes_is_stopped_within_its_memory(how: str, bits: int) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    # A full flush starts anew, so equal pieces are the same bytes: 4 GB in no time.
    first = packer.compress(b" " * (1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(b" " * (1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)

    async def main() -> str:
        answer = plain(first + piece * 255, f"Content-Encoding: {how}")
        server = await asyncio.start_server(sending(answer), "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BOMB, url, stdout=subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(child.communicate(), 30)
        server.close()
        return said.decode()

    assert "longer than 64 MiB" in asyncio.run(main())


def test_a_certificate_that_nobody_trusts_ends_the_run_at_once(tmp_path: Path) -> None:
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=x",
         "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl makes no certificate here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")

    async def main() -> None:
        server = await asyncio.start_server(sending(plain(b"{}")), "127.0.0.1", 0, ssl=context)
        client = Http(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", {}, timeout=5)
        with pytest.raises(EndpointError, match="no certificate that this machine trusts"):
            await client.post("/v1", {})
        await client.aclose()
        server.close()

    asyncio.run(main())


def test_a_key_that_would_travel_unencrypted_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(url: str) -> str:
        return in_the_clear(TeacherSection(model="openai:m", base_url=url, api_key_env="MY_KEY"))

    monkeypatch.setenv("MY_KEY", KEY)
    assert "MY_KEY goes to gpu.example.org unencrypted" in said("http://gpu.example.org/v1")
    assert said("http://127.0.0.1:8000/v1") == said("https://gpu.example.org/v1") == ""
    monkeypatch.delenv("MY_KEY")
    assert said("http://gpu.example.org/v1") == ""


@pytest.mark.parametrize("reset", ["999999999s", "999999999", HUGE, "9999999d", HUGE + "s"])
def test_no_header_holds_a_run_back_for_long(reset: str) -> None:
    headers = {
        "x-ratelimit-limit-requests": "1",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": reset,
    }
    bucket = read_headers(headers, "requests", None, 0.0, 0.0, 0.0)
    assert bucket is not None
    assert bucket.wait(0.0, 1.0) <= LONGEST_RESET + 1


@pytest.mark.parametrize("reset", ["-5", "nan", "inf", "Thu, 01 Jan 1970 00:00:00 GMT", "\x00"])
def test_a_reset_that_makes_no_sense_is_none(reset: str) -> None:
    headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": reset,
    }
    bucket = read_headers(headers, "requests", None, 0.0, 0.0, 0.0)
    assert bucket is not None
    assert bucket.wait(0.0, 1.0) <= 60


def test_of_several_choices_the_first_is_taken() -> None:
    choices = [
        {"index": index, "message": {"content": text}, "finish_reason": "stop"}
        for index, text in ((3, "a"), (0, "b"))
    ]
    assert read_reply({"choices": choices}).text == "a"


def test_the_key_is_nowhere_after_a_run_whose_server_echoes_it(
    tmp_path: Path,
    tiny_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    said = f"Incorrect API key provided: {KEY}"

    def script(body: dict[str, Any], number: int) -> Answer | None:
        headers = {"x-echo": KEY, "retry-after": "0"}
        if number % 7 == 3:
            code = {0: 429, 1: 500, 2: 400}[number // 7 % 3]
            return Answer(error_body(said, "oops"), code, headers)
        if number % 7 == 5:
            return Answer(raw=said.encode(), headers=headers)
        if number == 30:
            return Answer(error_body(said, "invalid_api_key"), 401, headers)
        return Answer(answer_to(body, f"{spoken_to(body)} {KEY}"), headers=headers)

    with ApiServer(script=script) as server:
        recipe = write_job(tmp_path, "fake:x", tiny_folder)
        about = {"model": "openai:fake", "base_url": server.base_url, "api_key_env": "MY_KEY"}
        data = recipe.model_dump(mode="json") | {"teacher": about | {"concurrency": 4}}
        recipe = Recipe.model_validate(data)
        run = RunDir(tmp_path / "run", recipe)
        context = Context(run, PlainReporter(sys.stderr), tmp_path / "ledger.sqlite")
        with pytest.raises(LimbeckError) as raised:
            do_stages(context, ("generate",))
        error: BaseException | None = raised.value
        while error is not None:
            assert KEY not in f"{error!r} {error}"
            error = error.__cause__ or error.__context__
        assert any(KEY in sent for sent in server.authorizations)
        client = OpenAITeacher("fake", recipe.teacher, KEY)
        assert KEY not in f"{client!r} {client._http!r} {client.identity}"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"ledger.sqlite", "recipe.yaml"}
    assert [path.name for path in files if KEY.encode() in path.read_bytes()] == []
    out, err = capfd.readouterr()
    assert KEY not in out + err + caplog.text


def test_a_run_and_a_ledger_are_their_owners_alone(tmp_path: Path, tiny_folder: Path) -> None:
    old = os.umask(0o022)
    try:
        recipe = write_job(tmp_path, "fake:x", tiny_folder)
        run = RunDir(tmp_path / "runs" / "run", recipe)
        context = Context(run, PlainReporter(sys.stderr), tmp_path / "ledger.sqlite")
        do_stages(context, ("generate",))
    finally:
        os.umask(old)
    assert run.path.stat().st_mode & 0o777 == 0o700
    for path in tmp_path.glob("ledger.sqlite*"):
        assert path.stat().st_mode & 0o777 == 0o600, path
