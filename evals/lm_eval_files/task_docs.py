"""How many docs the tasks of YAML files have, as far as files here tell: no code of theirs is run,
and nothing is fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.evals.lm_eval_files.task_folder import configs_in, members, merged, tasks_in

LIKELIHOODS = ("loglikelihood", "loglikelihood_rolling")


@dataclass(frozen=True, slots=True)
class TaskDocs:
    """One lm-eval task. `docs` is None where only lm-eval can tell, and `why` says so;
    `likelihoods` that it writes nothing, `max_tokens` how much it may write by its own file."""

    name: str
    docs: int | None
    likelihoods: bool = False
    max_tokens: int | None = None
    why: str = ""


def task_docs(path: Path) -> list[TaskDocs]:
    """The tasks of a YAML file or a folder, groups taken apart. Raises what `tasks_in` raises, and
    DataError for a file that is no YAML."""
    if path.is_dir():
        configs, names = configs_in(path), tasks_in(path)
    else:
        configs, names = {path.stem: merged(path)}, [path.stem]
        if members(configs[path.stem]):  # of a group; whatever else lies there may be broken
            configs = configs_in(path.parent, skip_broken=True) | configs
    return [found for name in names for found in _tasks(name, configs, ())]


def _tasks(
    name: str, configs: Mapping[str, Mapping[str, Any]], within: tuple[str, ...]
) -> Iterator[TaskDocs]:
    config = configs.get(name)
    if config is None:
        tagged = [own for own, one in configs.items() if name in _tags(one)]
        if not tagged or name in within:
            yield TaskDocs(name, None, why="it is a task of lm-eval's own")
        for own in tagged:
            yield from _tasks(own, configs, (*within, name))
        return
    inner = [one for one in members(config) if one not in within and one != name]
    if inner:
        for one in inner:
            yield from _tasks(one, configs, (*within, name))
        return
    docs, why = _docs(config)
    settings = config.get("generation_kwargs")
    most = settings.get("max_gen_toks") if isinstance(settings, Mapping) else None
    yield TaskDocs(
        name,
        docs,
        likelihoods=config.get("output_type") in LIKELIHOODS,
        max_tokens=most if isinstance(most, int) else None,
        why=why,
    )


def _tags(config: Mapping[str, Any]) -> list[str]:
    given = config.get("tag") or []
    return [str(tag) for tag in given] if isinstance(given, list) else [str(given)]


def _docs(config: Mapping[str, Any]) -> tuple[int | None, str]:
    """The number of docs, or why it is not known."""
    data = config.get("dataset_path")
    if "class" in config or "custom_dataset" in config or data != "json":
        named = f"the data set {data}" if isinstance(data, str) else "its data"
        return None, f"how many docs it has is known once lm-eval has loaded {named}"
    options = config.get("dataset_kwargs")
    files = options.get("data_files") if isinstance(options, Mapping) else None
    split = config.get("test_split") or config.get("validation_split")
    if isinstance(files, Mapping):
        files = files.get(split)
    elif split != "train":  # what a list of files is, whatever it is called
        files = None
    paths = [files] if isinstance(files, str) else files
    if not isinstance(paths, list) or not paths or (options and "field" in options):
        return None, f"its file does not say which rows the split {split} has"
    total = 0
    for path in map(Path, map(str, paths)):
        rows = _rows(path) if path.is_file() else None
        if rows is None:
            return None, f"{path} is no file of rows here"
        total += rows
    return total, ""


def _rows(path: Path) -> int | None:
    """The rows of JSONL, or of one JSON list; None for a file of anything else."""
    try:
        with path.open("rb") as file:
            lines = [line for line in file if line.strip()]
        if lines and lines[0].lstrip().startswith(b"["):
            whole = json.loads(b"".join(lines))
            return len(whole) if isinstance(whole, list) else None
        return len(lines) if all(line.lstrip().startswith(b"{") for line in lines) else None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error
    except (ValueError, RecursionError):
        return None
