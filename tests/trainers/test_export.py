"""The exported folder: plain transformers loads it, says the same, and stops; its card is valid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
import yaml
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.hf import Loaded, save
from limbeck.models import ModelName
from limbeck.recipe import Lora, Recipe
from limbeck.record import user
from limbeck.trainers.card import Facts, card, code, licence_of, one_line
from limbeck.trainers.export import export
from limbeck.trainers.lora import add_lora
from tests.tiny import make_model, make_tokenizer, save_tiny
from tests.trainers.families import FAMILIES, make

IDS = torch.tensor([[5, 6, 7, 8]])
SUMMARY = {
    "examples": 1234567,
    "valid_examples": 31,
    "too_long": 17,
    "epochs": 3,
    "tokens": 7654321,
    "loss_tokens": 424242,
    "parameters": 135791,
    "about": "a model",
}
CURVE: list[dict[str, Any]] = [
    {"step": 0, "train_loss": 3.14159, "valid_loss": 2.71828},
    {"step": 5, "train_loss": 2.0, "valid_loss": None},
    {"step": 9, "train_loss": 1.41421, "valid_loss": 1.61803},
]


def recipe(**sections: Any) -> Recipe:
    start = {"name": "r", "seeds": "s.jsonl", "teacher": "fake:x", "student": "bundled"}
    return Recipe.model_validate(start | sections)


def facts(**sections: Any) -> Facts:
    rows = {"train": 1234584, "valid": 31, "test": 77}
    return Facts(recipe(**sections), "feed0123", rows, SUMMARY, CURVE)


def front(text: str) -> dict[str, Any]:
    """The metadata as the hub's own library reads it."""
    data: Any = ModelCard(text).data
    found: dict[str, Any] = data.to_dict()
    return found


@pytest.fixture(params=FAMILIES)
def loaded(request: pytest.FixtureRequest) -> Loaded:
    return make(request.param)


@pytest.mark.parametrize("with_lora", [False, True])
def test_plain_transformers_loads_it_and_it_says_the_same(
    loaded: Loaded, tmp_path: Path, with_lora: bool
) -> None:
    if with_lora:
        add_lora(loaded.model, Lora(rank=4))
        for name, weight in loaded.model.named_parameters():
            if "lora_B" in name:  # as if trained
                torch.nn.init.normal_(weight.data, std=0.3)
    with torch.inference_mode():
        before = loaded.model(IDS, use_cache=False).logits
    template = loaded.tokenizer.chat_template
    ends = loaded.eos_ids
    export(loaded, tmp_path / "student", facts())
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "student")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "student")
    assert type(model) is type(loaded.model)
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
    with torch.inference_mode():
        after = model.float()(IDS, use_cache=False).logits
    assert torch.allclose(after, before, atol=0.25)  # bfloat16's rounding
    assert float((after.argmax(-1) == before.argmax(-1)).float().mean()) > 0.7
    assert tokenizer.chat_template == template
    text = "The capital of France"
    assert tokenizer(text)["input_ids"] == loaded.tokenizer(text)["input_ids"]
    end = model.generation_config.eos_token_id
    assert (end if isinstance(end, list) else [end]) == ends
    assert model.generation_config.pad_token_id == tokenizer.pad_token_id
    names = {path.name for path in (tmp_path / "student").iterdir()}
    assert {"README.md", "config.json", "generation_config.json", "model.safetensors"} <= names
    assert not [name for name in names if name.startswith("adapter") or name.endswith(".bin")]


@pytest.mark.parametrize("which", [0, 1])
def test_it_stops_at_any_of_its_end_tokens_under_plain_generate(tmp_path: Path, which: int) -> None:
    loaded = make("qwen2")
    end = loaded.eos_ids[which]
    loaded.model.generation_config.eos_token_id = loaded.eos_ids[1]  # and the tokenizer's own
    with torch.no_grad():  # whatever is asked, the end comes at once
        loaded.model.model.norm.weight.zero_()
        loaded.model.get_output_embeddings().bias = torch.nn.Parameter(
            torch.nn.functional.one_hot(torch.tensor(end), len(loaded.tokenizer)).float()
        )
    export(loaded, tmp_path / "student", facts())
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "student")
    model.lm_head.bias = loaded.model.lm_head.bias  # a Qwen has none to be saved
    said = model.generate(IDS, max_new_tokens=9, do_sample=False)
    assert said.tolist() == [[*IDS[0].tolist(), end]]


def test_the_card_has_every_number_of_the_run_and_where_it_is_from() -> None:
    text = card(facts(student={"model": "bundled", "layers": 10}, train={"max_length": 321}))
    for shown in (
        "1,234,567", "1,234,584", "31", "77", "17", "7,654,321", "424,242", "135,791", "321",
        "3.1416, 1.4142", "2.7183, 1.6180", "feed0123", "10 evenly spaced layers", "`fake:x`",
        "`sft`", "`answers`",
    ):  # fmt: skip
        assert shown in text, shown
    data = front(text)
    assert data["library_name"] == "transformers"
    assert data["pipeline_tag"] == "text-generation"
    assert data["license"] == "apache-2.0"
    assert data["base_model"] == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert data["tags"] == ["limbeck", "distillation", "sft"]
    assert data["limbeck"]["rows"] == {"train": 1234584, "valid": 31, "test": 77}
    assert data["limbeck"]["teacher"] == "fake:x"


