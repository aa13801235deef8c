"""What an arm cost: each reply once, in tokens and dollars."""

from __future__ import annotations

from pathlib import Path

from limbeck.money import Rates
from limbeck.pipeline.iterate.cost import Account, tokens
from limbeck.store import write_jsonl


def rates(given: int, output: int) -> Rates:
    """Pico-dollars a token."""
    return Rates(input=given, output=output, cached=given, batch=500_000, source="test")


def replies(path: Path, *rows: tuple[str, str, int, int]) -> Path:
    keys = ("who", "key", "prompt_tokens", "completion_tokens")
    write_jsonl(path, (dict(zip(keys, row, strict=True)) for row in rows))
    return path


def test_a_reply_counts_once_an_arm(tmp_path: Path) -> None:
    first = replies(tmp_path / "1", ("teacher", "a", 10, 5), ("teacher", "b", 20, 5))
    second = replies(
        tmp_path / "2", ("teacher", "b", 20, 5), ("referee", "b", 100, 7), ("teacher", "c", 1, 1)
    )
    arm = Account({"teacher": rates(2_000_000, 8_000_000), "referee": rates(1_000_000, 0)})
    other = arm.copy()
    spent = arm.add([first])
    assert spent == {
        "calls": 2, "prompt_tokens": 30, "completion_tokens": 10,
        "usd": (30 * 2 + 10 * 8) / 10**6,
    }  # fmt: skip
    more = arm.add([second, tmp_path / "missing"])
    assert more == {
        "calls": 2, "prompt_tokens": 101, "completion_tokens": 8,
        "usd": (100 * 1 + 1 * 2 + 1 * 8) / 10**6,
    }  # fmt: skip
    assert tokens([spent, more]) == 30 + 10 + 101 + 8
    assert arm.add([first, second])["calls"] == 0
    assert other.add([first])["calls"] == 2
    assert arm.copy().add([first])["calls"] == 0


def test_a_price_that_is_not_known_makes_no_sum(tmp_path: Path) -> None:
    path = replies(tmp_path / "1", ("teacher", "a", 10, 5), ("referee", "r", 10, 5))
    arm = Account({"teacher": rates(1, 1), "referee": None})
    assert arm.add([path])["usd"] is None
    assert Account({"teacher": rates(1, 1)}).add([tmp_path / "none"])["usd"] == 0.0
