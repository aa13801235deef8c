"""A loopback chat-completions server that is much faster than any client, for bench_client.py.

    python benchmarks/fast_server.py [--latency SECONDS] [--rpm N [--burst N] [--headers]]
                                     [--capacity N] [--status CODE]

Prints its port, then serves until its standard input closes. GET /stats gives its counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

import uvloop

BODY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "The capital of France is Paris."},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20},
    }
).encode()
ERRORS = {
    401: ("invalid_api_key", "Incorrect API key provided"),
    404: ("model_not_found", "The model does not exist"),
    429: ("rate_limit_exceeded", "Rate limit reached"),
    503: ("overloaded", "The server is overloaded"),
}


class Server:
    """What all connections share: counts and limits."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.level = float(options.burst)
        self.at = 0.0
        self.in_flight = 0
        self.counts = {"requests": 0, "answered": 0, "refused": 0, "most": 0}

    def admit(self, now: float) -> tuple[int, str]:
        """The status of a request that arrives now, and the headers to send with it."""
        options = self.options
        if options.status != 200:
            return options.status, ""
        headers = ""
        if options.rpm:
            rate = options.rpm / 60
            self.level = min(options.burst, self.level + rate * (now - self.at))
            self.at = now
            refused = self.level < 1
            self.level -= not refused
            if options.headers:
                headers = (
                    f"x-ratelimit-limit-requests: {options.rpm}\r\n"
                    f"x-ratelimit-remaining-requests: {int(self.level)}\r\n"
                    f"x-ratelimit-reset-requests: {(options.burst - self.level) / rate:.3f}s\r\n"
                )
            if refused:
                return 429, headers
        if options.capacity and self.in_flight >= options.capacity:
            return 503, headers
        return 200, headers


class Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.buffer = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            place = head.find(b"content-length:")
            length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            if head.startswith(b"get /stats"):
                self.send(200, "", json.dumps(self.server.counts).encode())
            else:
                self.handle()

    def handle(self) -> None:
        server = self.server
        loop = asyncio.get_running_loop()
        server.counts["requests"] += 1
        status, headers = server.admit(loop.time())
        if status != 200:
            server.counts["refused"] += 1
            code, message = ERRORS[status]
            self.send(
                status, headers, json.dumps({"error": {"code": code, "message": message}}).encode()
            )
            return
        server.in_flight += 1
        server.counts["most"] = max(server.counts["most"], server.in_flight)
        if server.options.latency:
            loop.call_later(server.options.latency, self.answer, headers)
        else:
            self.answer(headers)

    def answer(self, headers: str) -> None:
        self.server.in_flight -= 1
        self.server.counts["answered"] += 1
        self.send(200, headers, BODY)

    def send(self, status: int, headers: str, body: bytes) -> None:
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)


async def main(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    server = Server(options)
    listening = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=4096)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--rpm", type=int, default=0)
    parser.add_argument("--burst", type=float, default=10.0)
    parser.add_argument("--headers", action="store_true")
    parser.add_argument("--capacity", type=int, default=0)
    parser.add_argument("--status", type=int, default=200)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(parser.parse_args()))
