"""The ledger: a reply that was paid for is never lost, never mixed up, never invented."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
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
from tests.ledger.example import ASKED, WHO, answered, put, texts

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


def test_commits_are_synced_so_that_power_loss_takes_nothing(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        assert ledger._writer.link.execute("PRAGMA synchronous").fetchone() == (2,)
        assert ledger._writer.link.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_cancelled_caller_does_not_take_its_reply_out_of_the_queue(tmp_path: Path) -> None:
    path = tmp_path / "l"

    async def main(ledger: Ledger) -> None:
        tasks = [asyncio.create_task(ledger.put(answered(n))) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    with Ledger(path) as ledger:
        asyncio.run(main(ledger))
    assert texts(path, range(20)) == [str(n) for n in range(20)]


def test_more_entries_than_one_commit_holds_are_all_written(tmp_path: Path) -> None:
    put(tmp_path / "l", *map(answered, range(1500)))
    assert texts(tmp_path / "l", range(1500)) == [str(n) for n in range(1500)]


def test_one_entry_that_cannot_be_stored_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "l"
    bad = Answered("bad", WHO, ASKED, Reply("x", usage=Usage(2**70, 0)))

    async def main(ledger: Ledger) -> list[Any]:
        entries = [answered(0), bad, answered(1)]
        return await asyncio.gather(*map(ledger.put, entries), return_exceptions=True)

    with Ledger(path) as ledger:
        first, error, last = asyncio.run(main(ledger))
        assert (first, last) == (None, None)
        assert isinstance(error, UserError)
        asyncio.run(ledger.put(answered(2)))
    assert texts(path, range(3)) == ["0", "1", "2"]


def test_a_closed_ledger_refuses_and_does_not_hang(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.close()
    ledger.close()
    with pytest.raises(RuntimeError, match="is closed"):
        asyncio.run(ledger.put(answered(1)))
    assert not any(thread.name == "ledger" for thread in threading.enumerate())


def test_a_put_among_many_is_cancelled_alone_and_its_reply_stays(tmp_path: Path) -> None:
    async def main(ledger: Ledger) -> list[Any]:
        tasks = [asyncio.create_task(ledger.put(answered(n))) for n in range(300)]
        await asyncio.sleep(0)
        tasks[7].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    with Ledger(tmp_path / "l") as ledger:
        results = asyncio.run(main(ledger))
    assert isinstance(results.pop(7), asyncio.CancelledError)
    assert results == [None] * 299
    assert texts(tmp_path / "l", range(300)) == [str(n) for n in range(300)]


def test_rows_that_cannot_be_stored_are_found_among_many(tmp_path: Path) -> None:
    bad = (0, 7, 100, 299)

    async def main(ledger: Ledger) -> list[Any]:
        odd = Reply("x", usage=Usage(2**70, 0))
        entries = [replace(answered(n), reply=odd) if n in bad else answered(n) for n in range(300)]
        return await asyncio.gather(*map(ledger.put, entries), return_exceptions=True)

    with Ledger(tmp_path / "l") as ledger:
        results = asyncio.run(main(ledger))
    assert [n for n, result in enumerate(results) if isinstance(result, UserError)] == list(bad)
    expected = [None if n in bad else str(n) for n in range(300)]
    assert texts(tmp_path / "l", range(300)) == expected


def test_one_key_put_many_times_at_once_is_stored_once(tmp_path: Path) -> None:
    put(tmp_path / "l", *(answered(n % 3, f"{n % 3}") for n in range(300)))
    with Ledger(tmp_path / "l") as ledger:
        assert ledger.counts() == (3, 0)


def test_two_event_loops_in_two_threads_share_a_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:

        async def main(first: int) -> None:
            await asyncio.gather(*(ledger.put(answered(n)) for n in range(first, first + 200)))

        threads = [threading.Thread(target=asyncio.run, args=(main(n),)) for n in (0, 200, 400)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ledger.counts() == (600, 0)


# Asking again, and what it cost


def test_a_retired_reply_is_asked_again_and_nothing_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "l"
    first = replace(answered(1, "巴黎"), run="r1", via="batch")

    async def main(ledger: Ledger) -> None:
        await ledger.put(first)
        # All at once: what one caller does is done in the order in which it was asked for.
        await asyncio.gather(
            ledger.retire("key 1"), ledger.put(answered(1, "Paris")), ledger.retire("key 2")
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
        asyncio.run(ledger.retire("key 1"))
        assert ledger.spent("r1") == expected
        assert ledger.spent("r2") == [(WHO, "live", Usage(5000, 5000), Usage(60, 6))]
        assert ledger.spent("r3") == ledger.spent("") == []
        plan = ledger._read(
            "EXPLAIN QUERY PLAN SELECT * FROM replies WHERE run=?1 AND run<>''", "r"
        )
        assert "replies_run" in plan[0][3]


# Crashes and company

WRITER = """
import asyncio, sys
from pathlib import Path
from limbeck.ledger import Answered, Ledger
from limbeck.protocols import Reply, Request
from limbeck.record import user

