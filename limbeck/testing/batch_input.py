"""What a batches endpoint checks of its input: the file's lines, the metadata."""

from __future__ import annotations

import json
from typing import Any

from limbeck.testing.server import prompt_text

Line = dict[str, Any]


def parsed(raw: bytes) -> list[Line]:
    """The lines of a JSONL file. Raises ValueError where one is no JSON."""
    # Of bytes, not of text: U+2028 and its like are no line ends in JSON.
    return [json.loads(line) for line in raw.splitlines()]


def problem(code: str, message: str, line: int | None = None) -> dict[str, Any]:
    """One entry of a failed batch's errors; `line` counts from 1."""
    return {"code": code, "line": line, "message": message, "param": None}


def problems(raw: bytes, endpoint: str, max_lines: int) -> list[dict[str, Any]]:
    """What is wrong with an input file, line by line; an empty list for nothing."""
    rows = raw.splitlines()
    if not rows:
        return [problem("empty_file", "The file has no lines.")]
    if len(rows) > max_lines:
        return [problem("too_many_tasks", f"{len(rows)} lines; {max_lines} are allowed.")]
    found = []
    seen: set[str] = set()
    model = None
    for number, text in enumerate(rows, 1):
        try:
            line = _request(text)
        except (ValueError, KeyError, TypeError) as error:
            reason = f"The line is no request ({type(error).__name__})."
            found.append(problem("invalid_json_line", reason, number))
            continue
        name, model = line["custom_id"], model or line["body"]["model"]
        if name in seen:
            reason = f"The custom_id {name!r} was used before."
            found.append(problem("duplicate_custom_id", reason, number))
        elif (line["method"], line["url"]) != ("POST", endpoint):
            reason = f"The line is not for POST {endpoint}."
            found.append(problem("mismatched_endpoint", reason, number))
        elif line["body"]["model"] != model:
            reason = f"The batch is for the model {model!r}."
            found.append(problem("mismatched_model", reason, number))
        seen.add(name)
    return found


def _request(text: bytes) -> Line:
    line: Line = json.loads(text)
    if not all(isinstance(line[key], str) for key in ("custom_id", "method", "url")):
        raise TypeError("custom_id, method and url are text")
    if not isinstance(line["body"]["model"], str):
        raise TypeError("model is text")
    prompt_text(line["body"])
    return line


def metadata_is_valid(metadata: Any) -> bool:
    """Whether OpenAI would take it: 16 pairs of text, keys up to 64 and values up to 512 long."""
    if metadata is None:
        return True
    return (
        isinstance(metadata, dict)
        and len(metadata) <= 16
        and all(isinstance(v, str) and len(v) <= 512 for v in metadata.values())
        and all(len(key) <= 64 for key in metadata)
    )
