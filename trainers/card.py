"""The model card: what the student was made of, as Markdown with the hub's metadata in front.

Names come from users and servers, and may hold anything: they are shown on one line, as code, and
the metadata is written by a YAML library. Paths of the machine that trained are cut to names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from limbeck.errors import ModelError
from limbeck.models import ModelName, parse_model, shown_folder
from limbeck.recipe import Recipe
from limbeck.yaml_lines import BoundedLoader

BUNDLED = "HuggingFaceTB/SmolLM2-135M-Instruct"
BUNDLED_LICENCE = "apache-2.0"
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
LONGEST = 200  # characters of a name
COUNTS = {
    "examples": "rows trained on",
    "valid_examples": "rows for validation",
    "too_long": "rows left out as too long",
    "truncated": "rows left out as cut off",
    "tokens": "tokens seen, prompts included",
    "loss_tokens": "tokens learned",
    "epochs": "epochs",
    "parameters": "weights",
    "other_rows": "rows without soft targets to their end",
    "soft_tokens": "tokens with soft targets",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run knows about its student. `dataset` is the hash of the split's files, `rows` their
    rows by side, `summary` what train/summary.json holds, `curve` the rows of metrics.jsonl."""

    recipe: Recipe
    dataset: str
    rows: Mapping[str, int]
    summary: Mapping[str, Any]
    curve: Sequence[Mapping[str, Any]] = field(default=())


def card(facts: Facts) -> str:
    """The text of README.md: YAML between two lines of ---, then Markdown."""
    recipe = facts.recipe
    student, teacher = _parsed(recipe.need_student().model), _parsed(recipe.teacher.model)
    return "\n".join(
        [
            f"---\n{_yaml(_metadata(facts, student, teacher))}---\n",
            f"# {one_line(recipe.name)}\n",
            _made_by(recipe, teacher),
            _start(recipe, student),
            "\n## How it was made\n",
            _table(_made_of(facts, teacher)),
            "\n## What it cannot do\n",
            *_limits(facts, teacher),
            "\n## Recipe\n",
            "The whole run, with every default; paths are cut to names.\n",
            fenced(_yaml(public(recipe)), "yaml"),
        ]
    )


def _metadata(facts: Facts, student: ModelName, teacher: ModelName) -> dict[str, Any]:
    """The hub's keys, and limbeck's own under one of its own."""
    recipe = facts.recipe
    data: dict[str, Any] = {"library_name": "transformers", "pipeline_tag": "text-generation"}
    section = recipe.need_student()
    start = section.start
    licence = licence_of(student if start is None else ModelName("path", str(start)))
    if licence is not None and (start is not None or section.config is None):
        data["license"] = licence
    if start is None and section.config is None:  # what others began from, they did not say
        base = BUNDLED if student.kind == "bundled" else student.value
        if student.kind in ("bundled", "hf") and HUB_NAME.fullmatch(base):
            data |= {"base_model": base, "base_model_relation": "finetune"}
    data["tags"] = ["limbeck", "distillation", one_line(recipe.train.objective)]
    data["limbeck"] = {
        "name": one_line(recipe.name),
        "teacher": None if _is_nobody(recipe, teacher) else one_line(_called(teacher)),
        "objective": one_line(recipe.train.objective),
        "dataset": facts.dataset,
        "rows": dict(facts.rows),
        "seed": recipe.training_seed,
    }
    return data


def _made_by(recipe: Recipe, teacher: ModelName) -> str:
    if _is_nobody(recipe, teacher):
        return f"Trained on given rows, of no teacher, by {_limbeck()}."
    return f"A student of {code(_called(teacher))}, trained on its answers by {_limbeck()}."


def _is_nobody(recipe: Recipe, teacher: ModelName) -> bool:
    """Whether no model wrote the rows: they were given, and the teacher stands for none."""
    return recipe.generate.generator == "given" and teacher.kind == "fake"


def _start(recipe: Recipe, student: ModelName) -> str:
    how = f"It began as {code(_called(student))}"
    section = recipe.need_student()
    start = section.start
    weights = "random weights" if start is None else f"the weights of {code(shown_folder(start))}"
    if section.config is not None:
        changes = ", ".join(f"{key} {value}" for key, value in section.config.items())
        how = f"It began with {weights} in the shape of {code(_called(student))}"
        how += f", changed in {code(changes)}" if changes else ""
        return f"{how}, and has that model's tokenizer."
    if section.layers is not None:
        how += f", of which {section.layers} evenly spaced layers were kept"
    if start is not None:
        how += f", with {weights} in place of its own"
    lora = section.lora
    if lora is not None:
        how += f"; LoRA of rank {lora.rank} was trained and merged into its weights"
    return f"{how}."


