"""The ledger: a reply that was paid for is never lost, never mixed up, never invented."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.ledger import Answered, Failed, Ledger, default_path, request_key
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import Message, user

TEXT = st.text(st.characters(codec=None), max_size=30)
WHO = {"endpoint": "https://api.example/v1", "model": "m"}
ASKED = Request((user("Capital of France?"),))
CHANGED: dict[str, Any] = {
    "messages": (user("Capital of Spain?"),),
    "max_tokens": 257,
    "temperature": 0.1,
    "top_p": 0.9,
    "stop": ("\n",),
    "seed": 0,
    "index": 1,
    "template": "raw",
}


def put(path: Path, *entries: Answered | Failed) -> None:
    async def main(ledger: Ledger) -> None:
        await asyncio.gather(*(ledger.put(entry) for entry in entries))

    with Ledger(path) as ledger:
        asyncio.run(main(ledger))


def answered(number: int, text: str = "") -> Answered:
    return Answered(f"key {number}", WHO, replace(ASKED, index=number), Reply(text or str(number)))


def texts(path: Path, numbers: Iterable[int]) -> list[str | None]:
    with Ledger(path) as ledger:
        replies = [ledger.get(f"key {number}") for number in numbers]
    return [None if reply is None else reply.text for reply in replies]


# The key


def test_the_key_is_the_hash_of_the_whole_canonical_request() -> None:
    text = (
        '{"request":{"index":0,"max_tokens":256,"messages":[{"content":"Capital of France?",'
        '"role":"user"}],"seed":null,"stop":[],"temperature":0.0,"template":"chat","top_p":1.0},'
        '"teacher":{"endpoint":"https://api.example/v1","model":"m"}}'
    )
    expected = hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
    assert request_key(WHO, ASKED) == expected


def test_a_change_is_listed_for_every_field_of_a_request() -> None:
    assert set(CHANGED) == {field.name for field in fields(Request)}


@pytest.mark.parametrize("field", sorted(CHANGED))
def test_every_field_of_the_request_changes_the_key(field: str) -> None:
    assert request_key(WHO, replace(ASKED, **{field: CHANGED[field]})) != request_key(WHO, ASKED)


@pytest.mark.parametrize(
    "messages",
    [
        (Message("assistant", "Capital of France?"),),
        (Message("system", "Be brief."), user("Capital of France?")),
        (user("Capital of France? "),),
        (user("Capital of"), user("France?")),
    ],
)
def test_every_part_of_the_messages_changes_the_key(messages: tuple[Message, ...]) -> None:
    assert request_key(WHO, replace(ASKED, messages=messages)) != request_key(WHO, ASKED)


@pytest.mark.parametrize(
    "who", [WHO | {"model": "n"}, WHO | {"endpoint": "http://localhost/v1"}, WHO | {"dtype": "f4"}]
)
def test_what_answers_changes_the_key(who: dict[str, str]) -> None:
    assert request_key(who, ASKED) != request_key(WHO, ASKED)


def test_equal_requests_have_one_key_however_they_were_written() -> None:
    turned = dict(reversed(WHO.items()))
    assert request_key(turned, replace(ASKED, temperature=0, top_p=1)) == request_key(WHO, ASKED)


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
        entries[key] = Answered(key, WHO, request, Reply(text, finish, Usage(tokens, 7), raw=raw))
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
        assert ledger._link.execute("PRAGMA synchronous").fetchone() == (2,)
        assert ledger._link.execute("PRAGMA journal_mode").fetchone() == ("wal",)


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
            entry = Answered(f"key {n}", {}, Request((user(str(n)),)), Reply(str(n)))
            await ledger.put(entry)
            print(n, flush=True)
        for n in range(first, stop, 8):
            await asyncio.gather(*map(one, range(n, min(n + 8, stop))))

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
"""


def writer(path: Path, first: int, stop: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(stop)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_kill_9_loses_nothing_that_put_returned_for(tmp_path: Path) -> None:
    path = tmp_path / "l"
    with writer(path, 0, 1_000_000) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(100)]
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
        (pages,) = ledger._link.execute("PRAGMA page_count").fetchone()
        ledger._link.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(UserError, match=r"cannot write the ledger .*full.*Make room"):
            asyncio.run(ledger.put(answered(2, "x" * 1_000_000)))
        ledger._link.execute("PRAGMA max_page_count=1000000")
        asyncio.run(ledger.put(answered(3)))
    assert texts(path, [1, 2, 3]) == ["1", None, "3"]


def test_a_full_disk_fails_every_waiting_put(tmp_path: Path) -> None:
    async def main(ledger: Ledger) -> list[Any]:
        puts = [ledger.put(answered(n, "x" * 100_000)) for n in range(20)]
        return await asyncio.gather(*puts, return_exceptions=True)

    with Ledger(tmp_path / "l") as ledger:
        ledger._link.execute("PRAGMA max_page_count=1")  # SQLite takes the present size
        results = asyncio.run(main(ledger))
    assert all(isinstance(result, UserError) for result in results)
    assert texts(tmp_path / "l", range(20)) == [None] * 20


def test_a_file_that_is_no_database_is_a_users_error(tmp_path: Path) -> None:
    path = tmp_path / "l"
    path.write_text("These are my notes, and nothing may overwrite them.\n" * 50)
    before = path.read_bytes()
    with pytest.raises(UserError, match=f"cannot open the ledger {path}.*LIMBECK_LEDGER"):
        Ledger(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_a_users_error_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "l"
    link = sqlite3.connect(path)
    link.execute("CREATE TABLE songs (name TEXT)")
    link.commit()
    link.close()
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"is another program's SQLite file.*LIMBECK_LEDGER"):
        Ledger(path)
    assert path.read_bytes() == before


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "l"
    put(path, answered(1))
    link = sqlite3.connect(path)
    link.execute("PRAGMA user_version=2")
    link.close()
    with pytest.raises(UserError, match=r"newer limbeck \(format 2, this one reads 1\)"):
        Ledger(path)
    link = sqlite3.connect(path)
    assert link.execute("SELECT count(*) FROM replies").fetchone() == (1,)
    link.close()


def test_a_folder_or_an_impossible_place_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "ledger.sqlite"):
        with pytest.raises(UserError, match="cannot open the ledger"):
            Ledger(path)


def test_a_table_that_went_away_is_a_users_error(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        ledger._link.execute("DROP TABLE replies")
        with pytest.raises(UserError, match="cannot read the ledger"):
            ledger.get("key 1")
        with pytest.raises(UserError, match="cannot write the ledger"):
            asyncio.run(ledger.put(answered(1)))


def test_the_default_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMBECK_LEDGER", str(tmp_path / "mine"))
    assert default_path() == tmp_path / "mine"
    monkeypatch.setenv("LIMBECK_LEDGER", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path() == tmp_path / "limbeck" / "ledger.sqlite"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_path() == tmp_path / ".local" / "share" / "limbeck" / "ledger.sqlite"


def test_a_new_ledger_makes_its_folder(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b" / "l", answered(1))
    assert texts(tmp_path / "a" / "b" / "l", [1]) == ["1"]
