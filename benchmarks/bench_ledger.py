"""What durability costs at full speed, and how fast a finished run replays.

    python benchmarks/bench_ledger.py

A bare client (aiohttp, uvloop, orjson) asks a server process on this machine as fast as it can, in
turns with and without the ledger. Each row is about 1.9 kB in the ledger. CPU is that of the
client's process, its writer thread included.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import aiohttp
import orjson
import uvloop

from limbeck.ledger import Answered, Keyer, Ledger
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import Message, user

ROWS = 20_000
IN_FLIGHT = 256
ROUNDS = 5
WHO = {"endpoint": "http://127.0.0.1/v1", "model": "bench"}
SYSTEM = Message("system", "You are a careful assistant. Answer in one paragraph. " * 3)
BODY = {
    "id": "chatcmpl-0123456789abcdef",
    "object": "chat.completion",
    "model": "bench",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "The answer is long enough. " * 15},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 100, "completion_tokens": 90, "total_tokens": 190},
}


class Answering(asyncio.Protocol):
    """The server's side of one connection: the same body for every request."""

    body = orjson.dumps(BODY)
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.waiting = b""

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        head, end, body = self.waiting.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
        if end and len(body) >= int(length or 0):  # one at a time: nothing is sent ahead
            self.waiting = b""
            self.transport.write(self.answer)


def serve(pipe: Connection) -> None:
    """Run the server until the process is ended."""

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())


def requests(turn: int) -> Iterator[Request]:
    for number in range(ROWS):
        question = f"Question {turn}.{number}: what follows from the text before? 为什么？ " * 3
        yield Request((SYSTEM, user(question)), temperature=0.7, seed=number)


async def ask_all(port: int, turn: int, ledger: Ledger | None) -> None:
    """All requests of one turn, IN_FLIGHT at once."""
    todo = requests(turn)
    keyer = Keyer(WHO)
    url = f"http://127.0.0.1:{port}/v1/chat/completions"

    async def worker(client: aiohttp.ClientSession) -> None:
        for request in todo:
            if ledger is not None:
                key, text = keyer(request)
                if await ledger.find(key) is not None:
                    continue
            async with client.post(url, data=orjson.dumps(request.to_json())) as answer:
                body = orjson.loads(await answer.read())
            choice, usage = body["choices"][0], body["usage"]
            counted = Usage(usage["prompt_tokens"], usage["completion_tokens"])
            reply = Reply(choice["message"]["content"], choice["finish_reason"], counted, "", body)
            if ledger is not None:
                await ledger.put(Answered(key, keyer.teacher, text, reply, run="bench"))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        await asyncio.gather(*(worker(client) for _ in range(IN_FLIGHT)))


def timed(port: int, turn: int, ledger: Ledger | None) -> tuple[float, float]:
    """(wall, CPU) of one turn, in microseconds a row."""
    wall, cpu = time.perf_counter(), time.process_time()
    uvloop.run(ask_all(port, turn, ledger))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall / ROWS * 1e6, cpu / ROWS * 1e6


def main() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    bare, kept = [], []
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "l.sqlite") as ledger:
        timed(port, 0, None)  # warm
        for turn in range(ROUNDS):
            bare.append(timed(port, turn, None))
            kept.append(timed(port, turn, ledger))
        replay = timed(port, 0, ledger)[0] * ROWS / 1e6
        assert ledger.counts() == (ROUNDS * ROWS, 0)
    server.terminate()
    ratio = statistics.median(b[0] / k[0] for b, k in zip(bare, kept, strict=True))
    wall = statistics.median(k[0] - b[0] for b, k in zip(bare, kept, strict=True))
    cpu = statistics.median(k[1] - b[1] for b, k in zip(bare, kept, strict=True))
    print(
        f"ledger | {ROWS} rows, {IN_FLIGHT} in flight, {ROUNDS} rounds"
        f" | without {1e6 / statistics.median(b[0] for b in bare):,.0f} rows/s"
        f" | with {1e6 / statistics.median(k[0] for k in kept):,.0f} rows/s ({ratio:.2f}x)"
        f" | {wall:.0f} us a row, CPU {cpu:.0f} us | replayed in {replay:.2f} s"
    )


if __name__ == "__main__":
    main()
