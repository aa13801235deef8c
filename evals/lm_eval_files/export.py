"""limbeck's own tasks as YAML and JSONL that plain lm-eval runs.

The docs and prompts are those of limbeck's tasks, written out: nothing is asked in another way.
What cannot be scored in the same way is said in the YAML's metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from limbeck.record import content_hash
from limbeck.store import write_jsonl, write_text

Prompt = str | Sequence[Mapping[str, str]]
FUNCTIONS = "utils"  # the module beside the YAML files

SEAM = (
    "lm-eval counts white space at the end of a prompt (a chat template's last newline) as part of "
    "what follows, limbeck as part of the prompt; "
)
SEAM_CHOICE = SEAM + (
    "it is the same for all options of an item, so that the best is another one only where the "
    "tokenizer joins it with the option's first letters."
)
SEAM_NLL = SEAM + "so the numbers are higher there by its part."
CUT = (
    "lm-eval does not tell an answer that was cut off at the token limit; limbeck counts one as "
    "wrong whose answer is not marked as such."
)
NEEDS_LIMBECK = (
    "acc is limbeck's reading of the answer and is only there where limbeck is installed; "
    "{plain} is a plainer rule, which needs nothing and reads less."
)


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind of task is put to lm-eval: its keys, the metrics, what is not the same."""

    output_type: str
    keys: Mapping[str, Any]
    metrics: Sequence[tuple[str, bool]]
    unlike: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """One exported task: its name, whether it wants --apply_chat_template, what it measures, its
    number of items, how many were left out, and what is not as in limbeck."""

    name: str
    chat: bool
    about: str
    items: int
    left_out: int
    unlike: list[str] = field(default_factory=list)


class Function(str):
    """A function of utils.py, written with lm-eval's tag."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    Function, lambda dumper, name: dumper.represent_scalar("!function", f"{FUNCTIONS}.{name}")
)

LIKELIHOOD = Form(
    "multiple_choice",
    {"doc_to_choice": "options", "doc_to_target": "answer"},
    [("acc", True)],
    [SEAM_CHOICE],
)
WRITTEN = Form(
    "generate_until",
    {"doc_to_target": "answer", "process_results": Function("written_choice")},
    [("acc", True), ("letter_match", True)],
    [NEEDS_LIMBECK.format(plain="letter_match")],
)
QUESTIONS = Form(
    "generate_until",
    {"doc_to_target": "target", "process_results": Function("verified_answer")},
    [("acc", True), ("exact_match", True)],
    [NEEDS_LIMBECK.format(plain="exact_match"), CUT],
)
ROUGE_L = Form(
    "generate_until",
    {"doc_to_target": "completion", "process_results": Function("rouge_l")},
    [("rouge_l", True)],
)
NLL = Form(
    "loglikelihood",
    {"doc_to_target": "completion", "process_results": Function("nll_per_token")},
    [("nll_per_token", False)],
    [SEAM_NLL],
)


def export(
    folder: Path,
    name: str,
    form: Form,
    docs: Sequence[Mapping[str, Any]],
    prompt_of: Callable[[Mapping[str, Any]], Prompt],
    *,
    about: str,
    chat: bool,
    settings: Mapping[str, Any] | None = None,
) -> list[Exported]:
    """Write NAME.yaml and NAME.jsonl into a folder.

    A prompt is a text to be continued or the messages of a chat; `chat` says that messages are
    rendered by the model's template. Docs with texts where others have chats become a task of
    their own, NAME_raw. Chats of several turns are left out and counted: a task of lm-eval has one
    prompt for each doc. `settings` are generation settings.
    """
    chats: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    left_out = 0
    for doc in docs:
        prompt = prompt_of(doc)
        fields = {key: value for key, value in doc.items() if key not in ("messages", "raw")}
        if isinstance(prompt, str):
            texts.append({**fields, "prompt": prompt})
        elif not chat:
            # As limbeck's own tasks put a chat without a template.
            joined = "\n\n".join(message["content"] for message in prompt) + "\n"
            texts.append({**fields, "prompt": joined})
        elif [message["role"] for message in prompt] in (["user"], ["system", "user"]):
            system = prompt[0]["content"] if len(prompt) > 1 else ""
            chats.append({**fields, "system": system, "prompt": prompt[-1]["content"]})
        else:
            left_out += 1
    made = []
    for is_chat, rows in ((True, chats), (False, texts)):
        if rows:
            own = f"{name}_raw" if chats and not is_chat else name
            lost = left_out if is_chat or not chats else 0
            unlike = list(form.unlike)
            if lost:
                unlike.append(f"{lost} items whose prompts have several turns are not here.")
            _write(folder, own, form, rows, about, is_chat, unlike, settings)
            made.append(Exported(own, is_chat, about, len(rows), lost, unlike))
    return made


def _write(
    folder: Path,
    name: str,
    form: Form,
    rows: Sequence[Mapping[str, Any]],
    about: str,
    chat: bool,
    unlike: Sequence[str],
    settings: Mapping[str, Any] | None,
) -> None:
    config: dict[str, Any] = {
        "task": name,
        "custom_dataset": Function("rows"),
        "dataset_kwargs": {"file": f"{name}.jsonl"},
        "test_split": "test",
        "output_type": form.output_type,
        "doc_to_text": "prompt",
        **form.keys,
        "target_delimiter": "",
        "num_fewshot": 0,
    }
    if any(row.get("system") for row in rows):
        config["description"] = "system"
    if form.output_type == "generate_until":
        config["generation_kwargs"] = dict(settings or {})
    config["metric_list"] = [
        {"metric": metric, "aggregation": "mean", "higher_is_better": higher}
        for metric, higher in form.metrics
    ]
    config["metadata"] = {
        "version": 1,
        "made_by": "limbeck tasks export",
        "data": content_hash([dict(row) for row in rows], size=8),
        "measures": about,
        "apply_chat_template": chat,
        "unlike_limbeck": list(unlike),
    }
    write_jsonl(folder / f"{name}.jsonl", rows)
    text = yaml.dump(config, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    write_text(folder / f"{name}.yaml", text)
