"""Two small tasks, in English with emoji and in Chinese, and a teacher whose labels are known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from limbeck.generators.demonstrations import Demonstrations
from limbeck.protocols import Request, Teacher
from limbeck.record import Record
from limbeck.seeds import seeds_of
from limbeck.testing import Collected

MOOD = ("good 🙂", "bad")
WEATHER = ("晴天", "下雨", "有雾")
NO_LABEL = "I cannot say"
ENGLISH = [
    "A birthday cake with thirteen candles", "Somebody stole my bicycle", "Free coffee all morning",
    "The train is late again 😤", "Grandmother's garden smells of mint", "My phone fell into soup",
    "They cancelled the concert", "Kittens asleep under a blanket", "We won by two goals 🎉",
    "Mould behind every cupboard",
]  # fmt: skip
CHINESE = [
    "阳光照在操场上，孩子们戴着帽子", "雨伞忘在地铁里了，浑身湿透", "早上看不清对面的楼",
    "路面积水没过脚踝", "傍晚的天空一朵云都没有", "司机打开雾灯慢慢开", "衣服晒了半天就干了",
    "屋檐滴答滴答响了一夜", "湖面白茫茫一片，船都停了", "窗外雷声滚滚，小狗躲在桌下",
]  # fmt: skip


def rows(without_options: bool = False) -> list[dict[str, Any]]:
    """The rows of both tasks, turn about, each with a gold label."""
    found = []
    for n, texts in enumerate(zip(ENGLISH, CHINESE, strict=True)):
        for task, text, options in zip(("mood", "天气"), texts, (MOOD, WEATHER), strict=True):
            row = {"task": task, "id": f"{task}-{n}", "input": text, "options": list(options)}
            found.append({**row, "output": options[n % len(options)]})
    if without_options:
        for row in found:
            del row["options"]
    return found


def seeds(given: Sequence[dict[str, Any]] | None = None) -> list[Record]:
    return [seed for row in (rows() if given is None else given) for seed in seeds_of(row)]


def query_of(request: Request) -> str:
    """The query in a prompt of either form."""
    return request.messages[-1].content.strip("\n").split("\n")[-1]


def truth(query: str) -> dict[str, float]:
    """What the teacher thinks of a query, in the order of its labels; 0.04 is on no label."""
    options = MOOD if query[:1].isascii() else WEATHER
    weights = [1.0 + (len(query) * (place + 1)) % 4 for place in range(len(options))]
    total = sum(weights)
    return {label: 0.96 * w / total for label, w in zip(options, weights, strict=True)}


def known(request: Request) -> dict[str, float]:
    """Over whole completions: as they end in the form of the request."""
    end = "\n\n\n" if request.template == "raw" else ""
    return {label + end: p for label, p in truth(query_of(request)).items()} | {NO_LABEL: 0.04}


def run(
    generator: Demonstrations, teacher: Teacher, given: Sequence[Record] | None = None
) -> Collected:
    out = Collected()
    asyncio.run(generator.generate(seeds() if given is None else given, teacher, out))
    return out
