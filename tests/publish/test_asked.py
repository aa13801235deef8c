"""What the ledger says of the rows: settings, who answered, cost; and what it does not say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from limbeck.pipeline.context import Context
from limbeck.pipeline.run import do_stages
from limbeck.progress import Quiet
from limbeck.publish.asked import paid, sampling
from limbeck.publish.folder import publish
from limbeck.publish.verify import verify
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import read_json, read_records, write_json, write_jsonl
from limbeck.testing import ApiServer
from tests.publish.runs import PROMPTS, YES


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A run whose teacher is a server with a price: 2 dollars a million tokens in, 5 out."""
    folder = tmp_path_factory.mktemp("bought")
    write_jsonl(folder / "seeds.jsonl", [{"prompt": text} for text in PROMPTS])
    with ApiServer() as server:
        job: dict[str, Any] = {
            "name": "bought",
            "seeds": {"path": "seeds.jsonl", "licence": "cc-by-4.0"},
            "teacher": {
                "model": "openai:gpt-4o-mini",
                "base_url": server.base_url,
                "price": {"input": 2.0, "output": 5.0},
            },
            "generate": {"max_tokens": 32, "temperature": 0.7, "top_p": 0.9, "system": "Kurz."},
            "filters": ["complete"],
            "format": {"valid": 3, "test": 4},
            "student": "fake:s",
        }
        run = RunDir(folder / "run", Recipe.model_validate(job).resolved(folder))
        context = Context(run, Quiet(), folder / "ledger.sqlite")
        do_stages(context, ("generate", "filter", "format"))
    return context


def test_every_setting_that_was_sent_is_found(bought: Context) -> None:
    keys = [r.provenance.request for r in read_records(bought.run.path / "generate/records.jsonl")]
    found = sampling(bought.ledger, [*keys, "f" * 40, ""])
    assert (found["requests"], found["found"], found["unknown"]) == (26, 24, 2)
    assert found["seeded"] == 24
    (only,) = found["settings"]
    assert only["rows"] == 24
    assert only["sent"] == {
        "max_tokens": 32, "temperature": 0.7, "top_p": 0.9, "stop": [], "template": "chat",
    }  # fmt: skip
    assert found["first"] == found["last"] is not None


def test_without_a_ledger_nothing_is_known_and_none_is_made(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite"
    found = sampling(path, ["a" * 40])
    assert (found["found"], found["unknown"], found["settings"]) == (0, 1, [])
    assert paid(path, ("run",), "{}", None) is None
    assert not path.exists()


def test_cost_and_settings_are_on_the_card(bought: Context, tmp_path: Path) -> None:
    publish(bought, tmp_path / "d", YES)
    found = read_json(tmp_path / "d" / "limbeck.json")
    records = list(read_records(bought.run.path / "generate/records.jsonl"))
    given = sum(r.meta["usage"]["prompt_tokens"] for r in records)
    said = sum(r.meta["usage"]["completion_tokens"] for r in records)
    money = 2_000_000 * given + 5_000_000 * said  # pico-dollars a token
    cost = found["cost"]
    assert cost["picodollars"] == money > 0
    assert cost["per_row"] == -(-money // 24)
    assert cost["per_correct_row"] is None
    assert cost["paid"] == {
        "prompt_tokens": given, "completion_tokens": said, "wasted_tokens": 0,
        "picodollars": money,
    }  # fmt: skip
    card = (tmp_path / "d" / "README.md").read_text("utf-8")
    assert "| temperature | 0.7 |" in card
    assert "| top_p | 0.9 |" in card
    assert "OpenAI" in card
    assert "may not be used to develop models that compete" in card
    assert found["notices"][0]["key"] == "teacher-terms"
    assert found["licence"] == {"id": "cc-by-4.0", "said_by": "the seeds' licence"}
    assert found["teacher"]["endpoint"] == "https://hidden.invalid/v1"  # 127.0.0.1 is private
    assert "24 of 24 rows have their request there; 24 with a seed" in card
    assert verify(tmp_path / "d").ok


def test_a_merged_run_has_the_cost_of_its_parts(bought: Context, tmp_path: Path) -> None:
    """Its own id paid nothing: the ledger knows the parts by theirs."""
    alone = paid_of(bought, tmp_path / "alone")
    path = tmp_path / "merged"
    shutil.copytree(bought.run.path, path)
    (path / "id").write_text("f" * 32)
    context = Context(RunDir.open(path), Quiet(), bought.ledger)
    assert paid_of(context, tmp_path / "unknown") is None
    parts = [{"payers": [bought.run.id]}, {"payers": ["e" * 32]}]
    write_json(path / "merge.json", {"schema": "limbeck.merge/1", "parts": parts})
    assert alone is not None
    assert alone["picodollars"] > 0
    assert paid_of(context, tmp_path / "d") == alone


def paid_of(context: Context, to: Path) -> dict[str, Any] | None:
    made = publish(context, to, YES).manifest["cost"]["paid"]
    return None if made is None else dict(made)
