"""The file: made, brought up to date, or refused and left as it is."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import StopRun, UserError
from limbeck.ledger import Failed, Ledger, default_path, schema
from limbeck.ledger.schema import VERSION
from limbeck.protocols import Reply, Usage
from limbeck.teachers.recorded import Recorded
from limbeck.testing import FakeTeacher
from tests.ledger.example import ASKED, FORMAT_1, answered, put, texts


def of_format_1(path: Path) -> Path:
    link = sqlite3.connect(path)
    link.executescript(FORMAT_1)
    link.close()
    return path


def columns(path: Path) -> dict[str, list[tuple[str, ...]]]:
    link = sqlite3.connect(path)
    names = [row[0] for row in link.execute("SELECT name FROM sqlite_master ORDER BY name")]
    found = {name: link.execute(f"PRAGMA table_info({name})").fetchall() for name in names}
    (version,) = link.execute("PRAGMA user_version").fetchone()
    link.close()
    return found | {"version": [(str(version),)]}


def test_a_ledger_of_the_first_format_is_brought_up_to_date(tmp_path: Path) -> None:
    path = of_format_1(tmp_path / "l")
    with Ledger(path) as ledger:
        found = ledger.found("key 1")
        assert found == (Reply("巴黎", "stop", Usage(5, 2), "key 1", {"id": "🙂"}), 1000.0)
        assert ledger.get("key 2") == Reply("\ud800", "length", Usage(6, 3), "key 2")
        assert ledger.failure("key 3") == Failed(
            "key 3",
            {"endpoint": "é", "model": "模型"},
            '{"messages":[]}',
            "timeout",
            "zu spät",
            6,
        )
    put(path, answered(4))
    put(tmp_path / "new", answered(4))
    assert columns(path) == columns(tmp_path / "new")
    assert texts(path, [1, 4]) == ["巴黎", "4"]


def test_a_step_that_fails_leaves_the_old_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of_format_1(tmp_path / "l")
    before = columns(path)
    from limbeck.ledger import schema

    broken = (schema.STEPS[0], schema.STEPS[1] + "; CREATE TABLE facts (x)")
    monkeypatch.setattr(schema, "STEPS", broken)
    with pytest.raises(UserError, match="cannot open the ledger"):
        Ledger(path)
    assert columns(path) == before
    monkeypatch.undo()
    assert texts(path, [1]) == ["巴黎"]


OPENER = """
import sys
from pathlib import Path
from limbeck.ledger import Ledger
print("ready", flush=True)
sys.stdin.readline()
for path in sys.argv[1:]:
    with Ledger(Path(path)) as ledger:
        print(ledger.counts())
"""


def test_processes_that_open_old_and_new_files_at_once_agree(tmp_path: Path) -> None:
    paths = [str(of_format_1(tmp_path / f"{n}")) for n in range(20)]
    paths += [str(tmp_path / f"new {n}") for n in range(20)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, errors = process.communicate(timeout=60)
        assert errors == ""
        assert out.splitlines() == ["(2, 1)"] * 20 + ["(0, 0)"] * 20


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
    link.execute(f"PRAGMA user_version={VERSION + 1}")
    link.close()
    with pytest.raises(
        UserError, match=rf"newer limbeck \(format {VERSION + 1}, this one reads {VERSION}\)"
    ):
        Ledger(path)
    link = sqlite3.connect(path)
    assert link.execute("SELECT count(*) FROM replies").fetchone() == (1,)
    link.close()


def test_a_folder_or_an_impossible_place_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "ledger.sqlite"):
        with pytest.raises(UserError, match="cannot open the ledger"):
            Ledger(path)


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


def test_a_network_file_system_is_refused_by_name_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, local = tmp_path / "home of all", tmp_path / "home of all" / "scratch"
    mounts = tmp_path / "mounts"
    folder = str(shared).replace(" ", "\\040")
    mounts.write_text(
        f"/dev/sda / ext4 rw 0 0\nhost:/home {folder} nfs4 rw 0 0\n"
        f"/dev/sdb {folder}/scratch xfs rw 0 0\n"
    )
    monkeypatch.setattr(schema, "MOUNTS", mounts)
    with pytest.raises(UserError, match=r"network file system \(nfs4\).*LIMBECK_LEDGER"):
        Ledger(shared / "me" / "l.sqlite")
    assert not shared.exists()
    for path in (local / "l.sqlite", tmp_path / "home of all else" / "l.sqlite"):
        Ledger(path).close()


def test_a_ledger_on_a_disk_that_takes_no_write_is_found_in_and_asks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l"
    teacher = FakeTeacher({"a": 1.0})
    with Ledger(path) as ledger:
        first = asyncio.run(Recorded(teacher, ledger).ask(ASKED))
    connect = sqlite3.connect

    def refusing(file: str, **options: Any) -> Any:
        if "mode=ro" in file:
            return connect(file, **options)
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise error

    monkeypatch.setattr(sqlite3, "connect", refusing)
    before = path.read_bytes()
    with Ledger(path) as ledger:
        recorded = Recorded(teacher, ledger)
        assert asyncio.run(recorded.ask(ASKED)) == first
        with pytest.raises(StopRun, match=r"cannot be written, so nothing new is asked"):
            asyncio.run(recorded.ask(replace(ASKED, index=1)))
        with pytest.raises(UserError, match="readonly"):
            ledger.remember("kind", "name", 1)
    assert len(teacher.asked) == 1
    assert path.read_bytes() == before
