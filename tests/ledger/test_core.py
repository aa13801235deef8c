"""The ledger: a reply that was paid for is never lost, never mixed up, never invented."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.ledger import Answered, Failed, Ledger, request_key
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import user
from tests.ledger.example import ASKED, WHO, answered, put, retire, texts

TEXT = st.text(st.characters(codec=None), max_size=30)


# Writing and reading


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.dictionaries(TEXT, TEXT, max_size=4),
    st.sampled_from(["stop", "length", "content_filter"]),
    st.integers(0, 10**9),
    st.none() | st.dictionaries(TEXT, TEXT, max_size=2),
)
def test_a_reply_survives_closing_and_opening_again(
    tmp_path: Path, prompts: dict[str, str], finish: str, tokens: int, raw: dict[str, str] | None
) -> None:
    path = tmp_path / "ledger.sqlite"
    path.unlink(missing_ok=True)
    entries = {}
    for prompt, text in prompts.items():
        request = Request((user(prompt),))
        key = request_key(WHO, request)
        entries[key] = Answered(
            key, WHO, request, Reply(text, finish, Usage(tokens, 7, tokens // 2), raw=raw)
        )
    put(path, *entries.values())
    with Ledger(path) as ledger:
        for key, entry in entries.items():
            assert ledger.get(key) == replace(entry.reply, key=key)
        assert ledger.counts() == (len(entries), 0)


def test_an_unknown_key_has_no_reply(tmp_path: Path) -> None:
    put(tmp_path / "l", answered(1))
    assert texts(tmp_path / "l", [2]) == [None]


def test_a_failure_is_never_returned_as_a_reply(tmp_path: Path) -> None:
    path = tmp_path / "l"
    failed = Failed("key 1", WHO, ASKED, "timeout", "no answer \ud800", 6)
    put(path, failed, failed)
    assert texts(path, [1]) == [None]
    put(path, answered(1, "Paris"))
    assert texts(path, [1]) == ["Paris"]
    put(path, failed)
    assert texts(path, [1]) == ["Paris"]
    with Ledger(path) as ledger:
        assert ledger.counts() == (1, 3)


def test_the_first_reply_stays(tmp_path: Path) -> None:
    put(tmp_path / "l", answered(1, "first"))
    put(tmp_path / "l", answered(1, "second"))
    assert texts(tmp_path / "l", [1]) == ["first"]


def test_the_whole_request_can_be_read_with_any_sqlite_tool(tmp_path: Path) -> None:
    put(tmp_path / "l", Answered("k", WHO, ASKED, Reply("Paris", "stop", Usage(5, 1)), 3, 0.5))
    link = sqlite3.connect(tmp_path / "l")
    (row,) = link.execute(
        "SELECT teacher, request, reply, finish_reason, prompt_tokens, completion_tokens,"
        " attempts, seconds FROM replies"
    ).fetchall()
    link.close()
    assert json.loads(row[0]) == WHO
    assert json.loads(row[1])["messages"] == [{"role": "user", "content": "Capital of France?"}]
    assert json.loads(row[2]) == {"text": "Paris", "raw": None}
    assert row[3:] == ("stop", 5, 1, 3, 0.5)


def test_a_reply_is_on_disk_when_put_returns(tmp_path: Path) -> None:
    path = tmp_path / "l"

    async def main(ledger: Ledger) -> None:
        await ledger.put(answered(1))
        other = sqlite3.connect(path)
        assert other.execute("SELECT key FROM replies").fetchall() == [("key 1",)]
        other.close()

    with Ledger(path) as ledger:
        asyncio.run(main(ledger))


# Asking again, and what it cost


def test_a_retired_reply_is_asked_again_and_nothing_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "l"
    first = replace(answered(1, "巴黎"), run="r1", via="batch")

    async def main(ledger: Ledger) -> None:
        await ledger.put(first)
        # All at once: what one caller does is done in the order in which it was asked for.
        await asyncio.gather(
            retire(ledger, "key 1"), ledger.put(answered(1, "Paris")), retire(ledger, "key 2")
        )

    with Ledger(path) as ledger:
        asyncio.run(main(ledger))
    assert texts(path, [1, 2]) == ["Paris", None]
    link = sqlite3.connect(path)
    kept = link.execute("SELECT key, reply, run, via FROM retired").fetchall()
    link.close()
    assert kept == [("key 1", '{"text":"巴黎","raw":null}', "r1", "batch")]


def test_the_latest_failure_of_a_key_is_found(tmp_path: Path) -> None:
    failed = Failed("key 1", WHO, ASKED, "timeout", "zu spät 🙂", 6, "r1", Usage(7, 3))
    put(tmp_path / "l", failed)
    put(tmp_path / "l", replace(failed, reason="transient", message="503"))
    put(tmp_path / "l", replace(failed, key="key 2"))
    with Ledger(tmp_path / "l") as ledger:
        found = ledger.failure("key 1")
        assert found is not None
        assert isinstance(found.request, str)
        assert json.loads(found.request)["messages"][0]["content"] == "Capital of France?"
        expected = replace(failed, reason="transient", message="503", request=found.request)
        assert found == expected
        assert ledger.failure("key 3") is None


def test_a_reply_is_found_with_the_time_when_it_was_stored(tmp_path: Path) -> None:
    before = time.time()
    put(tmp_path / "l", answered(1))
    with Ledger(tmp_path / "l") as ledger:
        found = ledger.found("key 1")
        assert found is not None
        assert found[0] == ledger.get("key 1")
        assert before <= found[1] <= time.time()
        assert ledger.found("key 2") is None


def test_many_are_found_at_once_as_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "l"
    put(path, *(answered(n, f"巴黎 {n}") for n in range(0, 1500, 2)))

    async def main(ledger: Ledger) -> None:
        keys = [f"key {n}" for n in range(1501)] * 2
        tasks = [asyncio.create_task(ledger.find(key)) for key in keys]
        await asyncio.sleep(0)
        tasks[3].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(results.pop(3), asyncio.CancelledError)
        del keys[3]
        assert results == [ledger.found(key) for key in keys]
        assert await ledger.find("key 2") == ledger.found("key 2")
        await ledger.put(answered(1))
        found = await ledger.find("key 1")
        assert found is not None
        assert found[0] == Reply("1", key="key 1")

    with Ledger(path) as ledger:
        asyncio.run(main(ledger))


def test_what_a_run_spent_is_summed_by_teacher_and_way(tmp_path: Path) -> None:
    path = tmp_path / "l"
    other = {"endpoint": "é", "model": "模型"}

    def entry(n: int, run: str, who: Any, usage: Usage, wasted: Usage, via: str) -> Answered:
        reply = Reply("x", usage=usage)
        return Answered(f"key {n}", who, ASKED, reply, run=run, wasted=wasted, via=via)

    put(
        path,
        entry(1, "r1", WHO, Usage(100, 10, 50), Usage(1, 2), "live"),
        entry(2, "r1", WHO, Usage(200, 20, 0), Usage(), "live"),
        entry(3, "r1", WHO, Usage(400, 40, 7), Usage(), "batch"),
        entry(4, "r1", other, Usage(800, 80), Usage(), "live"),
        entry(5, "r2", WHO, Usage(5000, 5000), Usage(), "live"),
        entry(6, "", WHO, Usage(9000, 9000), Usage(), "live"),
        Failed("key 7", WHO, ASKED, "timeout", "", 6, "r1", Usage(30, 3)),
        Failed("key 8", WHO, ASKED, "timeout", "", 6, "r2", Usage(60, 6)),
    )
    expected = [
        (WHO, "batch", Usage(400, 40, 7), Usage()),
        (WHO, "live", Usage(300, 30, 50), Usage(31, 5)),
        (other, "live", Usage(800, 80), Usage()),
    ]
    with Ledger(path) as ledger:
        assert ledger.spent("r1") == expected
        asyncio.run(retire(ledger, "key 1"))
        assert ledger.spent("r1") == expected
        assert ledger.spent("r2") == [(WHO, "live", Usage(5000, 5000), Usage(60, 6))]
        assert ledger.spent("r3") == ledger.spent("") == []
        plan = ledger._read(
            "EXPLAIN QUERY PLAN SELECT * FROM replies WHERE run=?1 AND run<>''", "r"
        )
        assert "replies_run" in plan[0][3]


def test_what_one_ledger_wrote_another_open_one_reads(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as one, Ledger(tmp_path / "l") as other:
        assert other.get("key 1") is None
        asyncio.run(one.put(answered(1)))
        assert other.get("key 1") == Reply("1", key="key 1")


# What the user can mend


def test_a_table_that_went_away_is_a_users_error(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        ledger._writer.link.execute("DROP TABLE replies")
        with pytest.raises(UserError, match="cannot read the ledger"):
            ledger.get("key 1")
        with pytest.raises(UserError, match="cannot read the ledger"):
            asyncio.run(ledger.find("key 1"))
        with pytest.raises(UserError, match="cannot write the ledger"):
            asyncio.run(ledger.put(answered(1)))
