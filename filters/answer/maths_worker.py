"""The process that compares expressions: JSON lines in, JSON lines out. Nothing else runs here.

math-verify reads LaTeX; whether two expressions are equal is decided here, since its own
comparison takes tiny values, different equations and parts of a set for equal.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

from limbeck.interrupts import SIGNALS

_MEMORY = 2 << 30  # bytes of address space; sympy can take all there is


def main() -> None:
    """Reads requests until the end of its input."""
    for one in SIGNALS:  # they are for the process that asks, and may go to the whole group
        signal.signal(one, signal.SIG_IGN)
    _limit_memory()
    from limbeck.filters.answer import equality, expressions

    out = sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no reply
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = _reply(expressions, equality, request)
        except Exception as error:  # whatever sympy raises, this one comparison has no answer
            reply = {"error": f"{type(error).__name__}: {error}"[:200]}
        out.write(json.dumps(reply) + "\n")
        out.flush()


def _reply(expressions: Any, equality: Any, request: dict[str, str]) -> dict[str, Any]:
    if request["op"] == "ready":
        return {"ready": True}
    if request["op"] == "read":
        found = expressions.read(request["text"])
        return {"canonical": None if found is None else equality.canonical(found)}
    target, found = expressions.read(request["target"]), expressions.read(request["found"])
    if target is None or found is None:
        return {"target": target is not None, "found": found is not None, "equal": False}
    return {
        "target": True,
        "found": True,
        "equal": equality.equal(target, found),
        "canonical": equality.canonical(found),
    }


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    main()
