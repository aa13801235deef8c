"""Public fakes: a teacher of known probabilities, OpenAI-compatible servers, quick records.

from limbeck.testing import ApiServer, BatchServer, FakeTeacher, FaultyServer, record

record("Paris.", prompt="Capital of France?")
FakeTeacher({"Paris": 0.7, "Lyon": 0.3})   # with tokens=words also log-probabilities
FakeLikelihoods({"Paris": 0.7, "Lyon": 0.3})   # also scores whole labels
out = Collected()   # await generator.generate(seeds, teacher, out); out.records, out.drafts
with ApiServer() as server: ...   # server.base_url, server.bodies
with FaultyServer(["reset", "error_503"], rate=0.2) as server: ...   # server.sent, server.injected
with BatchServer() as server: ...   # server.finish(batch_id, status="expired")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from limbeck.testing.fakes import Collected, FakeTeacher, fake_teacher, record, spoken, words
from limbeck.testing.likelihoods import FakeLikelihoods

if TYPE_CHECKING:
    from limbeck.testing.batches import BatchServer
    from limbeck.testing.faults import FaultyServer
    from limbeck.testing.kinds import FINAL, KINDS
    from limbeck.testing.server import Answer, ApiServer, answer_to, completion

__all__ = [
    "FINAL",
    "KINDS",
    "Answer",
    "ApiServer",
    "BatchServer",
    "Collected",
    "FakeLikelihoods",
    "FakeTeacher",
    "FaultyServer",
    "answer_to",
    "completion",
    "fake_teacher",
    "record",
    "spoken",
    "words",
]

_WHERE = {
    "FINAL": "limbeck.testing.kinds",
    "KINDS": "limbeck.testing.kinds",
    "Answer": "limbeck.testing.server",
    "ApiServer": "limbeck.testing.server",
    "BatchServer": "limbeck.testing.batches",
    "FaultyServer": "limbeck.testing.faults",
    "answer_to": "limbeck.testing.server",
    "completion": "limbeck.testing.server",
}


def __getattr__(name: str) -> Any:
    """Import on first use: a recipe's `fake:` teacher must not pay for an HTTP server."""
    if name not in _WHERE:
        raise AttributeError(f"module 'limbeck.testing' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_WHERE[name]), name)
