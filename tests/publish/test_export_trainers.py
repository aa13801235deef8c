"""Exported files through the loading code of TRL, LLaMA-Factory and axolotl, as far as it goes
without training: tokens and labels are those that limbeck trains on.

Each is skipped where it is not installed; docs/export.md says how, and with which versions. The
answers begin and end without spaces: axolotl leaves a space at the end out of the loss, and
LLaMA-Factory tokenises turn by turn, so that one at the beginning may be another token.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from limbeck.publish.export import Exported, Options, export
from limbeck.record import Message, Provenance, Record
from limbeck.trainers.example import encode

tiny = pytest.importorskip("tests.tiny")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
CHATS = [
    [("user", "你好，世界？"), ("assistant", '你好！\n\n第二行 "引号" 🙂')],
    [("system", "كن موجزا"), ("user", "ما هي عاصمة فرنسا؟"), ("assistant", "باريس")],
    [("system", "s"), ("user", "one\nline"), ("assistant", "two"), ("user", "ไทย é"),
     ("assistant", "four")],
    [("user", "=1+1"), ("assistant", "@SUM(A1)")],
]  # fmt: skip
Labelled = tuple[list[int], list[int]]
"""Token ids and labels, -100 where there is no loss."""


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny.make_tokenizer()


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_HUB_OFFLINE", "AXOLOTL_DO_NOT_TRACK", "DISABLE_VERSION_CHECK"):
        monkeypatch.setenv(name, "1")
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def exported(folder: Path, options: Options, kind: str = "jsonl") -> Exported:
    path = folder / "in.jsonl"
    lines = [{"messages": [{"role": r, "content": t} for r, t in chat]} for chat in CHATS]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return export(str(path), folder / "out" / f"x.{kind}", options)


def ours(tokenizer: Any, turns: Literal["last", "all"]) -> list[Labelled]:
    made = []
    for chat in CHATS:
        messages = tuple(Message(r, t) for r, t in chat[:-1])  # type: ignore[arg-type]
        record = Record(messages, chat[-1][1], Provenance("x"))
        example = encode(tokenizer, record, eos_ids=[tokenizer.eos_token_id], turns=turns)
        made.append((list(example.ids), labels(example.ids, example.loss)))
    return made


def labels(ids: Iterable[int], loss: Iterable[object]) -> list[int]:
    return [token if wanted else -100 for token, wanted in zip(ids, loss, strict=True)]


def without_newlines(tokenizer: Any, row: Labelled) -> Labelled:
    """The row up to its last end token, no loss on the newline behind an end token: limbeck leaves
    it out, others may learn it."""
    ids, wanted = list(row[0]), list(row[1])
    end = tokenizer.eos_token_id
    for at in range(1, len(ids)):
        if ids[at - 1] == end:
            wanted[at] = -100
    last = len(ids) - ids[::-1].index(end)
    assert tokenizer.decode(ids[last:]) in ("", "\n")
    return ids[:last], wanted[:last]


def same(tokenizer: Any, found: Sequence[Labelled], wanted: Sequence[Labelled]) -> None:
    assert [without_newlines(tokenizer, row) for row in found] == list(wanted)


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_trl_trains_on_prompts_and_completions(tokenizer: Any, tmp_path: Path, kind: str) -> None:
    trl = pytest.importorskip("trl", exc_type=ImportError)
    import datasets

    done = exported(tmp_path, Options("prompt_completion"), kind)
    path = str(done.files[0].path)
    rows = datasets.load_dataset(
        kind.replace("jsonl", "json"), data_files=path, split="train", cache_dir=str(tmp_path)
    )
    config = trl.SFTConfig(
        str(tmp_path / "o"), max_length=None, report_to=[], use_cpu=True, bf16=False
    )
    trainer = trl.SFTTrainer(
        tiny.make_model(tokenizer), args=config, train_dataset=rows, processing_class=tokenizer
    )
    found = []
    for row in trainer.train_dataset:
        ids = list(row["input_ids"])
        found.append((ids, list(row.get("labels") or labels(ids, row["completion_mask"]))))
    same(tokenizer, found, ours(tokenizer, "last"))


@pytest.mark.parametrize("form", ["messages", "sharegpt", "alpaca"])
@pytest.mark.parametrize("turns", ["last", "all"])
def test_llama_factory_reads_its_entry(
    tokenizer: Any, tmp_path: Path, form: Any, turns: Literal["last", "all"]
) -> None:
    data = pytest.importorskip("llamafactory.data", exc_type=ImportError)
    hparams = pytest.importorskip("llamafactory.hparams", exc_type=ImportError)
    import transformers

    done = exported(tmp_path, Options(form))
    assert done.info is not None
    given = hparams.DataArguments(
        dataset=next(iter(done.entries)),
        dataset_dir=str(done.info.parent),
        template="chatml",
        mask_history=turns == "last",
    )
    template = data.get_template_and_fix_tokenizer(tokenizer, given)
    module = data.get_dataset(
        template,
        hparams.ModelArguments(model_name_or_path="x", cache_dir=str(tmp_path / "c")),
        given,
        transformers.Seq2SeqTrainingArguments(str(tmp_path / "o"), report_to=[], use_cpu=True),
        stage="sft",
        tokenizer=tokenizer,
    )
    found = [(list(row["input_ids"]), list(row["labels"])) for row in module["train_dataset"]]
    wanted = ours(tokenizer, turns)
    if form == "alpaca":  # the row with a history stands first
        wanted.insert(0, wanted.pop(2))
    same(tokenizer, found, wanted)


@pytest.mark.parametrize("form", ["messages", "sharegpt"])
@pytest.mark.parametrize("kind", ["jsonl", "json", "parquet"])
def test_axolotl_reads_its_snippet(tokenizer: Any, tmp_path: Path, form: Any, kind: str) -> None:
    strategies = pytest.importorskip("axolotl.prompt_strategies", exc_type=ImportError)
    shared = pytest.importorskip("axolotl.utils.data.shared", exc_type=ImportError)
    default = pytest.importorskip("axolotl.utils.dict", exc_type=ImportError).DictDefault
    import yaml

    about = default(yaml.safe_load(exported(tmp_path, Options(form), kind).axolotl)["datasets"][0])
    config = default(sequence_len=4096, chat_template="tokenizer_default", chat_template_kwargs={})
    rows = shared.load_dataset_with_config(about, use_auth_token=False)
    strategy = strategies.load(about["type"], tokenizer, config, about)
    found = []
    for row in rows["train"] if isinstance(rows, dict) else rows:
        made = strategy.tokenize_prompt(dict(row))
        found.append((list(made["input_ids"]), list(made["labels"])))
    same(tokenizer, found, ours(tokenizer, "all"))
