"""Texts with near copies, chains, equal ones, short ones and empty ones, in several scripts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

_WORDS = [f"word{n}" for n in range(400)] + ["café", "naïve", "Größe", "🙂"]
_HAN = [chr(0x4E00 + n) for n in range(300)]


def texts(count: int, seed: int = 0) -> list[str]:
    """`count` texts; about a third are edited copies of one before."""
    random = np.random.default_rng(seed)
    made: list[list[str]] = []
    for number in range(count):
        if number % 50 == 7:
            made.append(["", "Yes.", "a b"][number % 3].split())
            continue
        if made and random.random() < 0.35:
            words = list(made[int(random.integers(max(0, number - 60), number))])
            for _ in range(int(random.integers(0, 5))):
                if words:
                    words[int(random.integers(len(words)))] = "changed"
            made.append(words)
            continue
        letters = _HAN if random.random() < 0.2 else _WORDS
        made.append(
            [letters[n] for n in random.integers(0, len(letters), random.integers(30, 120))]
        )
    return [("" if words and words[0] in _HAN else " ").join(words) for words in made]


def write_files(folder: Path, rows: list[str], parts: int = 3) -> list[Path]:
    """The texts as Parquet files, the last part as JSON lines with a bad line in it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = []
    for part in range(parts):
        own = rows[part * len(rows) // parts : (part + 1) * len(rows) // parts]
        if part == parts - 1:
            path = folder / "last.jsonl"
            lines = [json.dumps({"text": text}) for text in own]
            path.write_text("\n".join([lines[0], "{broken", *lines[1:]]) + "\n", encoding="utf-8")
        else:
            path = folder / f"part-{part}.parquet"
            table = pa.table({"id": [f"{part}-{n}" for n in range(len(own))], "text": own})
            pq.write_table(table, path, row_group_size=17)
        files.append(path)
    return files