def test_the_card_holds_the_recipe_and_no_path_of_this_machine(
    tiny_folder: Path, tmp_path: Path
) -> None:
    given = recipe(
        teacher={"model": str(tiny_folder), "dtype": "float32"},
        student=str(tiny_folder),
        seeds={
            "path": str(tmp_path / "seeds.jsonl"),
            "split": str(tmp_path / "tasks.yaml"),
            "tuning": "meta",
        },
        generate={"generator": "answers", "system": "/no_think Be brief.\n/end"},
        eval={"tasks": [str(tmp_path / "numbers.jsonl")]},
    )
    (tmp_path / "numbers.jsonl").write_text("")
    text = card(Facts(given.resolved(tmp_path), "d", {"train": 1}, {}))
    assert str(tmp_path) not in text
    assert str(tiny_folder.parent) not in text
    block = text.split("```yaml\n")[1].split("```")[0]
    written = yaml.safe_load(block)
    assert written["teacher"]["model"] == tiny_folder.name
    assert written["seeds"]["path"] == "seeds.jsonl"
    assert written["seeds"]["split"] == "tasks.yaml"
    assert written["eval"]["tasks"] == ["numbers.jsonl"]
    assert written["generate"]["system"] == "/no_think Be brief.\n/end"
    assert written["train"] == given.train.model_dump(mode="json")


def test_a_student_from_scratch_or_with_lora_says_so_and_claims_no_base() -> None:
    text = card(facts(student={"model": "bundled", "config": {"hidden_size": 96}}))
    assert "random weights" in text
    assert "hidden_size 96" in text
    assert not {"base_model", "license"} & set(front(text))
    text = card(facts(student={"model": "bundled", "lora": {"rank": 5}}))
    assert "LoRA of rank 5" in text
    assert front(text)["base_model_relation"] == "finetune"


def test_a_student_that_started_from_others_weights_says_so_and_claims_what_they_claim(
    tmp_path: Path,
) -> None:
    start = tmp_path / "round-1" / "train" / "student"
    student = {"model": "bundled", "lora": {"rank": 5}, "start": start}
    text = card(facts(student=student))
    assert ", with the weights of `round-1/train/student` in place of its own; LoRA" in text
    assert not {"base_model", "license"} & set(front(text))
    assert str(tmp_path) not in text
    start.mkdir(parents=True)
    (start / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
    assert front(card(facts(student=student)))["license"] == "mit"
    text = card(facts(student={"model": "bundled", "config": {}, "start": tmp_path / "模型"}))
    assert "It began with the weights of `模型` in the shape of `bundled" in text


NAMES = [
    "教师模型", 'say "hi"', "it's: a # name", "two\nlines", "---", "a\n---\nlicense: mit",
    "`tick` and ```fence```", "a | b", "{{jinja}}", "- list", "\x00\x1b[31m", "\ud800", "é\u2028x",
    "*bold* <script>", "x" * 5000, "null", "1e3", "",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_name_leaves_the_card_valid(name: str) -> None:
    check_any_name(name)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_as_a_name_leaves_the_card_valid(name: str) -> None:
    check_any_name(name)


def check_any_name(name: str) -> None:
    given = recipe(
        teacher={"model": f"openai:{name}x", "base_url": "http://localhost/v1"},
        generate={"generator": "answers", "system": name},
        train={"objective": f"{name}y"},
    )
    text = card(Facts(given, "d", {"train": 1}, {"examples": 1}))
    text.encode()
    data = front(text)
    assert data["license"] == "apache-2.0"
    assert set(data) == {
        "library_name", "pipeline_tag", "license", "base_model", "base_model_relation", "tags",
        "limbeck",
    }  # fmt: skip
    clean = name.encode("utf-8", "backslashreplace").decode()
    assert data["limbeck"]["teacher"] == one_line(f"openai:{clean}x")
    body = text.split("\n---\n", 1)[1]
    [fence] = [line for line in body.splitlines() if line.startswith("```") and "yaml" in line]
    block = body.split(fence + "\n", 1)[1].split("\n" + fence.removesuffix("yaml") + "\n")[0]
    assert yaml.safe_load(block)["generate"]["system"] == clean
    table = [line for line in body.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") == 3 for line in table)


def test_code_cannot_be_left() -> None:
    assert code("plain") == "`plain`"
    assert code("a `b` c") == "`` a `b` c ``"
    assert code("") == "` `"


def test_a_licence_is_read_from_the_models_own_card(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    name = ModelName("path", str(folder))
    assert licence_of(name) is None
    assert licence_of(ModelName("openai", "x")) is None
    for written, licence in (
        ("---\nlicense: mit\n---\n# A model", "mit"),
        ("---\nlicense: 'odd: one'\n---\n", None),
        ("---\nlicense: [mit]\n---\n", None),
        ("---\n: {\n---\n", None),
        ("# No front matter\nlicense: mit", None),
    ):
        (folder / "README.md").write_text(written)
        assert licence_of(name) == licence
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    text = card(facts(student=str(folder), teacher=str(folder)))
    assert front(text)["license"] == "mit"
    assert "base_model" not in front(text)  # a folder is no name on the hub
    assert "| its licence | mit |" in text


def test_generation_settings_that_transformers_would_not_write_are_settled(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    model.generation_config.temperature = 0.6  # and it does not say that it samples
    save(model, tokenizer, tmp_path / "model")
    again = transformers.GenerationConfig.from_pretrained(tmp_path / "model")
    assert (again.temperature, again.do_sample) == (0.6, True)


def test_a_template_that_the_student_was_given_is_exported(tmp_path: Path) -> None:
    loaded = make("gpt2")
    export(loaded, tmp_path / "student", facts())
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "student")
    turns = [{"role": "user", "content": user("Hi").content}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert text == "User:\nHi\nAssistant:\n"
