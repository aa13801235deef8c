"""How a trainer is told to read an exported file: LLaMA-Factory's entry of dataset_info.json and
axolotl's snippet of YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.publish.export_files import FileType
from limbeck.publish.exports import Shape

INFO = "dataset_info.json"
_MOST = 64 << 20  # bytes of a dataset_info.json that entries are added to


def entry(shape: Shape, file_name: str) -> dict[str, Any] | None:
    """The entry of LLaMA-Factory; None where it cannot read the form (a prompt of turns)."""
    if shape.form == "messages":
        return _chat(file_name, "messages", ("role", "content", "user", "assistant", "system"))
    if shape.form == "sharegpt":
        return _chat(file_name, "conversations", ("from", "value", "human", "gpt", "system"))
    if shape.form == "alpaca":
        columns = {"prompt": "instruction", "query": "input", "response": "output"}
        columns |= {"system": "system"} if shape.system else {}
        columns |= {"history": "history"} if shape.history else {}
    elif shape.text:
        columns = {"prompt": "prompt", "response": "completion"}
    else:
        return None
    return {"file_name": file_name, "formatting": "alpaca", "columns": columns}


def _chat(file_name: str, column: str, tags: tuple[str, ...]) -> dict[str, Any]:
    names = ("role_tag", "content_tag", "user_tag", "assistant_tag", "system_tag")
    return {
        "file_name": file_name,
        "formatting": "sharegpt",
        "columns": {"messages": column},
        "tags": dict(zip(names, tags, strict=True)),
    }


def snippet(shape: Shape, path: Path, file_type: FileType) -> str:
    """The YAML of axolotl that reads the file; "" where it cannot read the form."""
    import yaml

    about: dict[str, Any] = {
        "path": str(path),
        "ds_type": "json" if file_type == "jsonl" else file_type,
    }
    if shape.form in ("messages", "sharegpt"):
        role, content = ("role", "content") if shape.form == "messages" else ("from", "value")
        about |= {
            "type": "chat_template",
            "field_messages": next(iter(shape.columns)),
            "message_property_mappings": {"role": role, "content": content},
        }
    elif shape.form == "alpaca":
        about["type"] = "alpaca_w_system.load" if shape.system else "alpaca"
    elif shape.text:
        about["type"] = {
            "field_instruction": "prompt",
            "field_output": "completion",
            "format": "{instruction}",
            "no_input_format": "{instruction}",
        }
    else:
        return ""
    return str(yaml.safe_dump({"datasets": [about]}, sort_keys=False, allow_unicode=True))


def entry_name(name: str) -> str:
    """A name that LLaMA-Factory's list of datasets, parted by commas, can hold."""
    return re.sub(r"[^\w.-]+", "_", name).strip("_") or "export"


def with_entries(path: Path, new: Mapping[str, Any], *, force: bool) -> dict[str, Any]:
    """What is in the file `path` already, if it is there, and the new entries.

    Raises UserError for a file that is no list of entries, and for an entry of the same name that
    says something else, unless `force`.
    """
    found: Any = {}
    if path.exists():
        try:
            if path.stat().st_size > _MOST:
                raise ValueError("too large")
            found = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise ValueError("no object")
        except (OSError, ValueError, RecursionError) as error:
            raise UserError(
                f"{path} is there and is not LLaMA-Factory's ({error}), so that no entry can be "
                "added; export into another folder"
            ) from error
    for name, about in new.items():
        if not force and found.get(name, about) != about:
            raise UserError(
                f"{path} has another dataset named {name!r}; export under another name, or give "
                "--force to put this one in its place"
            )
    return {**found, **new}