def _made_of(facts: Facts, teacher: ModelName) -> list[tuple[str, str]]:
    recipe = facts.recipe
    licence = licence_of(teacher) or "not known here: see its own card or terms"
    rows = [
        *(
            [("teacher", "none")]
            if _is_nobody(recipe, teacher)
            else [("teacher", code(_called(teacher))), ("its licence", licence)]
        ),
        ("generator", code(recipe.generate.generator)),
        ("objective", code(recipe.train.objective)),
        ("dataset", code(facts.dataset)),
        *((f"rows, {side}", f"{count:,}") for side, count in facts.rows.items()),
    ]
    for key, value in facts.summary.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            rows.append((COUNTS.get(key, one_line(key).replace("_", " ")), _number(value)))
    for name, about in (("train_loss", "training loss"), ("valid_loss", "validation loss")):
        values = [point[name] for point in facts.curve if point.get(name) is not None]
        if values:
            rows.append((f"{about}, first and last", f"{values[0]:.4f}, {values[-1]:.4f}"))
    return [*rows, ("seed", str(recipe.training_seed))]


def _limits(facts: Facts, teacher: ModelName) -> list[str]:
    recipe = facts.recipe
    left = facts.summary.get("too_long", 0)
    seen = facts.summary.get("examples", facts.rows.get("train", 0))
    nobody = _is_nobody(recipe, teacher)
    source = "the given rows say" if nobody else f"{code(_called(teacher))} said"
    about_teacher = [
        "- How much of the teacher came through is not in this card but in the run's report, which "
        "limbeck writes after the student.",
        "- The teacher's licence or terms may limit what models trained on its answers are used "
        "for. limbeck does not check that.",
    ]
    return [
        f"- It learned from what {source}, mistakes and habits included; "
        "nothing here says that an answer is right.",
        f"- It saw {seen:,} rows in training, none of more than "
        f"{recipe.train.max_length:,} tokens ({left:,} were left out), of the subjects and "
        "languages of its seeds. Of others it knows what it knew before.",
        "- It was not tested for safety, and may have unlearned what its base had been taught.",
        *([] if nobody else about_teacher),
    ]


def public(recipe: Recipe) -> dict[str, Any]:
    """The recipe as data, fit to be shown: paths of this machine cut to their names."""
    data = recipe.shown()
    for side in ("teacher", "student") if recipe.student else ("teacher",):
        data[side]["model"] = shown(_parsed(data[side]["model"]))
    if recipe.student is not None and recipe.student.start is not None:
        data["student"]["start"] = shown_folder(recipe.student.start)
    seeds = data["seeds"]
    seeds |= {name: Path(seeds[name]).name for name in ("path", "demos", "split") if seeds[name]}
    found: dict[str, Any] = _cut(data)
    return found


def _cut(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _cut(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(one) for one in value]
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    """Unicode that every file can hold, and a path that is there as its name."""
    try:
        if value.startswith("/") and Path(value).exists():
            value = Path(value).name
    except (OSError, ValueError):  # too long for a path, or with a NUL: a text
        pass
    return value.encode("utf-8", "backslashreplace").decode()


def _limbeck() -> str:
    try:
        return f"limbeck {metadata.version('limbeck')}"
    except metadata.PackageNotFoundError:  # run from its source
        return "limbeck"


def _parsed(name: str) -> ModelName:
    try:
        return parse_model(name)
    except ModelError:  # a folder that is gone by now
        return ModelName("path", name)


def shown(name: ModelName) -> str:
    """A model's name without the folders of this machine."""
    if name.kind == "path":
        return Path(name.value).name
    return f"gguf:{Path(name.value).name}" if name.kind == "gguf" else str(name)


def _called(name: ModelName) -> str:
    """The name for a reader who has no limbeck."""
    return f"bundled ({BUNDLED})" if name.kind == "bundled" else shown(name)


def licence_of(name: ModelName) -> str | None:
    """The licence that a model's own card names, where the card is on this machine."""
    if name.kind == "bundled":
        return BUNDLED_LICENCE
    path = None
    if name.kind == "path":
        path = Path(name.value) / "README.md"
    elif name.kind == "hf":
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(name.value, "README.md")
        path = Path(found) if isinstance(found, str) else None
    if path is None or not path.is_file():
        return None
    head = re.match(r"---\s*\n(.*?)\n---", path.read_text(encoding="utf-8", errors="replace"), re.S)
    try:
        data = yaml.load(head[1], Loader=BoundedLoader) if head else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    licence = data.get("license") if isinstance(data, dict) else None
    is_id = isinstance(licence, str) and re.fullmatch(r"[a-z0-9][a-z0-9.+-]*", licence)
    return str(licence) if is_id else None


def one_line(text: str) -> str:
    """Any text as a short piece of a line: no line break, no control character."""
    text = text.encode("utf-8", "backslashreplace").decode()
    words = "".join(char if char.isprintable() else " " for char in text).split()
    return " ".join(words)[:LONGEST]


def code(text: str) -> str:
    """Any text as Markdown code within a line, or a cell of a table."""
    text = one_line(text)
    ticks = "`" * (_longest_run(text) + 1)
    space = " " if "`" in text else ""
    return f"{ticks}{space}{text or ' '}{space}{ticks}"


def fenced(text: str, language: str) -> str:
    """A block of code whose fence no line of the text can close."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}{fence}\n"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"


def _table(rows: Sequence[tuple[str, str]]) -> str:
    lines = ["| | |", "|---|---|"]
    lines += [f"| {_cell(name)} | {_cell(value)} |" for name, value in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _yaml(data: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=100)
    if yaml.safe_load(text) != data:  # PyYAML writes some line breaks of Unicode as they are
        text = yaml.safe_dump(dict(data), sort_keys=False, width=100)
    return text
