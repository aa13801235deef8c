"""What a request looks like to a local model, whatever engine runs it."""

from __future__ import annotations

from typing import Any

from limbeck.errors import BadRequest, UserError
from limbeck.hf import chat_prompt, user_prompt
from limbeck.protocols import Request
from limbeck.record import messages_json
from limbeck.special_tokens import masked, tokenized


def require_template(name: str, tokenizer: Any, request: Request) -> None:
    """Raises BadRequest for a chat with a model that has no chat template."""
    if request.template != "raw" and tokenizer.chat_template is None:
        raise BadRequest(
            f"{name} has no chat template: it is a base model, ask it with template: raw"
        )


def prompt_ids(name: str, tokenizer: Any, request: Request, window: int | None) -> list[int]:
    """The prompt's tokens. A chat that ends with an assistant's turn has the answer's first words
    in it, which are continued. Raises BadRequest when there is none, when the template refuses the
    conversation, or when prompt and answer do not fit the `window` (tokens; None: no limit)."""
    require_template(name, tokenizer, request)
    if request.template == "raw":
        ids = tokenizer(request.messages[0].content)["input_ids"]
    else:
        try:
            turns, begun = messages_json(request.messages), ""
            last = request.messages[-1:]
            ends = bool(last) and last[0].role == "assistant" and not last[0].tool_calls
            if request.template == "chat" and ends and turns[1:]:
                begun = turns.pop()["content"]
            if request.template == "user":
                text = user_prompt(tokenizer, turns)
            else:
                text = chat_prompt(tokenizer, turns, tools=request.fields.get("tools"))
            text += masked(tokenizer, begun)
        except UserError as error:
            raise BadRequest(str(error)) from error
        ids = tokenized(tokenizer, text, add_special_tokens=False)["input_ids"]
    if not ids:
        raise BadRequest("the prompt is empty")
    if request.max_tokens < 1:
        raise BadRequest(f"max_tokens must be at least 1, got {request.max_tokens}")
    if window is not None and len(ids) + request.max_tokens > window:
        raise BadRequest(
            f"{len(ids)} prompt tokens and {request.max_tokens} to generate do not fit the "
            f"{window} of {name}"
        )
    return list(ids)
