"""What a file is, by its first bytes, and by its name where they do not say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from limbeck.errors import DataError
from limbeck.reading.columnar import arrow, parquet, whole_parquet
from limbeck.reading.json_file import Form, json_form
from limbeck.reading.table import table
from limbeck.reading.unpack import SUFFIXES, as_utf8, chunks
from limbeck.reading.unreadable import Unreadable

TABLES = {".csv": None, ".tsv": "\t"}
JSON = (".jsonl", ".json", ".ndjson", ".jsonlines")
COLUMNAR = (".parquet", ".pq", ".arrow", ".feather")
READ = (*JSON, *TABLES, *COLUMNAR)
NEVER = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".npy", ".npz", ".py")
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip file: unpack it (a spreadsheet: save it as CSV) and give the folder"),
    (b"SQLite format 3\x00", "an SQLite database: export the table as CSV"),
    (b"\x89HDF\r\n", "an HDF5 file: write it as JSON lines or Parquet"),
    (b"\x93NUMPY", "a NumPy file, which may hold a pickle, and those are never opened"),
    (b"%PDF", "a PDF, which has no rows"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file: unpack it and give the folder"),
    (b"Obj\x01", "an Avro file: write it as JSON lines or Parquet"),
    (b"ORC", "an ORC file: write it as JSON lines or Parquet"),
    (b"\x7fELF", "a program"),
)


def bare(path: Path) -> str:
    """The suffix behind which no packing stands: ".jsonl" of "rows.jsonl.gz", in lower case."""
    suffixes = [one.casefold() for one in path.suffixes]
    while suffixes and suffixes[-1] in SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def form_of(path: Path, split: str | None = None) -> Form:
    """How the file is read. Raises DataError for what is missing, no regular file, or refused by
    its kind: pickles and programs are never opened; and for a file that is damaged at its start."""
    suffix = bare(path)
    if suffix in NEVER:
        what = "a program" if suffix == ".py" else "a file that may hold a pickle"
        raise DataError(
            f"{path} is {what}, which could run code, and is never opened; write its rows as "
            "JSON lines or Parquet",
            path=path,
        )

    def parts() -> Iterator[bytes]:
        return as_utf8(chunks(path))

    try:
        start = next(chunks(path), b"")[:4096]
        text = next(parts(), b"")[:4096].lstrip()
    except Unreadable as bad:
        raise DataError(f"cannot read {path}: {bad}", path=path) from bad
    refused = next((says for magic, says in _REFUSED if start.startswith(magic)), None)
    if refused is None and start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05":
        refused = "a pickle, which could run code, and is never opened"
    if refused is not None:
        raise DataError(f"{path} is {refused}", path=path)
    if start.startswith(b"PAR1"):
        whole_parquet(path)
        return Form("a Parquet file", lambda refuse: parquet(path, refuse))
    if start.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return Form("an Arrow file", lambda refuse: arrow(path, refuse))
    if text.startswith(b"ustar", 257) or start[257:262] == b"ustar":
        raise DataError(f"{path} is a tar file: unpack it and give the folder", path=path)
    if suffix in TABLES or (suffix not in JSON and _is_table(text)):
        about = "a table of tabs" if suffix == ".tsv" else "a CSV table"
        return Form(about, lambda refuse: table(parts(), TABLES.get(suffix), refuse))
    try:
        return json_form(parts, split)
    except Unreadable as bad:
        raise DataError(f"cannot read {path}: {bad}", path=path) from bad


def _is_table(text: bytes) -> bool:
    """Whether the first line is a header of columns with known names."""
    from limbeck.reading.aliases import role_of
    from limbeck.reading.table import delimiter_of

    if text[:1] in (b"{", b"[", b""):
        return False
    line = text.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    names = [name.strip().strip('"') for name in line.split(delimiter_of(line))]
    return len(names) > 1 and any(role_of(name) is not None for name in names)
