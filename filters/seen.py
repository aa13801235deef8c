"""Which rows came before, in little memory: a hash table of 32 bytes a slot."""

from __future__ import annotations

_KEY = 16  # bytes
_SLOT = 2 * _KEY
_EMPTY = bytes(_KEY)


class Seen:
    """The id of the first row of every key.

    Keys are digests of 16 bytes. An id of 32 hexadecimal digits, which a record's is unless
    somebody gave it another, lies in the table; others lie beside it. Between 43 and 85 bytes a
    key, 128 for a moment while it grows, where a dict of texts takes some 300.
    """

    def __init__(self) -> None:
        self._slots = 1 << 10
        self._table = bytearray(self._slots * _SLOT)
        self._count = 0
        self._others: list[str] = []

    def __len__(self) -> int:
        return self._count

    def first(self, key: bytes, id: str) -> str:
        """The id that the key was first given with, which is `id` where it is new."""
        if len(key) != _KEY:
            raise ValueError(f"a key has {_KEY} bytes, got {len(key)}")
        if key == _EMPTY:  # marks a free slot
            key = b"\x01" + key[1:]
        start = self._find(key)
        if self._table[start : start + _KEY] == key:
            return self._read(bytes(self._table[start + _KEY : start + _SLOT]))
        self._table[start : start + _SLOT] = key + self._write(id)
        self._count += 1
        if 4 * self._count > 3 * self._slots:
            self._grow()
        return id

    def _find(self, key: bytes) -> int:
        """Where the slot of a key begins, or the free one that it would take."""
        slot = int.from_bytes(key[:8], "little") & (self._slots - 1)
        while True:
            start = slot * _SLOT
            there = self._table[start : start + _KEY]
            if there in (key, _EMPTY):
                return start
            slot = (slot + 1) & (self._slots - 1)

    def _grow(self) -> None:
        old = self._table
        self._slots *= 2
        self._table = bytearray(self._slots * _SLOT)
        for start in range(0, len(old), _SLOT):
            row = bytes(old[start : start + _SLOT])
            if row[:_KEY] != _EMPTY:
                place = self._find(row[:_KEY])
                self._table[place : place + _SLOT] = row

    def _write(self, id: str) -> bytes:
        try:
            packed = bytes.fromhex(id)
        except ValueError:
            packed = b""
        # The eight first bytes 0xff mark a place in the list: no hash begins so by chance.
        if len(packed) == _KEY and packed.hex() == id and not packed.startswith(b"\xff" * 8):
            return packed
        self._others.append(id)
        return b"\xff" * 8 + (len(self._others) - 1).to_bytes(8, "little")

    def _read(self, packed: bytes) -> str:
        if packed.startswith(b"\xff" * 8):
            return self._others[int.from_bytes(packed[8:], "little")]
        return packed.hex()
