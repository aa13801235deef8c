"""Encoders by name, for selectors; what is no encoder is told in a sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from limbeck.demos import Remembered, selector
from limbeck.encoders import encoder, encoder_name, identity, names, resolved
from limbeck.encoders.pooled import Pooled
from limbeck.errors import ModelError
from tests.demos.pools import pool_of
from tests.encoders.bert import save_bert


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("models") / "小bert")


def test_ngrams_are_the_pools_own() -> None:
    assert encoder(" ngrams ") is None
    assert encoder_name("ngrams", Path("/x")) == "ngrams"
    assert identity("ngrams") == ""
    assert resolved({"encoder": "ngrams", "top": 5}) == {"encoder": None, "top": 5}


def test_a_model_is_loaded_once_and_remembers(folder: Path) -> None:
    options = {"encoder": str(folder), "relevance": 0.3}
    first, second = resolved(options), resolved(options)
    assert isinstance(encoder(str(folder)), Pooled)
    assert isinstance(first["encoder"], Remembered)
    assert first["encoder"] is second["encoder"]
    assert first["relevance"] == 0.3
    assert options["encoder"] == str(folder)
    found = selector("mmr", pool_of("the cat", "我喜欢猫", "a dog"), **first).select("cats 👍", 2)
    assert len(found.ids) == 2


def test_other_weights_under_the_same_name_are_loaded_anew(tmp_path: Path) -> None:
    folder = save_bert(tmp_path / "b")
    before, hashed = resolved({"encoder": str(folder)})["encoder"], identity(str(folder))
    path = folder / "config.json"
    later = path.stat().st_mtime_ns + 10**9
    config = json.loads(path.read_text("utf-8")) | {"hidden_dropout_prob": 0.2}
    path.write_text(json.dumps(config), "utf-8")
    os.utime(path, ns=(later, later))
    assert identity(str(folder)) != hashed
    assert resolved({"encoder": str(folder)})["encoder"] is not before


def test_what_is_no_name_stays() -> None:
    class Mine:
        def encode(self, texts: object, /) -> np.ndarray:
            return np.zeros((1, 1), np.float32)

    mine = Mine()
    assert resolved({"encoder": mine}) == {"encoder": mine}
    assert resolved({"k1": 1.0}) == {"k1": 1.0}
    assert resolved({}) == {}


def test_a_path_is_taken_from_the_folder_given(folder: Path) -> None:
    assert encoder_name(folder.name, folder.parent) == str(folder)
    assert encoder_name("hf:a/b", folder) == "hf:a/b"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ngram", "unknown encoder 'ngram'. An encoder is named ngrams, or is a folder that"),
        ("openai:m", "openai:m has no weights here that could encode texts"),
        ("fake:m", "fake:m has no weights here"),
        ("hf:", "has nothing after 'hf:'"),
    ],
)  # fmt: skip
def test_what_is_no_encoder_is_told(name: str, said: str) -> None:
    for ask in (encoder, identity, encoder_name, lambda n: resolved({"encoder": n})):
        with pytest.raises(ModelError) as caught:
            ask(name)
        assert said in str(caught.value)


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is no model folder: it has no config.json"):
        encoder(str(tmp_path))


def test_names_need_no_torch() -> None:
    assert "torch" not in vars(names)
