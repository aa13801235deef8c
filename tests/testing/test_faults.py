"""FaultyServer: every kind on the wire, the same faults for the same workload, honest counts."""

from __future__ import annotations

import asyncio
import email.utils
import hashlib
import itertools
import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

from limbeck.record import canonical_json
from limbeck.testing import KINDS, FaultyServer, kinds, spoken
from limbeck.testing.faults import shares
from tests.testing.wire import Got, chat, post, post_all, send_raw, until

BODY = chat("Où est 北京? 🙂", max_tokens=9)
SAID = "Là-bas, 在那里, tout droit 🙂"
FAST = tuple(kind for kind in KINDS if kind not in ("hang", "drip", "long_body"))


def saying(body: dict[str, Any]) -> str:
    return SAID


def faulted(kind: str) -> Got:
    with FaultyServer([kind], say=saying) as server:
        return post(server.base_url, BODY)


def choice(got: Got) -> tuple[str | None, str]:
    [one] = got.row["choices"]
    return one["message"]["content"], one["finish_reason"]


@pytest.mark.parametrize(
    ("kind", "header", "message"),
    [
        ("rate_limited", {"retry-after": "1"}, "reached."),
        ("rate_limited_ms", {"retry-after-ms": "20"}, "reached."),
        ("rate_limited_words", {}, "Please try again in 20ms."),
    ],
)
def test_a_429_says_how_long_to_wait_in_one_way_only(
    kind: str, header: dict[str, str], message: str
) -> None:
    got = faulted(kind)
    assert got.status == 429
    assert {name: value for name, value in got.headers.items() if "retry" in name} == header
    assert got.row["error"]["message"].endswith(message)
    assert got.row["error"]["code"] == "rate_limit_exceeded"


def test_a_429_may_give_a_date() -> None:
    got = faulted("rate_limited_date")
    date = email.utils.parsedate_to_datetime(got.headers["retry-after"]).timestamp()
    assert got.status == 429
    assert 0 < date - time.time() + 1 < 4


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        ("error_500", 500, "application/json"),
        ("error_502", 502, "text/html"),
        ("error_503", 503, "application/json"),
        ("bad_request", 400, "application/json"),
        ("wrong_type", 200, "text/html"),
    ],
)
def test_errors_have_their_status_and_type(kind: str, status: int, content_type: str) -> None:
    got = faulted(kind)
    assert (got.status, got.headers["content-type"].split(";")[0]) == (status, content_type)
    if content_type == "text/html":
        assert got.raw.startswith(b"<html>")
    else:
        assert got.row["error"]["message"]


