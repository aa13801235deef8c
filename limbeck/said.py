"""What an assistant's message holds besides a plain text: its reasoning, and calls of tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TEXT = ("text", "input_text", "output_text")
_THOUGHT = ("thinking", "reasoning", "reasoning.text", "reasoning.summary")
_REASONING = ("reasoning_content", "reasoning", "thinking")  # the first text that is there wins


def text_of(content: Any) -> str | None:
    """A message's text, of one in parts too; None for none, and for parts that are neither texts
    nor reasoning."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    texts = []
    for part in content:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind in _TEXT and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind not in (*_THOUGHT, "redacted_thinking"):
            return None
    return "".join(texts) if texts else None


def reasoning_of(message: Mapping[str, Any]) -> str:
    """The reasoning, whatever the server calls it; "" for none."""
    for name in _REASONING:
        if isinstance(message.get(name), str) and message[name]:
            return str(message[name])
    for name in ("reasoning_details", "content"):
        if found := _thoughts(message.get(name)):
            return found
    return ""


def _thoughts(parts: Any) -> str:
    texts = []
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, Mapping) or part.get("type") not in _THOUGHT:
            continue
        said = next((part[key] for key in ("thinking", "text", "summary") if part.get(key)), "")
        said = text_of(said) if isinstance(said, list) else said
        texts.append(said if isinstance(said, str) else "")
    return "".join(texts)


def calls_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The calls as OpenAI writes them: id, type, and function with its name and its arguments as a
    text. The one call of an old server (`function_call`) has no id. Raises ValueError for what is
    no call."""
    calls = message.get("tool_calls") or []
    if not calls and message.get("function_call"):
        calls = [{"function": message["function_call"]}]
    if not isinstance(calls, list | tuple):
        raise ValueError("tool_calls is no list")
    return [_call(call) for call in calls]


def _call(call: Any) -> dict[str, Any]:
    call = call if isinstance(call, Mapping) else {}
    function = call.get("function")
    function = function if isinstance(function, Mapping) else {}
    name = function.get("name")
    if not isinstance(name, str) or not name or call.get("type") not in (None, "function"):
        raise ValueError("a tool call names no function")
    given = function.get("arguments")
    if not isinstance(given, str):
        given = json.dumps({} if given is None else given, ensure_ascii=False)
    made = {"type": "function", "function": {"name": name, "arguments": given}}
    return {"id": call["id"], **made} if isinstance(call.get("id"), str) else made


def template_turn(turn: Mapping[str, Any]) -> Mapping[str, Any]:
    """The turn with the arguments of its calls as objects: chat templates write the JSON
    themselves. Raises ValueError for arguments that are none, and for numbers that few hold."""
    if "tool_calls" not in turn:
        return turn
    calls = []
    for call in turn["tool_calls"]:
        function = call["function"]
        try:
            given = json.loads(function["arguments"], parse_int=_int, parse_constant=_int)
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"the arguments of the call of {function['name']} are no JSON: {error}"
            ) from error
        calls.append({**call, "function": {**function, "arguments": given}})
    return {**turn, "tool_calls": calls}


def _int(text: str) -> int:
    if not -(2**63) <= (number := int(text)) < 2**63:
        raise ValueError(f"{text[:40]} has more than 64 bits")
    return number


def message_of(body: Any) -> Mapping[str, Any]:
    """The first choice's message in a decoded chat completion; an empty one where there is none."""
    choices = body.get("choices") if isinstance(body, Mapping) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, Mapping) else None
    return message if isinstance(message, Mapping) else {}
