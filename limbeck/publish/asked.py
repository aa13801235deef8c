"""What the ledger knows of the calls that made the rows: every setting that was sent, who
answered, when, and what it cost. The ledger is only read."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.ledger.schema import default_path, open_source
from limbeck.money import Rates, cost
from limbeck.protocols import Usage
from limbeck.record import canonical_json

TOGETHER = 512
SHOWN = 12  # different settings, or models that answered, that are written down
_LOOK = (
    "SELECT json_remove(request, '$.messages', '$.seed', '$.index'),"
    " json_type(request, '$.seed') = 'integer', json_extract(reply, '$.raw.model'), at"
    " FROM source_replies WHERE key IN "
)
_USED = (
    "sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens),"
    " sum(wasted_prompt_tokens), sum(wasted_completion_tokens)"
)
_PAID = (
    f"SELECT via, {_USED} FROM ("
    "SELECT via, prompt_tokens, completion_tokens, cached_tokens, wasted_prompt_tokens,"
    " wasted_completion_tokens FROM source_replies WHERE run = ?1 AND teacher = ?2"
    " UNION ALL SELECT via, prompt_tokens, completion_tokens, cached_tokens, wasted_prompt_tokens,"
    " wasted_completion_tokens FROM source_retired WHERE run = ?1 AND teacher = ?2"
    " UNION ALL SELECT 'live', 0, 0, 0, wasted_prompt_tokens, wasted_completion_tokens"
    " FROM source_failures WHERE run = ?1 AND teacher = ?2) GROUP BY via ORDER BY via"
)


@contextmanager
def _reading(path: Path | None) -> Iterator[sqlite3.Connection | None]:
    """The ledger, or None where there is none."""
    try:
        link = open_source(path or default_path())
    except UserError:
        if path is not None and path.exists():
            raise
        yield None
        return
    try:
        yield link
    finally:
        link.close()


def sampling(path: Path | None, keys: Iterable[str]) -> dict[str, Any]:
    """The settings of the requests with these ledger keys, without prompts and seeds.

    "settings" are the different ones with how many rows each made, the commonest first; "models"
    what the server said that it is; "first" and "last" the days of the answers, in UTC. Requests
    that the ledger does not have are counted in "unknown".
    """
    settings: Counter[str] = Counter()
    models: Counter[str] = Counter()
    seeded = found = total = 0
    days: set[str] = set()
    with _reading(path) as link:
        rest = iter(keys)
        while part := list(islice(rest, TOGETHER)):
            total += len(part)
            known = [key for key in part if key]
            if link is None or not known:
                continue
            marks = ", ".join("?" * len(known))
            for sent, has_seed, model, at in link.execute(f"{_LOOK}({marks})", known):
                found += 1
                settings[canonical_json(json.loads(sent))] += 1
                seeded += bool(has_seed)
                if isinstance(model, str):
                    models[model] += 1
                days.add(datetime.fromtimestamp(at, UTC).date().isoformat())
    order = sorted(settings, key=lambda text: (-settings[text], text))
    return {
        "requests": total,
        "found": found,
        "unknown": total - found,
        "seeded": seeded,
        "settings": [{"sent": json.loads(text), "rows": settings[text]} for text in order[:SHOWN]],
        "more_settings": len(order[SHOWN:]),
        "models": {
            name: models[name] for name in sorted(models, key=lambda n: (-models[n], n))[:SHOWN]
        },
        "first": min(days, default=None),
        "last": max(days, default=None),
    }


def paid(
    path: Path | None, runs: Sequence[str], teacher: str, rates: Rates | None
) -> dict[str, Any] | None:
    """What runs (one, or those that were merged into one) paid their teacher, in all stages, as
    the ledger has it: tokens, those that came to nothing, and pico-dollars where a price is known;
    None where the ledger knows nothing of it.

    `teacher` is the canonical JSON of the teacher's identity.
    """
    used, wasted, money = Usage(), Usage(), 0
    with _reading(path) as link:
        rows = [
            row for run in runs if link is not None for row in link.execute(_PAID, (run, teacher))
        ]
    for via, prompt, completion, cached, lost_prompt, lost_completion in rows:
        part, lost = Usage(prompt, completion, cached), Usage(lost_prompt, lost_completion)
        used, wasted = used + part, wasted + lost
        if rates is not None:
            money += cost(part, rates, via) + cost(lost, rates, via)
    if not rows:
        return None
    return {
        "prompt_tokens": used.prompt_tokens,
        "completion_tokens": used.completion_tokens,
        "wasted_tokens": wasted.prompt_tokens + wasted.completion_tokens,
        "picodollars": None if rates is None else money,
    }
