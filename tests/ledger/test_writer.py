"""The writer: many callers, one commit; a crash, a full disk or a bad row costs nobody else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import StopRun, UserError
from limbeck.ledger import Answered, Ledger
from limbeck.ledger import writer as writing
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import user
from limbeck.teachers.recorded import Recorded
from tests.ledger.example import ASKED, WHO, answered, put, texts


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
        assert (first, last) == (True, True)
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
    assert results == [True] * 299
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


# Crashes and company

WRITER = """
import asyncio, sys
from pathlib import Path
from limbeck.ledger import Answered, Ledger
from limbeck.ledger import writer as writing
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


# What the user can mend


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(writing, "KEEP_SECONDS", 0.2)


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


def test_a_second_reply_to_a_key_is_paid_and_put_aside_and_the_first_one_stays(
    tmp_path: Path,
) -> None:
    path = tmp_path / "l"
    first = replace(answered(1), run="a")
    other = replace(answered(1), reply=Reply("另一个", usage=Usage(5, 6)), run="b")

    async def main(ledger: Ledger) -> list[bool]:
        async def one(entry: Answered) -> bool:
            return await ledger.put(entry)

        many = await asyncio.gather(*(one(answered(n)) for n in (0, 2, 3)), one(first))
        again = await asyncio.gather(one(answered(4)), one(other), one(first), one(answered(0)))
        return [*many, *again]

    with Ledger(path) as ledger:
        assert asyncio.run(main(ledger)) == [True] * 4 + [True, False, True, True]
        assert [spent.usage.completion_tokens for spent in ledger.spent("b")] == [6]
        assert len(ledger.spent("a")) == 1
    assert texts(path, range(5)) == ["0", "1", "2", "3", "4"]


class Counting:
    """Answers at once, and counts how often it was asked."""

    name = "counting"
    identity = WHO

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self, request: Request, /) -> Reply:
        self.asked += 1
        await asyncio.sleep(0.01)
        return Reply("long " * 2000, usage=Usage(1, 1))

    async def aclose(self) -> None:
        return


@pytest.mark.parametrize("room", [False, True])
def test_a_full_disk_keeps_what_is_paid_and_says_how_much_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: bool
) -> None:
    monkeypatch.setattr(writing, "KEEP_SECONDS", 1.0)
    path = tmp_path / "l"
    asked = [Request((user(f"{n}?"),)) for n in range(200)]

    async def main(ledger: Ledger, teacher: Counting) -> list[Any]:
        recorded = Recorded(teacher, ledger)
        link = ledger._writer.link
        (pages,) = link.execute("PRAGMA page_count").fetchone()
        link.execute(f"PRAGMA max_page_count={pages + 40}")
        if room:
            lift = "PRAGMA max_page_count=1000000"
            asyncio.get_running_loop().call_later(0.5, link.execute, lift)
        todo = iter(asked)
        results: list[Any] = []

        async def worker() -> None:
            for request in todo:
                try:
                    results.append(await recorded.ask(request))
                except StopRun as error:  # and goes on, as nobody should
                    results.append(error)

        await asyncio.gather(*(worker() for _ in range(64)))
        return results

    teacher = Counting()
    with Ledger(path) as ledger:
        results = asyncio.run(main(ledger, teacher))
        (stored, _) = ledger.counts()
    errors = {str(result) for result in results if isinstance(result, StopRun)}
    assert len(results) == len(asked)
    assert len(errors) == 1
    assert 64 <= teacher.asked < 200
    lost = teacher.asked - stored
    said = "every answer that came home is stored" if room else f"{lost} paid answers are not"
    assert said in errors.pop()
    assert (lost == 0) == room

    again = Counting()

    async def resume(ledger: Ledger) -> None:
        recorded = Recorded(again, ledger)
        await asyncio.gather(*(recorded.ask(request) for request in asked))

    with Ledger(path) as ledger:
        asyncio.run(resume(ledger))
        assert ledger.counts() == (200, 0)
    assert again.asked == 200 - stored


def test_no_request_leaves_once_a_write_failed(tmp_path: Path) -> None:
    teacher = Counting()

    async def main(ledger: Ledger) -> None:
        recorded = Recorded(teacher, ledger)
        link = ledger._writer.link
        (pages,) = link.execute("PRAGMA page_count").fetchone()
        link.execute(f"PRAGMA max_page_count={pages}")
        for n in range(5):  # a caller that does not stop by itself
            with pytest.raises(StopRun, match=r"full.*Nothing new is sent, but \d paid"):
                await recorded.ask(Request((user(str(n)),)))

    with Ledger(tmp_path / "l") as ledger:
        asyncio.run(main(ledger))
    assert teacher.asked == 1
