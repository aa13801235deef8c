"""A published folder in TRL's SFTTrainer: the tokens and the loss that its collator makes are those
that limbeck trains on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from limbeck.publish.folder import publish
from limbeck.record import Message, Provenance, Record, user
from limbeck.trainers.example import encode
from tests.publish.runs import YES, run_of

trl = pytest.importorskip("trl", exc_type=ImportError)
datasets = pytest.importorskip("datasets")
tiny = pytest.importorskip("tests.tiny")
pytestmark = pytest.mark.filterwarnings("ignore")

# As ChatML, without the newline behind the last turn, which TRL would learn and limbeck does not.
TEMPLATE = (
    "{{ (tools | tojson) if tools else '' }}{% for message in messages %}"
    "{% if not loop.first %}{{ '\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] }}"
    "{% if message.tool_calls is defined %}{% for call in message.tool_calls %}"
    "{{ call.function | tojson }}{% endfor %}{% endif %}{{ '<|im_end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '\n<|im_start|>assistant\n' }}{% endif %}"
)
CHATS: dict[str, list[tuple[Message, ...]]] = {
    "one turn": [(user("你好，世界？"),), (user("=1+1"),)],
    "system": [(Message("system", "كن موجزا"), user("ما هي عاصمة فرنسا؟"))],
    "several turns": [
        (user("one\nline"), Message("assistant", " two "), user("ไทย é")),
        (Message("system", "s"), user("a"), Message("assistant", "b"), user("c")),
    ],
}  # fmt: skip
CALL = {"name": "weather", "arguments": '{"city":"北京", "lat":39.904211}'}
MORE: dict[str, Any] = {
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"a": 1e-9}}}],
    "tool_calls": [{"id": "c2", "type": "function", "function": {**CALL, "arguments": "{}"}}],
    "reasoning": "Primero, el tiempo.",
}
CHATS["tools"] = [
    (
        user("天气?"),
        Message("assistant", "", tool_calls=({"type": "function", "function": CALL},)),
        Message("tool", "18 °C", tool_call_id="c1"),
    ),
    (user("hola"),),
]
CHATS["all of them"] = [chat for chats in CHATS.values() for chat in chats]


def records(chats: Sequence[tuple[Message, ...]], template: str = "chat") -> list[Record]:
    """Some rows of each chat, enough for a split."""
    return [
        Record(
            chat,
            f"  {number}: Der Fuchs 🙂\n\nist rot. {at}",
            Provenance("g", "fake:t", index=at * 2 + number, template=template),
            meta={"finish_reason": "stop", **(MORE if chat[-1].role == "tool" else {})},
        )
        for at, chat in enumerate(chats)
        for number in range(2)
    ]


def batches(folder: Path, tokenizer: Any, tmp_path: Path) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Token ids and labels (-100 without loss) of every row of the folder, from TRL's collator."""
    rows = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    config = trl.SFTConfig(
        str(tmp_path / "o"), max_length=None, report_to=[], use_cpu=True, bf16=False
    )
    trainer = trl.SFTTrainer(
        tiny.make_model(tokenizer), args=config, train_dataset=rows, processing_class=tokenizer
    )
    made = trainer.data_collator([trainer.train_dataset[at] for at in range(len(rows))])
    found = {}
    for ids, labels, seen in zip(
        made["input_ids"].tolist(),
        made["labels"].tolist(),
        made["attention_mask"].tolist(),
        strict=True,
    ):
        found[tuple(ids[: sum(seen)])] = tuple(labels[: sum(seen)])
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("kind", [*CHATS, "raw"])
def test_trl_trains_on_what_limbeck_trains_on(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    raw = kind == "raw"
    chats = [(user("Once upon a time"),), (user("猫："),)] if raw else CHATS[kind]
    made = records(chats, "raw" if raw else "chat")
    context = run_of(tmp_path, made, filters=["complete"], format={"valid": 0, "test": 0})
    publish(context, tmp_path / "d", YES)
    tokenizer = tiny.make_tokenizer(TEMPLATE)
    wanted = {}
    for record in made:
        example = encode(tokenizer, record, eos_ids=[tokenizer.eos_token_id])
        wanted[example.ids] = tuple(
            token if loss else -100 for token, loss in zip(example.ids, example.loss, strict=True)
        )
    assert batches(tmp_path / "d", tokenizer, tmp_path) == wanted
