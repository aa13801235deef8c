"""The error tree. What a user can mend is a UserError: one sentence, exit 2, no traceback.

LimbeckError
├── UserError                 the user can mend it: bad input, a missing file, a full disk
│   ├── RecipeError           the recipe: names the key, the line and the nearest valid key
│   ├── DataError             a data file: names the file, the line number and the reason
│   ├── MissingExtra          an optional dependency: prints the pip line that installs it
│   ├── ModelError            a model that is unknown or cannot be loaded
│   ├── StageError            a stage called before the one it needs
│   └── StopRun               the teacher refuses everything: nobody should go on asking
│       ├── AuthError         401, 403: the key is missing or wrong
│       ├── UnknownModel      404: the endpoint has no such model
│       ├── BudgetError       the account, or the recipe's budget, has no money left
│       ├── EndpointError     the endpoint cannot be reached, or only fails
│       └── Interrupted       Ctrl-C: what is in flight is awaited and written, nothing new is sent
└── AskError                  one request failed: its row is written with the reason, others go on
    ├── RateLimited           429: wait and ask again; no failure of the row
    ├── Transient             5xx, a reset connection, a body cut short
    ├── Unreachable           no connection at all; when it lasts it becomes EndpointError
    ├── AskTimeout            no whole answer within the deadline
    ├── Malformed             an answer that is no chat completion
    └── BadRequest            400, 413, 422: this request will never be answered
"""

from __future__ import annotations

from pathlib import Path

from limbeck.commands import install


class LimbeckError(Exception):
    """The root: catch it to catch everything limbeck raises on purpose."""


class UserError(LimbeckError):
    """A sentence for the user: what was wrong, the value, what to do. Exit code 2."""


class RecipeError(UserError):
    """A recipe that cannot be read or does not fit the schema."""


class DataError(UserError):
    """A data file that cannot be read. Carries the place, so that tools can point at it."""

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.line = line


class MissingExtra(UserError):
    """An optional dependency is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed. Run: {install(extra)}")
        self.what, self.extra = what, extra

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str]]:
        return type(self), (self.what, self.extra)  # a worker's comes through a pipe


class ModelError(UserError):
    """A model name that is not understood, or weights that cannot be loaded."""


class StageError(UserError):
    """A stage was called before the one whose output it reads."""


class StopRun(UserError):
    """Asking on is pointless and may cost money; what is answered stays answered."""


class AuthError(StopRun):
    """The endpoint refused the API key."""


class UnknownModel(StopRun):
    """The endpoint does not serve the model."""


class BudgetError(StopRun):
    """The account, or the recipe's budget, is spent."""


class EndpointError(StopRun):
    """Nothing answers at the endpoint."""


class Interrupted(StopRun):
    """The user asked to stop; the run ends as soon as what is in flight is written."""


class AskError(LimbeckError):
    """One request to a teacher failed.

    `reason` is the short name written to the row and to the ledger; `retry_after` is in
    seconds, as the server asked, or None; `sent` counts the requests that were sent for it.
    `billed` says whether the server may have charged for it all the same, and `tokens` what it
    said: (prompt, completion), None where it said nothing; `wasted` is the sum over all that was
    sent for it, an upper bound. `overload` says that fewer requests
    at once would help.
    """

    reason = "failed"
    retryable = False
    billed = False
    overload = False
    tokens: tuple[int, int] | None = None
    wasted: tuple[int, int] = (0, 0)

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.sent = 1


class RateLimited(AskError):
    """The server asks for patience (429)."""

    reason = "rate_limited"
    retryable = True


class Transient(AskError):
    """The server or the wire failed; the same request may well succeed later."""

    reason = "transient"
    retryable = True


class Unreachable(AskError):
    """No connection could be made."""

    reason = "unreachable"
    retryable = True


class AskTimeout(AskError):
    """No complete answer within the deadline of one attempt."""

    reason = "timeout"
    retryable = True
    billed = True
    overload = True


class Malformed(AskError):
    """The body is no chat completion: broken JSON, a wrong type, no choices."""

    reason = "malformed"
    retryable = True
    billed = True


class BadRequest(AskError):
    """The server will never answer this request (400, 413, 422)."""

    reason = "bad_request"
