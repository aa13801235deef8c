"""What runs of one study have in common is done once, and stands in each of their folders: the
rows, the results of base and teacher, the weights of the base. Hard links, where the file system
has them: no room is taken twice.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from limbeck.pipeline import evaluate
from limbeck.pipeline.context import Context
from limbeck.rundir import RunDir
from limbeck.store import file_hash, read_json, write_text


def give_data(data: RunDir, run: RunDir) -> None:
    """The records and verdicts of `data` become the run's, whole, the marker last; and its calls
    are paid from one budget. What the run has already stays. Raises UserError where another
    process is in the run's folder."""
    with run.locked():
        write_text(run.path / "id", data.id)
        for stage in ("generate", "filter"):
            source, target = data.folder(stage), run.folder(stage)
            marker = target / "done.json"
            if marker.is_file() and marker.read_bytes() == (source / "done.json").read_bytes():
                continue
            shutil.rmtree(target, ignore_errors=True)
            files = [path for path in source.rglob("*") if path.is_file()]
            for path in sorted(files, key=lambda path: path == source / "done.json"):
                link(path, target / path.relative_to(source))


def share_roles(
    context: Context, *, same_base: RunDir | None = None, teacher_of: RunDir | None = None
) -> None:
    """Takes over, into a run that was trained and is to be evaluated, what evaluated runs have that
    is this one's too: of `same_base` the results and the weights of the base, of `teacher_of` the
    results of the teacher.

    The stage eval takes a result where model and protocol are this run's own, and does another
    anew: a run that is not so much alike costs nothing but the links. A run that is evaluated
    already keeps what it has. Raises StageError before train is done, and UserError where another
    process is in the run's folder.
    """
    run = context.run
    with run.locked():
        done = run.done("eval")
        if done is None or done.inputs != evaluate.inputs(context):
            for role, other in (("base", same_base), ("teacher", teacher_of)):
                if other is not None:
                    _share_role(role, other.folder("eval"), run.folder("eval"))
        if same_base is not None:
            _share_weights(same_base.folder("train") / "base", run.folder("train") / "base")


def _share_role(role: str, source: Path, target: Path) -> None:
    """The role's results, of every part of the evaluation, and with them what the items ask."""
    new = False
    for path in sorted(source.rglob(f"{role}*.json")):
        own = target / path.relative_to(source)
        if not own.is_file() or _is_of(own) != _is_of(path):
            link(path, own)
            new = True
    asked = source / evaluate.ASKED
    if asked.is_file() and (new or not (target / evaluate.ASKED).is_file()):
        link(asked, target / evaluate.ASKED)


def _share_weights(source: Path, target: Path) -> None:
    for path in sorted(source.glob("*.safetensors")):
        own = target / path.name
        is_other = own.is_file() and not own.samefile(path)
        if is_other and file_hash(own) == file_hash(path):
            link(path, own)


def _is_of(path: Path) -> Any:
    found = read_json(path)
    return found.get("model"), (found.get("protocol") or {}).get("hash")


def link(source: Path, target: Path) -> None:
    """The same file under another name, or a copy where the file system has no links. Files of a
    run are replaced and never changed in place, so neither run can change the other's."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    draft.unlink(missing_ok=True)
    try:
        os.link(source, draft)
    except OSError:
        shutil.copy2(source, draft)
    draft.replace(target)
