"""lm-eval's tasks, loaded by name, by file or by folder, and set as the recipe asks for them."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.evals.lm_eval_files.task_folder import group_in, tasks_in
from limbeck.recipe_eval import TASK_FILES, TaskOptions
from limbeck.record import content_hash

FEWSHOT_SEED = 1234  # lm-eval's own default
LENGTHS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")


class Engine:
    """Loads what the entries of `eval.tasks` name.

    `manager(include_path=..., include_defaults=...)` is lm-eval's TaskManager. A file or a folder
    is read with an index of its own, so that what lies beside another entry's file can never stand
    in for it, nor for a task of lm-eval's.
    """

    def __init__(self, manager: Callable[..., Any]) -> None:
        self._make = manager
        self._managers: dict[Path | None, Any] = {}

    def load(self, entry: str) -> Iterator[tuple[str, str, Any]]:
        """(name, part, task) of all lm-eval tasks of an entry; a group's are parts of its name.

        A file's stand under the file's name, whatever they are called in it. Raises UserError for a
        name that is unknown, and for whatever keeps a task from being loaded.
        """
        path = Path(entry)
        if entry.endswith(TASK_FILES):
            yield from self._load(self._spec(path), path.parent, path.stem)
        elif path.is_absolute() and path.is_dir():
            for name in tasks_in(path):
                yield from self._load(name, path, "")
        else:
            yield from self._load(entry, None, "")

    def _spec(self, path: Path) -> str:
        """How lm-eval is told of a file: a task by its path, a group by its name, since that alone
        works in lm-eval 0.4.13."""
        name = group_in(path)
        if name is None:
            return str(path)
        entry = self._manager(path.parent).task_index.get(name)
        if entry is None or entry.yaml_path is None or not path.samefile(entry.yaml_path):
            raise UserError(
                f"lm-eval finds the group {name!r} in another file than {path}, or in none; end "
                "the file in .yaml, and let no other beside it have that name"
            )
        return name

    def _load(self, spec: str, home: Path | None, name: str) -> Iterator[tuple[str, str, Any]]:
        manager = self._manager(home)
        if home is None and spec not in manager.task_index:
            raise UserError(f"lm-eval does not know the task {spec!r}")
        try:
            loaded = manager.load([spec])
        except Exception as error:  # a task's file may run into anything
            raise UserError(
                f"lm-eval cannot load the task {name or spec}: {_cause(error)}. Look at its "
                "data_files, or the name of its data set"
            ) from error
        for own, task in loaded["tasks"].items():
            if loaded["groups"]:
                yield name or spec, own, task
            else:
                yield name or own, "", task

    def _manager(self, home: Path | None) -> Any:
        """Reading lm-eval's 13,000 tasks takes seconds: only where one is named."""
        if home not in self._managers:
            path = None if home is None else str(home)
            self._managers[home] = self._make(include_path=path, include_defaults=home is None)
        return self._managers[home]


def set_options(task: Any, options: TaskOptions, most: int) -> None:
    """The options of an lm-eval task, its drawn docs, and worked examples that are never the item
    itself. `most` are the tokens of an answer where the task says nothing of it. Raises UserError
    for a task without docs, and for more worked examples than there are."""
    shots = options.few_shot
    if shots is not None or task.get_config("num_fewshot") is None:
        task.set_config(key="num_fewshot", value=shots or 0)
    task.set_fewshot_seed(seed=FEWSHOT_SEED)
    if task.OUTPUT_TYPE == "generate_until":
        settings = dict(task.config.generation_kwargs or {})
        own = next((settings[key] for key in LENGTHS if settings.get(key)), most)
        settings["max_gen_toks"] = own if options.max_tokens is None else most
        task.set_config(key="generation_kwargs", value=settings)
    docs = list(task.eval_docs)
    if not docs:
        raise UserError(f"the task {task.task_name} has no item")
    chosen = drawn(docs, options.limit, _key)
    _apart(task, chosen)

    # lm-eval's own `limit` takes the first docs, and its `samples` mixes up their ids. A copy each
    # time: a task's code may write into its docs, and what it wrote would be in their hash.
    def given() -> list[Any]:
        return copy.deepcopy(chosen)

    if task.has_test_docs():
        task.test_docs = given
    else:
        task.validation_docs = given


def drawn(items: Sequence[Any], limit: int | None, key: Callable[[Any], object]) -> list[Any]:
    """`limit` of the items in their order: those with the least hashes, so that fewer are always
    among more, and the order of a file decides nothing."""
    if limit is None or limit >= len(items):
        return list(items)
    ranked = sorted(range(len(items)), key=lambda place: (content_hash(key(items[place])), place))
    return [items[place] for place in sorted(ranked[:limit])]


def is_apart(task: Any) -> bool:
    """Whether lm-eval draws worked examples without the item itself: by its own rule, which
    compares the names of the splits."""
    return bool(task.fewshot_cfg.split == task.config.test_split)


def _apart(task: Any, docs: Sequence[Any]) -> None:
    """lm-eval leaves an item out of its own worked examples only where their split is *said* to be
    the test's, and not where they are taken from it because there is no other."""
    shots = int(task.get_config("num_fewshot") or 0)
    if not shots or not hasattr(task, "sampler"):
        return
    pool = Counter(_key(doc) for doc in task.sampler.fewshot_docs())
    copies = max((pool[_key(doc)] for doc in docs), default=0)
    left = pool.total() - copies
    if left < shots:
        raise UserError(
            f"the task {task.task_name} has {left} docs for worked examples, and {shots} are "
            "wanted; set a smaller few_shot in eval.task_options"
        )
    if copies:
        task.fewshot_cfg.split = task.config.test_split
    elif left == shots and is_apart(task):
        task.fewshot_cfg.split = ""  # else lm-eval draws one more, to have one to leave out


def _key(doc: Any) -> str:
    from lm_eval.utils import handle_non_serializable, hash_string  # as its own doc_hash is made

    text = json.dumps(doc, indent=2, default=handle_non_serializable, ensure_ascii=False)
    return str(hash_string(text))


def _cause(error: BaseException) -> str:
    """What began it, in a line: the last of a chain says only that there was an error."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {'; '.join(lines)[:300]}"
