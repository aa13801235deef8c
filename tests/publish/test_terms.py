"""Which terms a teacher has, and what has to be acknowledged."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from limbeck.errors import UserError
from limbeck.publish import terms
from limbeck.publish.folder import publish
from limbeck.publish.options import Options
from limbeck.publish.terms import acknowledged, checked_licence, known_host, notices, terms_of
from limbeck.store import read_json
from tests.publish.runs import rows, run_of


@pytest.mark.parametrize(
    ("model", "url", "key", "training"),
    [
        ("openai:gpt-4o-mini", "https://api.openai.com/v1", "openai", "forbidden"),
        ("openai:openai/gpt-5", "https://openrouter.ai/api/v1", "openai", "forbidden"),
        ("openai:o3", "https://x.openai.azure.com/v1", "openai", "forbidden"),
        ("hf:openai/gpt-oss-20b", None, "gpt-oss", "allowed"),
        ("openai:claude-sonnet-4-5", "https://api.anthropic.com/v1", "anthropic", "forbidden"),
        ("openai:models/gemini-2.5-flash", None, "gemini", "forbidden"),
        ("hf:google/gemma-3-4b-it", None, "gemma", "conditions"),
        ("hf:meta-llama/Llama-3.1-8B-Instruct", None, "llama-later", "conditions"),
        ("hf:meta-llama/Llama-3.3-70B-Instruct", None, "llama-later", "conditions"),
        ("hf:meta-llama/Meta-Llama-3-8B", None, "llama", "forbidden"),
        ("gguf:llama-2-7b.gguf", None, "llama", "forbidden"),
        ("hf:TinyLlama/TinyLlama-1.1B", None, "open", "allowed"),
        ("hf:Qwen/Qwen2.5-0.5B-Instruct", None, "qwen", "allowed"),
        ("gguf:qwen2.5-coder-0.5b-instruct.gguf", None, "qwen", "allowed"),
        ("hf:Qwen/Qwen2.5-3B-Instruct", None, "qwen-research", "forbidden"),
        ("hf:Qwen/Qwen2.5-72B-Instruct", None, "qwen-licence", "conditions"),
        ("hf:deepseek-ai/DeepSeek-R1-Distill-Llama-8B", None, "deepseek-distill-llama",
         "conditions"),
        ("openai:deepseek-chat", "https://api.deepseek.com/v1", "deepseek", "allowed"),
        ("hf:mistralai/Mistral-7B-Instruct-v0.3", None, "mistral", "allowed"),
        ("hf:mistralai/Mistral-Large-Instruct-2411", None, "mistral-research", "forbidden"),
        ("hf:CohereForAI/c4ai-command-r-v01", None, "cohere", "forbidden"),
        ("hf:deepseek-ai/DeepSeek-V3-0324", None, "deepseek", "allowed"),
        ("hf:deepseek-ai/DeepSeek-V3.1", None, "deepseek", "allowed"),
        ("hf:deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", None, "deepseek", "allowed"),
        ("hf:deepseek-ai/DeepSeek-V3", None, "deepseek-older", "conditions"),
        ("gguf:deepseek-coder-6.7b-instruct.Q4_K_M.gguf", None, "deepseek-older", "conditions"),
        ("openai:qwen/qwen3-coder-plus", "https://openrouter.ai/api/v1", "qwen-api", "unknown"),
        ("openai:qwen-vl-max", None, "qwen-api", "unknown"),
        ("hf:Qwen/Qwen2.5-VL-72B-Instruct", None, "qwen-licence", "conditions"),
        ("hf:Qwen/Qwen2.5-VL-3B-Instruct", None, "qwen-research", "forbidden"),
        ("hf:Qwen/Qwen2.5-Coder-32B-Instruct", None, "qwen", "allowed"),
        ("openai:prompt-writer", None, "unknown", "unknown"),
        ("bundled", None, "bundled", "allowed"),
        ("my-own-model", None, "unknown", "unknown"),
        ("", None, "unknown", "unknown"),
    ],
)  # fmt: skip
def test_a_teacher_is_known_by_its_name(
    model: str, url: str | None, key: str, training: str
) -> None:
    found = terms_of(model, url)
    assert found[0].key == key
    assert found[0].training == training


def test_a_host_counts_beside_the_name() -> None:
    """Somebody's fine-tune at OpenAI is under OpenAI's terms, and Qwen at Mistral's under both."""
    assert [one.key for one in terms_of("openai:ft:mine", "https://api.openai.com/v1")] == [
        "openai"
    ]
    both = terms_of("openai:qwen3-8b", "https://api.mistral.ai/v1")
    assert [one.key for one in both] == ["qwen", "mistral-api"]
    assert terms.worst(both) == "conditions"
    lookalike = terms_of("openai:m", "https://api.openai.com.evil.example/v1")
    assert [one.key for one in lookalike] == ["unknown"]


