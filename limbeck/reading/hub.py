"""`hf:ORG/NAME[:CONFIG]`: a dataset of the hub, streamed. No script of a dataset is ever run."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from limbeck.errors import DataError, MissingExtra, UserError
from limbeck.reading.card import licence_of_card
from limbeck.reading.unreadable import Unreadable

if TYPE_CHECKING:
    from limbeck.reading.opened import Opened, Raw, Refused

_NAME = re.compile(r"[\w.-]+/[\w.-]+|[\w.-]+")


def hub(spec: str, split: str | None) -> Opened:
    """Raises UserError for a name that is none, MissingExtra, and DataError where the hub cannot
    be reached or has no such dataset."""
    from limbeck.reading.opened import Opened

    name, _, config = spec.removeprefix("hf:").partition(":")
    if not _NAME.fullmatch(name) or ".." in name:
        raise UserError(
            f"{spec!r} names no dataset of the hub: write hf:ORG/NAME or hf:ORG/NAME:CONFIG"
        )
    loaded = _loaded(name, config or None, split)
    notes: tuple[str, ...] = ()
    if isinstance(loaded, Mapping):
        parts = dict(loaded)
        if len(parts) > 1:
            notes = (f"the splits {', '.join(parts)} are read together; --split names one",)
    else:
        parts = {split or "train": loaded}

    def told(place: int) -> str:
        return f"{spec}, row {place}"

    def rows(refused: Refused) -> Raw:
        place = 0
        try:
            for part in parts.values():
                for raw in part:
                    place += 1
                    yield place, raw
        except Exception as error:  # what the network library raises, or a damaged file
            first = str(error).split("\n", 1)[0]
            refused(told(place + 1), Unreadable("cut_short", f"the hub stopped: {first:.200}"))

    return Opened(name, "a dataset of the hub", rows, told, _licence(name), notes)


def _loaded(name: str, config: str | None, split: str | None) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtra("datasets", "publish") from error
    try:
        more = {}
        if "trust_remote_code" in inspect.signature(datasets.load_dataset).parameters:
            more["trust_remote_code"] = False  # before version 4
        return datasets.load_dataset(name, config, split=split, streaming=True, **more)
    except Exception as error:  # the library raises what its network library raises
        first = str(error).split("\n", 1)[0] or type(error).__name__
        raise DataError(
            f"cannot open hf:{name}: {first:.200}. Is the name right, and is there a network? A "
            "folder that was downloaded before can be read too"
        ) from error


def _licence(name: str) -> str:
    try:
        from huggingface_hub import DatasetCard

        return licence_of_card(str(DatasetCard.load(name).content))
    except Exception:  # no card, no network, no library: no licence is known
        return ""