async def main(path, first, stop):
    with Ledger(path) as ledger:
        async def one(n):
            request = Request((user(f"为什么 {n}? " * 20),))
            entry = Answered(f"key {n}", {}, request, Reply(str(n), raw={"body": "é" * 500}))
            await ledger.put(entry)
            print(n, flush=True)
        for n in range(first, stop, 256):
            await asyncio.gather(*map(one, range(n, min(n + 256, stop))))

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
"""


def writer(path: Path, first: int, stop: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(stop)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_kill_9_loses_nothing_that_put_returned_for(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with writer(path, 0, 1_000_000) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(3000)]
        os.kill(process.pid, signal.SIGKILL)
        said += [int(line) for line in process.stdout if line.endswith("\n")]
    assert process.returncode == -signal.SIGKILL
    assert texts(path, said) == [str(n) for n in said]
    put(path, answered(-1))  # and the file goes on being written
    assert texts(path, [-1, *said]) == ["-1", *(str(n) for n in said)]


def test_several_processes_share_one_new_file(tmp_path: Path) -> None:
    path = tmp_path / "l"
    writers = [writer(path, n * 100, n * 100 + 100) for n in range(3)]
    for process in writers:
        with process:
            process.communicate()
        assert process.returncode == 0
    assert texts(path, range(300)) == [str(n) for n in range(300)]


def test_what_one_ledger_wrote_another_open_one_reads(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as one, Ledger(tmp_path / "l") as other:
        assert other.get("key 1") is None
        asyncio.run(one.put(answered(1)))
        assert other.get("key 1") == Reply("1", key="key 1")


# What the user can mend


def test_a_full_disk_is_a_users_error_and_what_was_answered_stays(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with Ledger(path) as ledger:
        asyncio.run(ledger.put(answered(1)))
        (pages,) = ledger._writer.link.execute("PRAGMA page_count").fetchone()
        ledger._writer.link.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(UserError, match=r"cannot write the ledger .*full.*Make room"):
            asyncio.run(ledger.put(answered(2, "x" * 1_000_000)))
        ledger._writer.link.execute("PRAGMA max_page_count=1000000")
        asyncio.run(ledger.put(answered(3)))
    assert texts(path, [1, 2, 3]) == ["1", None, "3"]


def test_a_full_disk_fails_every_waiting_put(tmp_path: Path) -> None:
    async def main(ledger: Ledger) -> list[Any]:
        puts = [ledger.put(answered(n, "x" * 100_000)) for n in range(20)]
        return await asyncio.gather(*puts, return_exceptions=True)

    with Ledger(tmp_path / "l") as ledger:
        ledger._writer.link.execute("PRAGMA max_page_count=1")  # SQLite takes the present size
        results = asyncio.run(main(ledger))
    assert all(isinstance(result, UserError) for result in results)
    assert texts(tmp_path / "l", range(20)) == [None] * 20


def test_a_table_that_went_away_is_a_users_error(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        ledger._writer.link.execute("DROP TABLE replies")
        with pytest.raises(UserError, match="cannot read the ledger"):
            ledger.get("key 1")
        with pytest.raises(UserError, match="cannot read the ledger"):
            asyncio.run(ledger.find("key 1"))
        with pytest.raises(UserError, match="cannot write the ledger"):
            asyncio.run(ledger.put(answered(1)))
