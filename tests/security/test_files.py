"""The door of files: recipes, ledgers and folders that somebody else made or can write to."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from limbeck.errors import RecipeError, UserError
from limbeck.ledger.schema import open_ledger, open_source
from limbeck.reading.card import licence_of_card
from limbeck.recipe import Recipe
from limbeck.registry import find
from limbeck.store import write_text, writing

STEPS = "bcdefghij"
LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + chr(ord(name) - 1)] * 9)}]\n" for name in STEPS
)
MERGED = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join(['*' + chr(ord(name) - 1)] * 9)}]}}\n" for name in STEPS
)
YAML = {
    "laughs": LAUGHS + "name: *j\n",
    "merged": MERGED,
    "itself": "name: &a [*a]\n",
    "python": "name: !!python/object/apply:os.system ['touch ran']\n",
    "twice": "name: a\nname: b\n",
    "nul": 'name: "a\\0b"\n',
    "deep": "[" * 5000,
    "deep keys": "{a: " * 3000,
    "one line": "name: " + "a" * (5 << 20),
    "digits": "name: " + "1" * 5000,
    "sixties": "name: 1" + ":59" * 5000,
    "list as key": "? [a, b]\n: 1\n",
    "mapping as key": "? {a: 1}\n: 1\n",
}
LOAD = """
import resource, sys
from pathlib import Path
from limbeck.errors import UserError
from limbeck.recipe import Recipe
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
for path in sys.argv[1:]:
    try:
        Recipe.load(Path(path))
    except UserError as error:
        assert len(str(error)) < 1000 and "\\0" not in str(error)
        print("refused")
"""


def test_no_yaml_grows_runs_or_ends_in_a_traceback(tmp_path: Path) -> None:
    paths = []
    for number, text in enumerate(YAML.values()):
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *map(str, paths)],
        cwd=tmp_path, timeout=30, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["refused"] * len(YAML), done.stderr
    assert not (tmp_path / "ran").exists()


def test_anchors_that_people_use_still_work(tmp_path: Path) -> None:
    text = "name: a\nseeds: s.jsonl\nteacher: {model: 'fake:x', extra: {a: &x [1, 2], b: *x}}\n"
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    assert Recipe.load(tmp_path / "r.yaml").teacher.extra == {"a": [1, 2], "b": [1, 2]}


def test_a_card_that_grows_has_no_licence() -> None:
    assert licence_of_card(f"---\n{MERGED}license: mit\n---\n") == ""
    assert licence_of_card("---\nlicense: mit\n---\n") == "mit"


HIDDEN = (
    "CREATE TRIGGER t AFTER INSERT ON replies BEGIN DELETE FROM failures; END",
    "CREATE VIEW mine AS SELECT * FROM replies",
    "DROP TABLE failures; CREATE VIEW failures AS SELECT 1",
)


@pytest.mark.parametrize("sql", HIDDEN)
def test_a_ledger_with_sql_in_it_is_refused_and_left_alone(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "ledger.sqlite"
    open_ledger(path).close()
    with sqlite3.connect(path) as link:
        link.executescript(sql)
    link.close()
    for open_ in (open_ledger, open_source):
        with pytest.raises(UserError, match="holds SQL that would run"):
            open_(path)


def test_a_ledger_trusts_no_function_in_its_schema(tmp_path: Path) -> None:
    link = open_ledger(tmp_path / "ledger.sqlite")
    assert link.execute("PRAGMA trusted_schema").fetchone() == (0,)
    link.close()


@pytest.mark.parametrize("damage", ["page", "cut", "text", "wal"])
def test_a_damaged_ledger_is_a_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "ledger.sqlite"
    open_ledger(path).close()
    data = path.read_bytes()
    changed = {
        "page": data[:100] + b"\xff" * 3000 + data[3100:],
        "cut": data[: len(data) // 2 + 7],
        "text": b"hello " * 1000,
        "wal": b"",
    }
    path.write_bytes(changed[damage])
    if damage == "wal":
        path.with_name("ledger.sqlite-wal").write_bytes(data)
    with pytest.raises(UserError, match="ledger"):
        open_source(path).close()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    for name in (".a.txt.{}.part", ".a.txt.part", "a.txt"):
        (tmp_path / name.format(os.getpid())).symlink_to(victim)
    write_text(tmp_path / "a.txt", "theirs")
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "a.txt").is_symlink()
    with writing(tmp_path / "b.txt") as one, writing(tmp_path / "b.txt") as two:
        assert one != two
        one.touch()
        two.touch()


EVIL = "open({!r}, 'a').write(__name__)\nraise ImportError('not here')\n"
NAMES = ("json", "sympy", "math_verify", "multiprocessing", "signal", "pickle", "evil", "limbeck")


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A folder with programs in it that are named like modules, and a plug-in."""
    folder = tmp_path / "data"
    about = folder / "evil-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[limbeck.filters]\nevil = evil:Filter\n")
    for name in NAMES:
        (folder / f"{name}.py").write_text(EVIL.format(str(tmp_path / "ran")))
    (folder / "rows.jsonl").write_text('{"prompt": "a", "completion": "b"}\n' * 3)
    return folder


WORKERS = """
from limbeck.audit.workers import Workers
from limbeck.cli.app import main
from limbeck.filters.answer.maths import Worker, installed
import sys
if __name__ == "__main__":
    sys.argv = ["limbeck", "--version"]
    try:
        main()
    except SystemExit:
        pass
    with Workers(2) as workers:
        print(list(workers.map(len, [("ab",), ("abc",)])))
    if installed():
        print(Worker().ask({"op": "ready"}))
"""


def test_nothing_is_imported_from_the_folder_that_one_stands_in(evil: Path, tmp_path: Path) -> None:
    script = tmp_path / "program" / "limbeck_.py"
    script.parent.mkdir()
    script.write_text(WORKERS)
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=evil, timeout=60, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "[2, 3]" in done.stdout, done.stderr
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


def test_a_plug_in_is_one_that_is_installed(evil: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(evil)
    with pytest.raises(RecipeError, match="unknown filter 'evil'"):
        find("filters", "evil")
