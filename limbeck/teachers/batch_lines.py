"""The lines of batch files: requests on their way out, answers on their way back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from limbeck.errors import AskError, AskTimeout, LimbeckError, Malformed, StopRun, Transient
from limbeck.protocols import Reply, Request
from limbeck.recipe import TeacherSection
from limbeck.store import dump_line
from limbeck.teachers.http import decoded
from limbeck.teachers.replies import read_error, read_reply, status_inside

CHAT, RAW = "/v1/chat/completions", "/v1/completions"
# In a line that broke off; within a JSON string the quotes would be escaped.
CUSTOM_ID = re.compile(rb'"custom_id"\s*:\s*"([^"\\]+)"')


def endpoint_of(request: Request) -> str:
    """Which endpoint answers it; one batch holds requests for one endpoint."""
    return RAW if request.template == "raw" else CHAT


def request_line(key: str, request: Request, body: Mapping[str, Any]) -> bytes:
    """One line of an input file; the ledger key comes back as the answer's `custom_id`."""
    row = {"custom_id": key, "method": "POST", "url": endpoint_of(request), "body": body}
    return dump_line(row)


def custom_id(line: bytes) -> tuple[str, Mapping[str, Any] | None]:
    """Whose line it is, and its row. The row is None where the line is no JSON object, and the
    name "" where none can be found."""
    try:
        row = decoded(line)
    except (ValueError, RecursionError):
        row = None
    if isinstance(row, dict):
        name = row.get("custom_id")
        return (name if isinstance(name, str) else ""), row
    found = CUSTOM_ID.search(line)
    return (found[1].decode("utf-8", "replace") if found else ""), None


def read_result(row: Mapping[str, Any] | None, *, raw: bool, section: TeacherSection) -> Reply:
    """The reply in a result line, a content filter's verdict too. Raises AskError, and no
    StopRun: a line tells of the past, and the next one may be good."""
    if row is None:
        raise Malformed("the line in the batch's file is no JSON object")
    response = row.get("response")
    if not isinstance(response, Mapping):
        raise _unasked(row.get("error"))
    status, body = response.get("status_code"), response.get("body")
    try:
        if status == 200:
            status = status_inside(body)  # as live: an error may come with a 200
            if status is None:
                return read_reply(body, raw=raw)
        found = _error(status, body, section)
    except StopRun as error:
        found = error
    if isinstance(found, Reply):
        return found
    raise found if isinstance(found, AskError) else Transient(str(found))


def _unasked(error: Any) -> AskError:
    """A line without a response: the batch ended before its turn came."""
    if not isinstance(error, Mapping):
        return Malformed("the line in the batch's file has neither a response nor an error")
    code, text = str(error.get("code") or ""), str(error.get("message") or "no message")[:500]
    if code == "batch_expired":
        expired = AskTimeout(text)
        expired.billed = False
        return expired
    return Transient(f"{text} ({code})" if code else text)


def _error(status: Any, body: Any, section: TeacherSection) -> LimbeckError | Reply:
    if not isinstance(status, int):
        return Malformed("the line in the batch's file has no status")
    return read_error(
        status,
        {},
        body,
        endpoint=section.base_url or "",
        model=section.model.partition(":")[2],
        key_name=section.api_key_env,
    )
