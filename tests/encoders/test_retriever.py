"""The folder of a retriever: read without torch, and told where it is not whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from limbeck.encoders import ABOUT, BagShape, NgramBag, encoder, identity, load_retriever
from limbeck.encoders.pooled import Pooled
from limbeck.errors import DataError
from limbeck.store import write_json
from tests.encoders.bert import save_bert

SHAPE = BagShape(buckets=32, size=8)
BACKBONE = {"kind": "ngrams", "shortest": 2, "longest": 4, "buckets": 32, "size": 8}


def written(folder: Path, key: str = "x", **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    NgramBag(SHAPE, SHAPE.drawn(key), SHAPE.rarity(["a cat", "猫"])).save(folder)
    write_json(folder / ABOUT, {"format": 1, "backbone": BACKBONE} | changes)
    return folder


def test_n_grams_are_read_as_they_were(tmp_path: Path) -> None:
    folder = written(tmp_path / "r")
    direct = NgramBag(SHAPE, SHAPE.drawn("x"), SHAPE.rarity(["a cat", "猫"]))
    found = encoder(str(folder))
    assert found is not None
    assert found.encode(["cat 👍", "猫"]).tobytes() == direct.encode(["cat 👍", "猫"]).tobytes()


def test_numpy_is_enough(tmp_path: Path) -> None:
    folder = written(tmp_path / "r")
    code = (
        "import sys; from limbeck.encoders import resolved; "
        f"e = resolved({{'encoder': {str(folder)!r}}})['encoder']; e.encode(['a']); "
        "print(*({'torch', 'transformers', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_models_text_is_as_long_as_in_training(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "b")
    write_json(folder / ABOUT, {"format": 1, "backbone": {"kind": "model", "max_length": 5}})
    found = load_retriever(folder)
    assert isinstance(found, Pooled)
    assert found.max_length == 5


def test_the_identity_is_that_of_the_weights(tmp_path: Path) -> None:
    one, same = written(tmp_path / "a"), written(tmp_path / "b", note="told otherwise")
    other = written(tmp_path / "c", key="y")
    assert identity(str(one)) == identity(str(same)) != identity(str(other))
    bert = save_bert(tmp_path / "bert")
    plain = identity(str(bert))
    write_json(bert / ABOUT, {"format": 1, "backbone": {"kind": "model", "max_length": 5}})
    assert identity(str(bert)) != plain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "was not written by limbeck retriever"),
        ('{"format": 1}', "was not written by limbeck retriever"),
        ('{"format": 2, "backbone": {}}', "has the format 2, and this limbeck reads 1"),
        ('{"format": 1, "backbone": {"kind": "ngrams"}}', "does not say what its n-grams are"),
        ('{"format": 1, "backbone": {"kind": "model"}}', "does not say how long a text may be"),
    ],
)
def test_a_folder_that_is_not_whole_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / ABOUT).write_text(text, "utf-8")
    with pytest.raises(DataError, match=said):
        encoder(str(tmp_path))


def test_weights_that_are_gone_are_told(tmp_path: Path) -> None:
    folder = written(tmp_path / "r")
    (folder / "rarity.npy").unlink()
    for ask in (encoder, identity):
        with pytest.raises(DataError, match=r"cannot read .*rarity.npy"):
            ask(str(folder))


def test_numbers_that_make_no_sense_are_told(tmp_path: Path) -> None:
    folder = written(tmp_path / "r", backbone=BACKBONE | {"buckets": 0})
    with pytest.raises(DataError, match=r"what its n-grams are: n-grams need 1 bucket"):
        encoder(str(folder))
    assert json.loads((folder / ABOUT).read_text("utf-8"))["format"] == 1
