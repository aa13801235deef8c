"""The bytes of a file, unpacked as they are read: gzip, zstd, bzip2 and xz, with bounds."""

from __future__ import annotations

import bz2
import lzma
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from limbeck.errors import DataError
from limbeck.reading.unreadable import Unreadable

CHUNK = 1 << 20
MOST_RATIO = 200  # text packs 3 to 50 to 1
FREE = 64 << 20  # bytes that may come out before the ratio counts
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_XZ_MEMORY = 256 << 20
SUFFIXES = {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2", ".xz": "xz"}
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}


def open_regular(path: Path) -> IO[bytes]:
    """The file, open for reading. Raises DataError for one that is missing, or no regular file:
    a pipe or a device would never end."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise DataError(f"{path} is {_named(mode)}, not a file of rows", path=path)
        # A pipe put there since the check must not hang the process.
        return os.fdopen(os.open(path, _FLAGS), "rb")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error


def _named(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")


def packing(start: bytes) -> str:
    """ "gzip", "zstd", "bzip2" or "xz" by a file's first bytes, "" for none."""
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "")


def chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes, unpacked. Raises DataError where it cannot be opened, and Unreadable for
    what is damaged, ends early or is a bomb; what came before it is whole."""
    with open_regular(path) as file:
        how = packing(file.read(8))
        file.seek(0)
        if not how:
            while chunk := _read(file):
                yield chunk
            return
        size, out = max(os.fstat(file.fileno()).st_size, 1), 0
        for chunk in _UNPACKED[how](file):
            out += len(chunk)
            if out > FREE and out > MOST_RATIO * size:
                raise Unreadable(
                    "bomb",
                    f"it unpacks to more than {MOST_RATIO} times its size, as only a trap does; "
                    "if it is none, unpack it first",
                )
            yield chunk


def _read(file: IO[bytes]) -> bytes:
    try:
        return file.read(CHUNK)
    except OSError as error:
        raise Unreadable("broken_file", f"reading failed: {error.strerror}") from error


def _members(file: IO[bytes], new: Callable[[], Any], how: str) -> Iterator[bytes]:
    """What one decompressor after another brings out: a file may be several, one behind another."""
    packed, unpacker = b"", None
    while True:
        packed = packed or _read(file)
        if not packed:
            if unpacker is not None:
                raise Unreadable("cut_short", f"the {how} file ends in the middle")
            return
        if unpacker is None:
            if not packed.strip(b"\x00"):  # padding between members
                packed = b""
                continue
            unpacker = new()
        try:
            yield from (one for one in _bounded(unpacker, packed) if one)
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError) as error:
            raise Unreadable("broken_file", f"the {how} file is damaged: {error}") from error
        packed = unpacker.unused_data
        if unpacker.eof:
            unpacker = None


def _bounded(unpacker: Any, packed: bytes) -> Iterator[bytes]:
    """At most CHUNK bytes at a time, however much is packed in so little."""
    if hasattr(unpacker, "unconsumed_tail"):  # zlib's way
        while packed and not unpacker.eof:
            yield unpacker.decompress(packed, CHUNK)
            packed = unpacker.unconsumed_tail
        return
    yield unpacker.decompress(packed, CHUNK)
    while not unpacker.eof and not unpacker.needs_input:
        yield unpacker.decompress(b"", CHUNK)


def _gzip(file: IO[bytes]) -> Iterator[bytes]:
    return _members(file, lambda: zlib.decompressobj(wbits=31), "gzip")


def _bzip2(file: IO[bytes]) -> Iterator[bytes]:
    return _members(file, bz2.BZ2Decompressor, "bzip2")


def _xz(file: IO[bytes]) -> Iterator[bytes]:
    return _members(file, lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY), "xz")


def _zstd(file: IO[bytes]) -> Iterator[bytes]:
    import pyarrow as pa

    try:
        with pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except (OSError, pa.ArrowException) as error:
        short = "end" in str(error).casefold() or "truncated" in str(error).casefold()
        reason = "cut_short" if short else "broken_file"
        raise Unreadable(reason, f"the zstd file is damaged: {error}") from error


_UNPACKED = {"gzip": _gzip, "zstd": _zstd, "bzip2": _bzip2, "xz": _xz}


def as_utf8(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same text as UTF-8 without its byte order mark, where the mark says UTF-16 or UTF-32."""
    import codecs

    first = next(parts, b"")
    marks = {
        b"\xff\xfe\x00\x00": "utf-32",
        b"\x00\x00\xfe\xff": "utf-32",
        b"\xff\xfe": "utf-16",
        b"\xfe\xff": "utf-16",
    }
    name = next((name for mark, name in marks.items() if first.startswith(mark)), "")
    if not name:
        yield first.removeprefix(b"\xef\xbb\xbf")
        yield from parts
        return
    decoder = codecs.getincrementaldecoder(name)(errors="surrogatepass")
    try:
        yield decoder.decode(first).encode("utf-8", "surrogatepass")
        for part in parts:
            yield decoder.decode(part).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise Unreadable("not_utf8", f"the file is not {name.upper()}: {error.reason}") from error
