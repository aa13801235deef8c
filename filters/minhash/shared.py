"""An index of rows that runs and people share: datasketch's MinHashLSH, kept in Redis.

Signatures are datasketch's own over its own hash, of shingles as its users write them
(`text_sets`), so who has datasketch alone can ask and add with the same basename. The key of a row
is "RUN/ID". Beside datasketch's keys there are two hashes: NAME_limbeck says with which options
the index was made, NAME_limbeck_sets has each row's set of shingles, by which candidates are
verified exactly. For rows that were added without limbeck there is no set: those are judged by the
estimate that the places of their bands give.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from limbeck.errors import MissingExtra, UserError
from limbeck.filters.minhash.bands import Bands
from limbeck.filters.minhash.shingles import shingles, words
from limbeck.filters.minhash.verify import jaccards

PASSWORD = "REDIS_PASSWORD"
_ROWS = 1024  # added at once
_WAIT = 10.0  # seconds for Redis to answer

Match = tuple[str, float]
"""The key of a row of the index, and the Jaccard index with it."""


class SharedIndex:
    """The index at redis://[USER@]HOST:PORT/DB/NAME (rediss:// for TLS), with the password that the
    environment has in REDIS_PASSWORD. Nothing is asked before `ready`, which should come first.

    Raises ValueError for another URL, and for one with a password, which a recipe would keep;
    MissingExtra; and of its methods UserError where Redis cannot be asked.
    """

    def __init__(self, url: str, threshold: float, num_perm: int, shingle: int, on: str) -> None:
        self._address = _address(url)
        self.name = self._address.pop("name")
        self._where = "{host}:{port}".format_map(self._address)
        self._threshold, self._num_perm, self._shingle = threshold, num_perm, shingle
        self._bands = Bands.chosen(threshold, num_perm)
        if self._bands.count < 2:
            raise ValueError(
                f"an index needs two bands, and threshold {threshold} with num_perm {num_perm} has "
                "one; take a greater num_perm"
            )
        self._options = {
            "bands": self._bands.count,
            "rows": self._bands.rows,
            "num_perm": num_perm,
            "shingle": shingle,
            "on": on,
        }
        self._made = f"{self.name}_limbeck"
        self._sets = f"{self.name}_limbeck_sets"
        try:
            import datasketch
            import redis
        except ImportError as error:
            raise MissingExtra(f"{error.name}, for an index of near copies,", "dedup") from error
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._bulk = datasketch.MinHash.bulk
        # Else every table makes connections of its own, and keeps the password. datasketch loads
        # pickles out of Redis, as whoever may write there wants them, where prepickle is not False.
        self._redis: Any = redis.Redis(
            **self._address,
            password=os.environ.get(PASSWORD),
            socket_timeout=_WAIT,
            socket_connect_timeout=_WAIT,
        )

    @cached_property
    def _lsh(self) -> Any:
        import datasketch

        pool = {"connection_pool": self._redis.connection_pool}
        return datasketch.MinHashLSH(
            num_perm=self._num_perm,
            params=(self._bands.count, self._bands.rows),
            storage_config={"type": "redis", "basename": self.name.encode(), "redis": pool},
            prepickle=False,
        )

    def ready(self) -> int:
        """How many rows it has. Raises UserError where it cannot be reached, or was made with other
        options, under which the same rows would have other keys."""
        with self._asking():
            found = self._redis.hget(self._made, "options")
            rows = int(self._lsh.keys.size())
        made = json.loads(found) if found else self._options
        if made != self._options:
            told = [
                f"{key} {made.get(key)} (here {value})"
                for key, value in self._options.items()
                if made.get(key) != value
            ]
            raise UserError(
                f"the index {self.name} was made with {', '.join(told)}; give the filter minhash "
                "the threshold, num_perm, shingle and on that made it, or name another index"
            )
        return rows

    def nearest(
        self, texts: Sequence[str], ids: Sequence[str], is_own: Callable[[str], bool]
    ) -> dict[str, Match]:
        """By id the nearest row of the index at or above the threshold (the first key of equals),
        for texts that have one. Rows whose key `is_own` do not count."""
        asked = [(text, id_) for text, id_ in zip(texts, ids, strict=True) if words(text)]
        if not asked:
            return {}
        texts, ids = [text for text, _ in asked], [id_ for _, id_ in asked]
        signed = self._signed(texts)
        with self._asking():
            found = self._candidates(signed)
            own = [sorted(key for key in keys if not is_own(_text(key))) for keys in found]
            sets, places = self._verifying(sorted({key for keys in own for key in keys}))
        exact = shingles(texts, self._shingle)
        matches: dict[str, Match] = {}
        for place, keys in enumerate(own):
            if not keys:
                continue
            stored = [key for key in keys if key in sets]
            scores = {key: _share(signed[place], places[key]) for key in keys if key in places}
            if stored:
                known = jaccards(exact[place], [sets[key] for key in stored])
                scores |= dict(zip(stored, known.tolist(), strict=True))
            best = max(sorted(scores), key=scores.__getitem__)
            if scores[best] >= self._threshold:
                matches[ids[place]] = _text(best), scores[best]
        return matches

    def add(self, rows: Iterable[tuple[str, str]]) -> int:
        """Adds rows (key, text), and says how many were new; a row whose key is there stays as it
        is, and one without words is left out. Stopped and done again, it adds the rest."""
        self.ready()
        added = 0
        rows = ((key, text) for key, text in rows if words(text))
        while batch := list(islice(rows, _ROWS)):
            with self._asking():
                self._redis.hsetnx(self._made, "options", json.dumps(self._options))
                added += self._added({key.encode(): text for key, text in batch})
        return added

    def _added(self, texts: dict[bytes, str]) -> int:
        pipe = self._redis.pipeline(transaction=False)
        for key in texts:
            pipe.hexists(self._sets, key)
        new = [key for key, there in zip(texts, pipe.execute(), strict=True) if not there]
        sketches = self._sketches([texts[key] for key in new])
        with self._lsh.insertion_session() as session:
            for key, sketch in zip(new, sketches, strict=True):
                if self._lsh.keys.has_key(key):  # stopped between a row and its set
                    self._lsh.remove(key)
                session.insert(key, sketch, check_duplication=False)
        if new:
            exact = shingles([texts[key] for key in new], self._shingle)
            mapping = {key: exact[n].astype("<u8").tobytes() for n, key in enumerate(new)}
            self._redis.hset(self._sets, mapping=mapping)
        return len(new)

    def _sketches(self, texts: Sequence[str]) -> list[Any]:
        return list(self._bulk(text_sets(texts, self._shingle), num_perm=self._num_perm))

    def _signed(self, texts: Sequence[str]) -> list[list[bytes]]:
        """Of each text the keys of its bands, as datasketch writes them."""
        return [
            [sketch.hashvalues[first:last].byteswap().tobytes() for first, last in self._ranges]
            for sketch in self._sketches(texts)
        ]

    @property
    def _ranges(self) -> list[tuple[int, int]]:
        return list(self._lsh.hashranges)

    def _candidates(self, signed: Sequence[Sequence[bytes]]) -> list[set[bytes]]:
        """Of each text the keys of rows with a band in common: one question for all, where
        `MinHashLSH.query` asks one for each band of each text."""
        pipe = self._redis.pipeline(transaction=False)
        for bands in signed:
            for table, band in zip(self._lsh.hashtables, bands, strict=True):
                pipe.smembers(table.redis_key(band))
        answers = iter(pipe.execute())
        return [set().union(*islice(answers, len(bands))) for bands in signed]

    def _verifying(
        self, keys: Sequence[bytes]
    ) -> tuple[dict[bytes, npt.NDArray[np.uint64]], dict[bytes, list[bytes]]]:
        """The sets of those keys that have one, and the bands of the others."""
        if not keys:
            return {}, {}
        found = zip(keys, self._redis.hmget(self._sets, list(keys)), strict=True)
        sets = {key: np.frombuffer(data, "<u8") for key, data in found if data}
        return sets, {key: self._lsh.keys.get(key) for key in keys if key not in sets}

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise UserError(
                f"Redis at {self._where} cannot be asked for the index {self.name}: {error}. "
                f"See that it runs, and that {PASSWORD} is its password where it has one; or take "
                "index out of the filter minhash"
            ) from error


def _address(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.password is not None:
        raise ValueError(
            f"index holds a password, which would be kept with the recipe; take it out, and put it "
            f"into the environment variable {PASSWORD}"
        )
    database, _, name = parts.path.lstrip("/").partition("/")
    try:
        port = parts.port or 6379
    except ValueError:
        port = 0
    good = parts.scheme in ("redis", "rediss") and database.isdecimal() and not parts.query
    if not (good and parts.hostname and port and name):
        shown = repr(url) if not set("@?") & set(url) else "another URL"  # it may hold a password
        raise ValueError(
            "index is redis://HOST:PORT/DB/NAME (rediss:// for TLS), DB a number, NAME of your "
            f"choice, got {shown}"
        )
    return {
        "host": parts.hostname,
        "port": port,
        "db": int(database),
        "username": parts.username,
        "ssl": parts.scheme == "rediss",
        "name": name,
    }


def _share(one: Sequence[bytes], other: Sequence[bytes]) -> float:
    """The share of equal places, which estimates the Jaccard index; 0 for another kind of row."""
    ours, theirs = (np.frombuffer(b"".join(bands), np.uint32) for bands in (one, other))
    return float((ours == theirs).mean()) if len(ours) == len(theirs) else 0.0


def _text(key: bytes) -> str:
    return key.decode("utf-8", "replace")


def text_sets(texts: Iterable[str], n: int = 5) -> list[list[bytes]]:
    """The shingles of texts as datasketch's users write them: words joined by a space, UTF-8."""
    made = []
    for text in texts:
        found = words(text)
        many = max(len(found) - n + 1, 1) if found else 0
        rows = {" ".join(found[start : start + n]) for start in range(many)}
        made.append([row.encode("utf-8", "surrogatepass") for row in sorted(rows)])
    return made