def test_a_200_without_a_completion() -> None:
    cut = faulted("truncated_json")
    whole = kinds.usual(BODY, SAID).payload
    assert (cut.status, cut.headers["content-type"]) == (200, "application/json")
    assert cut.raw == whole[: len(whole) // 2]
    assert faulted("error_in_200").row["error"]["message"]
    assert faulted("no_choices").row["choices"] == []
    assert choice(faulted("null_content")) == (None, "stop")


def test_valid_answers_that_are_hard_to_swallow_or_final() -> None:
    text, reason = choice(faulted("long_body"))
    assert text is not None
    assert (len(text) > 4_000_000, text.startswith(SAID), reason) == (True, True, "stop")
    assert choice(faulted("length")) == ("Là-bas, 在那里,", "length")
    assert choice(faulted("content_filter")) == (None, "content_filter")


def test_a_reset_comes_after_half_of_the_body() -> None:
    whole = kinds.usual(BODY, SAID).payload
    with FaultyServer(["reset"], say=saying) as server, send_raw(server.base_url, BODY) as link:
        got = link.recv(65536)
        while not got.endswith(whole[: len(whole) // 2]):
            got += link.recv(65536)
        with pytest.raises(ConnectionResetError):
            link.recv(1)
    head, _, half = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert f"Content-Length: {len(whole)}".encode() in head
    assert half == whole[: len(whole) // 2]
    assert (server.injected, server.served) == ({"reset": 1}, {})


def test_a_hang_sends_nothing_and_ends_with_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "HOLD_SECONDS", 0.1)
    with FaultyServer(["hang"]) as server, send_raw(server.base_url, BODY) as link:
        assert link.recv(1) == b""
    assert server.injected == {"hang": 1}


def test_a_hang_is_released_when_the_server_stops() -> None:
    with FaultyServer(["hang"]) as server:
        link = send_raw(server.base_url, BODY)
        until(lambda: server.injected.total() == 1)
    with link:  # its own timeout, 20 s, is under the hang's 30
        assert link.recv(1) == b""


def test_a_drip_comes_byte_by_byte_and_is_whole_in_the_end() -> None:
    with FaultyServer(["drip"], say=saying, drip_seconds=0.0) as server:
        with send_raw(server.base_url, BODY) as link:
            whole = kinds.usual(BODY, SAID).payload
            got, reads = b"", 0
            while not got.endswith(whole):
                got, reads = got + link.recv(65536), reads + 1
        assert reads > 1  # the network may join bytes, but never all of them
        assert server.served == {canonical_json(BODY): 1}


def test_a_drip_has_a_bound_and_is_then_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "HOLD_SECONDS", 0.1)
    with FaultyServer(["drip"], drip_seconds=10) as server:
        [got] = asyncio.run(post_all(server.base_url, [BODY]))
    assert got == "ClientPayloadError"
    assert server.served == {}


def test_completions_get_faults_in_their_own_form() -> None:
    with FaultyServer(["length"], say=saying) as server:
        got = post(server.base_url, {"model": "m", "prompt": "从前"}, path="/completions").row
    assert got["choices"] == [{"index": 0, "text": "Là-bas, 在那里,", "finish_reason": "length"}]


def test_a_fault_is_drawn_from_the_seed_and_the_body_alone() -> None:
    server = FaultyServer({"reset": 0.25, "hang": 0.25}, seed=3)
    for i in range(50):
        body = chat(f"第{i}")
        text = json.dumps([3, body], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        drawn = int(hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), 16) / 2**64
        expected = "reset" if drawn < 0.25 else "hang" if drawn < 0.5 else None
        assert server.fault_of(body) == expected
    other = FaultyServer({"reset": 0.25, "hang": 0.25}, seed=4)
    assert {other.fault_of(chat(f"第{i}")) for i in range(50)} == {"reset", "hang", None}


def test_the_share_of_faults_is_the_rate_and_every_kind_has_its_part() -> None:
    server = FaultyServer(KINDS, rate=0.2)
    drawn = Counter(server.fault_of(chat(f"é {i}")) for i in range(4000))
    assert set(drawn) == {None, *KINDS}
    assert abs(1 - drawn[None] / 4000 - 0.2) < 0.03


def test_the_same_workload_gets_the_same_faults_in_any_order() -> None:
    bodies = [chat(f"第{i}个 🙂") for i in range(60)]

    def outcomes(order: list[dict[str, Any]], at_once: int) -> dict[str, Any]:
        with FaultyServer(FAST, rate=0.6) as server:
            got = asyncio.run(post_all(server.base_url, order, at_once=at_once))
        return {
            canonical_json(body): one if isinstance(one, str) else (one.status, one.raw)
            for body, one in zip(order, got, strict=True)
        }

    assert outcomes(bodies, 1) == outcomes(bodies[::-1], 30)


@pytest.mark.parametrize(
    ("kind", "options", "statuses"),
    [
        ("error_500", {}, [500, 200, 200]),
        ("error_500", {"times": 2}, [500, 500, 200]),
        ("error_500", {"sticky": True}, [500, 500, 500]),
        ("bad_request", {}, [400, 400, 400]),
    ],
)
def test_a_fault_passes_unless_it_is_sticky_or_final(
    kind: str, options: dict[str, Any], statuses: list[int]
) -> None:
    with FaultyServer([kind], **options) as server:
        assert [post(server.base_url, BODY).status for _ in range(3)] == statuses
    failed = sum(status != 200 for status in statuses)
    assert server.injected[kind] == failed
    assert server.served.total() == 3 - failed
    assert server.sent == {canonical_json(BODY): 3}


def test_a_client_that_asks_again_gets_every_answer_and_the_counts_add_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bodies = [chat(f"n° {i} 🙂") for i in range(120)]
    with FaultyServer(FAST, rate=0.5) as server:
        waiting, rounds = bodies, 0
        while waiting:
            rounds += 1
            got = asyncio.run(post_all(server.base_url, waiting))
            waiting = [body for body, one in zip(waiting, got, strict=True) if not settled(one)]
        final = [body for body in bodies if server.fault_of(body) == "bad_request"]
        forced = [body for body in bodies if server.fault_of(body) in set(FAST) - kinds.FINAL]
    assert rounds == 2
    assert final
    assert forced
    assert server.sent.total() == len(bodies) + len(forced)
    assert server.injected == Counter(filter(None, map(server.fault_of, bodies)))
    answered = [canonical_json(body) for body in bodies if body not in final]
    assert server.served == dict.fromkeys(answered, 1)
    assert server.max_in_flight <= 16
    assert caplog.records == [], "faults are no errors of the server's"


def settled(got: Got | str) -> bool:
    if isinstance(got, str) or got.status not in (200, 400):
        return False
    if got.status == 400:
        return True
    try:
        [one] = got.row["choices"]
    except (ValueError, KeyError):
        return False
    return one["finish_reason"] != "stop" or one["message"]["content"] is not None


def test_usage_depends_on_the_text() -> None:
    with FaultyServer() as server:
        row = post(server.base_url, BODY).row
    words = len(spoken(BODY["messages"]).split())
    assert row["usage"] == {
        "prompt_tokens": 4,
        "completion_tokens": words,
        "total_tokens": 4 + words,
    }


def test_beyond_its_capacity_a_server_turns_away_and_a_gone_client_makes_room() -> None:
    with FaultyServer(["hang"], capacity=1) as server:
        with send_raw(server.base_url, BODY):
            until(lambda: server.injected.total() == 1)
            turned_away = post(server.base_url, chat("another"))
            assert (turned_away.status, server.rejected) == (503, {"capacity": 1})
        assert server.max_in_flight == 2
        statuses = (post(server.base_url, BODY).status for _ in itertools.count())
        until(lambda: next(statuses) == 200)
    assert server.served == {canonical_json(BODY): 1}


CHILD = """
import json, sys, urllib.request
url, bodies = sys.argv[1], json.loads(sys.argv[2])
for body in bodies:
    raw = json.dumps(body).encode()
    request = urllib.request.Request(url, raw, {"Content-Type": "application/json"})
    urllib.request.urlopen(request).read()
"""


def test_the_counts_outlive_a_client_that_is_killed() -> None:
    bodies = [chat(f"第{i}") for i in range(40)]
    with FaultyServer({"hang": 0.1}) as server:
        good = list(itertools.takewhile(lambda body: server.fault_of(body) is None, bodies))
        assert 0 < len(good) < len(bodies)
        url = f"{server.base_url}/chat/completions"
        child = subprocess.Popen([sys.executable, "-c", CHILD, url, json.dumps(bodies)])
        until(lambda: server.injected["hang"] == 1)
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert server.served == dict.fromkeys(map(canonical_json, good), 1)
        assert server.sent.total() == len(good) + 1
        assert post(server.base_url, bodies[len(good)]).status == 200, "seen once: it is well"


def test_the_bound_key_and_model_hold_here_too() -> None:
    with FaultyServer(KINDS, api_key="k", models=("n",), max_requests=1) as server:
        right = {"Authorization": "Bearer k"}
        assert post(server.base_url, BODY).status == 401
        assert post(server.base_url, BODY, headers=right).status == 503
    assert server.injected == {}
    with FaultyServer(KINDS, models=("n",)) as server:
        assert post(server.base_url, BODY).status == 404
        assert post(server.base_url, {"model": "n", "messages": 3}).status == 400
    assert server.injected == {}


@pytest.mark.parametrize(
    ("faults", "rate", "message"),
    [
        (["error_501"], 1.0, "unknown fault 'error_501'; did you mean 'error_50"),
        ({"reset": 1.5}, 1.0, "the rate of 'reset' must lie between 0 and 1, got 1.5"),
        ({"reset": 0.6, "hang": 0.6}, 1.0, "the rates must sum to 1 at most, got 1.2"),
        ({"reset": 0.6}, 0.5, "a mapping states each kind's own"),
        (["reset"], -0.1, "between 0 and 1"),
    ],
)
def test_faults_that_cannot_be_are_refused(faults: Any, rate: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shares(faults, rate)


def test_every_server_listens_on_this_machine_only() -> None:
    with FaultyServer() as server:
        assert server.base_url.startswith("http://127.0.0.1:")
        port = int(server.base_url.split(":")[2].split("/")[0])
        with socket.socket() as link:
            link.settimeout(1)
            assert link.connect_ex(("127.0.0.2", port)) != 0
