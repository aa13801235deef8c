"""The HTTP client against raw sockets and a faulty server: deadlines, sizes, broken bodies."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable

import pytest

from limbeck.errors import AskTimeout, LimbeckError, Malformed, Transient
from limbeck.teachers import http
from limbeck.teachers.http import Answer, Http, decoded
from limbeck.testing import FaultyServer

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BODY = {"messages": [{"role": "user", "content": "Où est 北京? 🙂"}]}


def exchange(talk: Talk, times: int = 1, timeout: float = 5.0) -> list[Answer | LimbeckError]:
    """`times` requests one after the other to a server that talks like this."""

    async def main() -> list[Answer | LimbeckError]:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = Http(f"http://127.0.0.1:{port}", {}, timeout=timeout)
        came: list[Answer | LimbeckError] = []
        try:
            for _ in range(times):
                try:
                    came.append(await client.post("/v1", BODY))
                except LimbeckError as error:
                    came.append(error)
                await asyncio.sleep(0.01)
        finally:
            await client.aclose()
            server.close()
        return came

    return asyncio.run(main())


async def read_request(reader: asyncio.StreamReader) -> bool:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
    except asyncio.IncompleteReadError:
        return False
    return True


def sending(whole: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await read_request(reader):
            writer.write(whole)
        writer.close()

    return talk


def plain(body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*head, *headers, "", ""]).encode() + body


def chunked(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (
        len(body),
        body,
    )


def test_a_slow_drip_does_not_defeat_the_deadline() -> None:
    with FaultyServer(["drip"], drip_seconds=0.05, seed=1) as server:

        async def main() -> float:
            client = Http(server.base_url, {}, timeout=0.3)
            started = asyncio.get_running_loop().time()
            with pytest.raises(AskTimeout, match=r"0\.3 s"):
                await client.post("/chat/completions", {"model": "m", **BODY})
            await client.aclose()
            return asyncio.get_running_loop().time() - started

        assert asyncio.run(main()) < 5, "the whole drip takes ten seconds and more"


@pytest.mark.parametrize("how", ["plain", "chunked", "packed", "only said"])
def test_an_answer_that_is_too_long_is_not_swallowed(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 1 << 20)
    long, short = b" " * (2 << 20), b" " * (1 << 19)
    packed = ("Content-Encoding: gzip",)
    forms: dict[str, Callable[[bytes], bytes]] = {
        "plain": plain,
        "chunked": chunked,
        "packed": lambda body: plain(gzip.compress(body), *packed),
        "only said": lambda body: plain(b"", length=len(body)) if len(body) > 1 << 20 else b"",
    }
    [came] = exchange(sending(forms[how](long)))
    assert isinstance(came, Malformed)
    assert "longer than 1 MiB" in str(came)
    if how != "only said":
        [came] = exchange(sending(forms[how](short)))
        assert isinstance(came, Answer)
        assert came.body == short


@pytest.mark.parametrize(
    "whole",
    [
        b"",
        b"no HTTP at all\r\n\r\n",
        plain(b"half", length=100),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        plain(b"not gzip, by far", "Content-Encoding: gzip"),
        plain(b"{}", "X-Long: " + "x" * 100_000),
    ],
    ids=["closed", "no http", "cut", "bad chunk", "bad gzip", "long header"],
)
def test_whatever_is_broken_on_the_wire_is_transient_and_may_have_been_billed(
    whole: bytes,
) -> None:
    [came] = exchange(sending(whole))
    assert isinstance(came, Transient)
    assert came.billed


def test_a_server_that_closes_idle_connections_costs_an_attempt_at_most() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await read_request(reader):
            writer.write(plain(b"{}"))
        writer.close()  # although it never said that it would

    came = exchange(talk, times=20)
    assert sum(isinstance(one, Answer) for one in came) >= 10
    assert all(isinstance(one, Answer | Transient) for one in came)


def test_a_redirect_is_not_followed() -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    [came] = exchange(sending(moved))
    assert isinstance(came, Answer)
    assert (came.status, came.headers["location"]) == (307, "http://127.0.0.1:9/")


def test_json_of_every_kind_is_decoded_or_is_a_value_error() -> None:
    assert decoded(b'{"a": NaN}')["a"] != decoded(b'{"a": NaN}')["a"]
    assert decoded(rb'"\ud800"') == "\ud800"
    assert decoded("\ufeff{}".encode()) == {}
    assert decoded(json.dumps(2**70).encode()) == 2**70
    for broken in (b"", b"\xff\xfe\x00", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b"{]"):
        with pytest.raises(ValueError):  # noqa: PT011  any kind of it
            decoded(broken)