def test_every_family_is_whole() -> None:
    table = terms._table()
    keys = [family["key"] for family in table["families"]]
    assert len(keys) == len(set(keys))
    for family in table["families"]:
        assert family["training"] in ("allowed", "conditions", "forbidden", "unknown")
        assert {"name", "says", "read", "as_of", "models"} <= set(family)
        assert re.fullmatch(r"20\d\d(-\d\d)?", family["as_of"])
        for pattern in family["models"]:
            re.compile(pattern)
            bare = re.sub(r"\\.", "", pattern)
            assert bare == bare.lower()  # names are lower-cased before they are searched


OPEN, CLOSED = terms_of("bundled"), terms_of("openai:gpt-4o")


@pytest.mark.parametrize(
    ("teacher", "seeds", "licence", "keys"),
    [
        (OPEN, "apache-2.0", "apache-2.0", []),
        (OPEN, "cc-by-4.0", "mit", []),
        (CLOSED, "mit", "mit", ["teacher-terms"]),
        (terms_of("mystery"), "mit", "mit", ["teacher-terms"]),
        (OPEN, "cc-by-nc-4.0", "cc-by-nc-4.0", ["seeds-licence"]),
        (OPEN, "cc-by-nc-4.0", "mit", ["seeds-licence"]),
        (OPEN, "unknown", "mit", ["seeds-licence"]),
        (OPEN, "unknown", "unknown", ["seeds-licence"]),
        (OPEN, "cc-by-sa-4.0", "cc-by-sa-4.0", []),
        (OPEN, "cc-by-sa-4.0", "mit", ["seeds-licence"]),
        (OPEN, "cc-by-nc-nd-4.0", "unknown", ["seeds-licence"]),
        (OPEN, "other", "other", ["seeds-licence"]),
        (CLOSED, "unknown", "unknown", ["teacher-terms", "seeds-licence"]),
    ],
)
def test_what_has_to_be_acknowledged(
    teacher: list[terms.Terms], seeds: str, licence: str, keys: list[str]
) -> None:
    found = notices(teacher, seeds, licence)
    assert [notice.key for notice in found] == keys
    if not keys:
        assert acknowledged(found, []) == []
        return
    with pytest.raises(UserError, match=f"--acknowledge {keys[0]}"):
        acknowledged(found, [])
    written = acknowledged(found, keys)
    assert [row["key"] for row in written] == keys
    assert all(row["acknowledged"] is True and row["says"] for row in written)


def test_an_unknown_acknowledgement_or_licence_is_refused() -> None:
    with pytest.raises(UserError, match="teacher-terms or seeds-licence, got 'all'"):
        acknowledged([], ["all"])
    with pytest.raises(UserError, match=r"did you mean 'apache-2\.0'"):
        checked_licence("Apache2.0", "--licence")
    assert checked_licence(" CC-BY-4.0 ", "--licence") == "cc-by-4.0"


def test_known_hosts_are_no_secret() -> None:
    assert known_host("https://api.openai.com/v1")
    assert known_host("https://openrouter.ai/api/v1")
    # Whose resource or project it is stands in the address.
    assert not known_host("https://secret-corp.openai.azure.com/openai/v1")
    assert not known_host("https://x-aiplatform.googleapis.com/v1/projects/secret-corp")
    for private in (
        "http://10.0.0.7:8000/v1",
        "https://llm.corp.example/v1",
        None,
        "http://[::1]/",
    ):
        assert not known_host(private)


@pytest.mark.parametrize(
    ("teacher", "asked"),
    [
        ({"model": "openai:mystery", "base_url": "http://127.0.0.1:8000/v1"}, False),
        ({"model": "openai:mystery", "base_url": "http://localhost:8000/v1"}, False),
        ({"model": "openai:mystery", "base_url": "http://10.1.2.3/v1"}, False),
        ({"model": "openai:mystery", "base_url": "http://[fd00::1]/v1"}, False),
        ({"model": "hf:me/mystery"}, False),
        ({"model": "openai:mystery", "base_url": "https://api.example.com/v1"}, True),
        ({"model": "openai:mystery", "base_url": "http://127.0.0.1.example.com/v1"}, True),
        ({"model": "openai:llama-2-7b", "base_url": "http://localhost:8000/v1"}, True),
        ({"model": "openai:mystery"}, True),
    ],
)
def test_a_folder_of_one_s_own_asks_only_for_a_teacher_s_terms(
    tmp_path: Path, teacher: dict[str, str], asked: bool
) -> None:
    """The hub asks for the seeds' licence and the terms of each of these teachers."""
    made = rows(4, teacher=teacher["model"])
    context = run_of(tmp_path, made, teacher=teacher, format={"valid": 0, "test": 0})
    nothing = Options(audit=False)
    if asked:
        with pytest.raises(UserError, match="not published: teacher-terms") as said:
            publish(context, tmp_path / "d", nothing)
        assert "seeds-licence" not in str(said.value)
    else:
        publish(context, tmp_path / "d", nothing)
        assert read_json(tmp_path / "d" / "limbeck.json")["notices"] == []
    with pytest.raises(UserError, match="--acknowledge teacher-terms --acknowledge seeds-licence"):
        publish(context, tmp_path / "e", replace(nothing, hub=True))
