"""The ledger: every teacher call, in SQLite, keyed by its whole content.

A reply is durable before anyone may use it, so a run that is killed pays nothing twice: resume is
replay. Failures are stored as failures, never as results. One writer thread commits in groups;
several runs, in several processes, may share one file.

The key is the hash of what answers (endpoint, model, weights) and of the whole canonical request
(messages, every sampling parameter, the sample index). No API key or header is ever part of it.
"""

from limbeck.ledger.core import Ledger, Spent
from limbeck.ledger.entries import Answered, Failed, Keyer, request_key
from limbeck.ledger.notes import Batch
from limbeck.ledger.schema import default_path

__all__ = [
    "Answered",
    "Batch",
    "Failed",
    "Keyer",
    "Ledger",
    "Spent",
    "default_path",
    "request_key",
]
