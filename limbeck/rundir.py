"""The run folder: which stages are done, with what, and the manifest that is written last.

A stage writes only its own folder and reads only earlier ones. Its `done.json` is written after
everything else in it and holds the hash of all that went in: a stage whose inputs changed is done
again, one whose inputs did not is left alone.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import socket
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from limbeck.commands import command
from limbeck.errors import DataError, StageError, UserError
from limbeck.recipe import Recipe
from limbeck.record import content_hash
from limbeck.store import clear_drafts, file_hash, read_json, write_json, write_text

StageName = Literal["generate", "filter", "format", "train", "eval", "report"]
STAGES: tuple[StageName, ...] = ("generate", "filter", "format", "train", "eval", "report")
MOST_BYTES = 240
"""Of a run's name: folders' names end at 255 bytes, and NAME-iterate is one."""
PhaseName = Literal["discriminate", "held_out", "base_held_out", "write"]
"""Folders that a round of limbeck iterate has beside its stages: begun, marked and found done as
these are, and part of no manifest."""


@dataclass(frozen=True, slots=True)
class Done:
    """A finished stage: the hash of its inputs, its counts, and its files by hash."""

    inputs: str
    counts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def outputs(self) -> str:
        """One hash of everything the stage wrote."""
        return content_hash(dict(self.files))

    @property
    def is_whole(self) -> bool:
        """Whether no request failed that is worth asking again: hopeless ones are not."""
        return int(self.counts.get("failures", 0)) <= int(self.counts.get("hopeless", 0))


class RunDir:
    """One run's folder. Opening it checks nothing; `locked` keeps a second process out."""

    def __init__(self, path: Path, recipe: Recipe) -> None:
        self.path = path
        self.recipe = recipe

    @classmethod
    def open(cls, path: Path) -> RunDir:
        """An existing run folder. Raises UserError when it is none."""
        recipe = path / "recipe.yaml"
        if not recipe.is_file():
            if (path / "iterate.yaml").is_file():
                raise UserError(
                    f"{path} is a loop, and its runs are the folders in it, such as "
                    f"{path / 'round-1'}; it goes on with: "
                    f"{command('iterate', path)}"
                )
            raise UserError(f"{path} is no run folder: it has no recipe.yaml")
        return cls(path, Recipe.load(recipe))

    @classmethod
    def of(cls, into: Path, recipe: Recipe) -> RunDir:
        """The run of a recipe in the folder `into`. Raises UserError for a name that no folder can
        have."""
        size = len(recipe.name.encode())
        if size > MOST_BYTES:
            raise UserError(
                f"the name {recipe.name[:20]}... takes {size} bytes as the name of a folder, which "
                f"has {MOST_BYTES} at most; give a shorter one with --set name=NAME"
            )
        return cls(into / recipe.name, recipe)

    @property
    def stages(self) -> tuple[StageName, ...]:
        """Every stage of this run: without a student it ends with its rows."""
        return STAGES if self.recipe.student is not None else STAGES[: STAGES.index("train")]

    def save_recipe(self) -> None:
        """Write recipe.yaml, complete, unless it is the same already."""
        path = self.path / "recipe.yaml"
        text = self.recipe.to_yaml()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)

    @property
    def id(self) -> str:
        """What the ledger knows this run by: random, made once, kept in the folder."""
        path = self.path / "id"
        if not path.is_file():
            write_text(path, uuid.uuid4().hex)
        return path.read_text(encoding="utf-8").strip()

    def folder(self, stage: StageName | PhaseName) -> Path:
        return self.path / stage

    def done(self, stage: StageName | PhaseName) -> Done | None:
        """What a finished stage left, or None when it never finished or lost a file."""
        path = self.folder(stage) / "done.json"
        if not path.is_file():
            return None
        try:
            done = Done(**read_json(path))
            whole = all((self.folder(stage) / name).is_file() for name in done.files)
        except (DataError, TypeError):  # no marker that limbeck wrote
            return None
        return done if whole else None

    def need(self, stage: StageName, *, by: StageName) -> Done:
        """A finished stage. Raises StageError that says which command is missing."""
        done = self.done(stage)
        if done is None:
            verb = "filter" if stage == "format" else stage
            raise StageError(
                f"{by} needs the output of {stage}, and {self.path} has none yet. "
                f"Run: {command(verb, self.path)}"
            )
        return done

    @contextmanager
    def stage(
        self, stage: StageName | PhaseName, inputs: str, *, whole: bool = False
    ) -> Iterator[Finish]:
        """Do a stage: the old marker goes first, the new one comes when the block ends well.

        `whole` says that the stage changes nothing before `Finish.replace` is called: until then
        the old marker holds, and a stage that fails leaves what was there.
        """
        folder = self.folder(stage)
        folder.mkdir(parents=True, exist_ok=True)
        clear_drafts(folder)
        finish = Finish(marker=folder / "done.json")
        if not whole:
            finish.replace()
        yield finish
        files = {name: file_hash(folder / name) for name in finish.files}
        write_json(
            folder / "done.json",
            {"inputs": inputs, "counts": finish.counts, "files": files},
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second process out of the folder. Raises UserError that says who is in it."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # its rows are paid for
            file = (self.path / ".lock").open("ab")
        except OSError as error:
            raise UserError(f"cannot write to {self.path}: {error.strerror}") from error
        with file:
            lock(file, self.path)
            file.truncate(0)  # what a killed process left
            file.write(json.dumps(_me()).encode())
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)

    def log(self, event: str, **fields: Any) -> None:
        """Append one line to log.jsonl. Times stand here and nowhere in results."""
        row = {"at": round(time.time(), 3), "event": event, **fields}
        line = json.dumps(row, ensure_ascii=False) + "\n"
        try:
            with (self.path / "log.jsonl").open("a", encoding="utf-8", errors="replace") as file:
                file.write(line)
        except OSError as error:
            raise UserError(f"cannot write {self.path / 'log.jsonl'}: {error.strerror}") from error


def lock(file: IO[bytes], path: Path, *, shared: bool = False) -> None:
    """Lock the open `.lock` of the run folder `path`. Raises UserError that says who has it."""
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        who = ""
        with suppress(OSError, ValueError, KeyError, TypeError):
            held = json.loads((path / ".lock").read_bytes())
            who = " (pid {pid} on {host}, since {since}: {command})".format(**held)
        raise UserError(
            f"another limbeck is at work in {path}{who}; wait for it, or stop it"
        ) from error


def _me() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S %Z"),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


@dataclass(slots=True)
class Finish:
    """What a stage says about itself while it works."""

    marker: Path
    counts: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    def replace(self) -> None:
        """From here on what was there before is being overwritten."""
        self.marker.unlink(missing_ok=True)
