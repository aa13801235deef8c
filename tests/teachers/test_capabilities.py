"""What is kept of a probe, what needs none, and what a generator is told."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from limbeck.errors import AuthError, UserError
from limbeck.ledger import Ledger
from limbeck.recipe import TeacherSection
from limbeck.record import canonical_json
from limbeck.teachers.capabilities import FINDINGS, Capabilities, capabilities, recalled
from limbeck.teachers.connect import identity
from limbeck.testing import ApiServer
from tests.teachers.probe_model import KEY, Server, probed


def test_capabilities_survive_json() -> None:
    found, _ = probed(Server(shape="chat", n="ignored", chat_top=5))
    assert Capabilities.from_json(json.loads(json.dumps(found.to_json()))) == found
    with pytest.raises(ValueError, match="no capabilities"):
        Capabilities.from_json(found.to_json() | {"new": 1})
    with pytest.raises(ValueError, match="no capabilities"):
        Capabilities.from_json(found.to_json() | {"seed": {"verdict": "yes"}})


def test_a_probe_is_kept_in_the_ledger_by_endpoint_and_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    path = tmp_path / "ledger.sqlite"
    with ApiServer(script=Server(), api_key=KEY) as server, Ledger(path) as ledger:
        section = TeacherSection(model="openai:é", base_url=server.base_url)
        other = TeacherSection(model="openai:é2", base_url=server.base_url)
        assert recalled(section, ledger) is None
        first = asyncio.run(capabilities(section, ledger))
        count = len(server.bodies)
        assert count > 0
        assert asyncio.run(capabilities(section, ledger)) == recalled(section, ledger) == first
        assert len(server.bodies) == count, "the ledger knows"
        assert recalled(other, ledger) is None
        asyncio.run(capabilities(section, ledger, again=True))
        assert len(server.bodies) == 2 * count
        assert ledger.counts() == (0, 0), "a probe is no question"
    assert KEY.encode() not in b"".join(p.read_bytes() for p in tmp_path.iterdir())


def test_what_another_version_has_stored_is_probed_again(tmp_path: Path) -> None:
    with ApiServer(script=Server()) as server, Ledger(tmp_path / "ledger.sqlite") as ledger:
        section = TeacherSection(model="openai:m", base_url=server.base_url)
        ledger.remember("capabilities", canonical_json(dict(identity(section))), {"chat": True})
        assert recalled(section, ledger) is None
        assert asyncio.run(capabilities(section, ledger)).chat.verdict == "yes"


def test_a_failed_probe_is_not_kept(tmp_path: Path) -> None:
    with ApiServer(api_key="another") as server, Ledger(tmp_path / "ledger.sqlite") as ledger:
        section = TeacherSection(model="openai:m", base_url=server.base_url)
        with pytest.raises(AuthError):
            asyncio.run(capabilities(section, ledger))
        assert recalled(section, ledger) is None


def test_a_local_teacher_is_exact_and_a_base_model_has_no_chat(
    tmp_path: Path, tiny_folder: Path
) -> None:
    base = tmp_path / "base-基"
    shutil.copytree(tiny_folder, base)
    (base / "chat_template.jinja").unlink(missing_ok=True)
    config = base / "tokenizer_config.json"
    row = json.loads(config.read_text("utf-8"))
    row.pop("chat_template", None)
    config.write_text(json.dumps(row), "utf-8")
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        sections = [TeacherSection(model=str(folder)) for folder in (tiny_folder, base)]
        chat, raw = (asyncio.run(capabilities(section, ledger)) for section in sections)
        assert recalled(sections[0], ledger) is None
    assert {chat[name].verdict for name in FINDINGS} == {"yes"}
    assert chat.top_logprobs == chat.completion_top_logprobs > 100
    assert raw.chat.verdict == raw.chat_logprobs.verdict == "no"
    assert raw.chat.evidence == "it has no chat template: it is a base model"
    assert raw.prompt_logprobs.verdict == "yes"
    assert (raw.top_logprobs, raw.completion_top_logprobs) == (0, chat.top_logprobs)


def test_what_is_needed_and_not_there_is_a_sentence_that_says_why_and_what_to_do() -> None:
    found, _ = probed(Server(echo="ignored", seed="greedy", chat_top=5))
    found.require("chat_logprobs", needed_by="generator 标签", top=5)
    with pytest.raises(UserError) as caught:
        found.require("prompt_logprobs", needed_by="generator 标签")
    assert str(caught.value) == (
        "generator 标签 needs the prompt's own log-probabilities, and "
        f"{found.teacher} does not give them (accepted, but the prompt is not echoed, nor are its "
        "log-probabilities). Choose another teacher; if the server has changed, run limbeck probe "
        "with --again"
    )
    with pytest.raises(UserError, match=r"could not be told \(two seeds.* with --again, or"):
        found.require("seed", needed_by="it")
    with pytest.raises(UserError, match=r"needs the 10 likeliest tokens .* gives 5 "):
        found.require("chat_logprobs", needed_by="it", top=10)
