"""Audits made by hand, as audit.json holds them: every finding at every level, kind and hostile."""

from __future__ import annotations

from typing import Any

from limbeck.audit.grades import LEVELS

KEYS = (
    "unreadable", "duplicates", "near_duplicates", "near_instructions", "contradictions",
    "wrong_answers", "self_consistency", "contamination", "empty", "truncated", "refusals",
    "boilerplate", "repetition", "format", "language", "lengths", "pii", "diversity", "licence",
    "provenance", "cost",
)  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(1)>",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \x9b2J",
    "user\u202egnp.exe \u2066isolate\u2069",
    "| a | b |\n# heading\n[link](javascript:alert(1)) ![i](http://x/y.png) `code` **bold**",
    "line\u2028separator\u2029paragraph\x85next\x00nul\r\nreturn",
    "half \ud800 a character",
    "{{ 7 * 7 }} {% raw %} &amp; \"quoted\" 'single' --> ]]>",
    "x" * 1000,
    "漢字かな交じり文。" * 40,
    "مرحبا بالعالم " * 30,
    "👩‍👩‍👧‍👦🇩🇪 e\u0301 ไทย",
    "```\nfenced\n````\n",
)
_SPREAD = {"mean": 18.04, "p10": 7, "p50": 16, "p90": 33, "max": 412}


def finding(key: str, level: str, text: str = "", **more: Any) -> dict[str, Any]:
    """A finding with every field; `text` stands wherever the data may have a say."""
    unknown = level == "unknown"
    made = {
        "key": key,
        "title": key.replace("_", " ").capitalize(),
        "level": level,
        "count": None if unknown else 12,
        "of": None if unknown else 1000,
        "unit": "rows",
        "share": None if unknown else 0.012,
        "low": None if unknown else 0.00688,
        "high": None if unknown else 0.02084,
        "sampled": False,
        "says": "" if unknown else f"12 of 1,000 rows are so. {text}".strip(),
        "advice": f"Look at the rows. {text}".strip(),
        "why": f"there is no column of that. {text}".strip() if unknown else "",
        "details": [] if unknown else [["Threshold", "0.8"], [f"Label {text}", f"Value {text}"]],
        "examples": []
        if unknown
        else [
            {
                "places": [3, 1017],
                "texts": [["Instruction", text or "Sing."], ["Output", f"La la. {text}"]],
                "note": f"Jaccard 0.93 {text}".strip(),
            }
        ],
    }
    return made | more


def report(*findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An audit of 1,000 rows of instructions with these findings."""
    return {
        "schema": "limbeck.audit/2",
        "limbeck_version": "0.1",
        "name": "rows.jsonl",
        "about": "JSON lines, 1,000 rows read as instruction, input, output",
        "not_read": [],
        "notes": [],
        "options": {"sample": 200, "seed": 0, "tokenizer": "unicode", "threshold": 0.7},
        "unreadable": {"count": 0, "reasons": []},
        "counts": {
            "rows": 1000, "instructions": 950, "with_input": 400, "without_input": 600,
            "instances_per_instruction": 1000 / 950,
        },
        "words": {"instruction": _SPREAD, "input": _SPREAD, "output": _SPREAD | {"mean": 45.9}},
        "classification": {"yes": 95, "of": 950, "share": 0.1, "basis": "said by the rows"},
        "outputs": {"empty": 0, "truncated": 0, "refused": 0, "same_as_input": 3,
                    "ends_in_colon": 0},
        "scripts": [{"script": "Latin", "instructions": 990, "outputs": 980},
                    {"script": "Han", "instructions": 10, "outputs": 20}],
        "verb_noun": {
            "of": 950, "english": 940, "missing": "", "analysed": 940, "with_pair": 700,
            "verb_only": 200, "neither": 40, "distinct_pairs": 512, "entropy_bits": 8.31,
            "top_share": 0.236,
            "top": [{"verb": verb, "count": n, "nouns": [{"noun": noun, "count": n // 2}
                                                         for noun in nouns]}
                    for verb, n, nouns in (("write", 80, ("poem", "story", "essay", "letter")),
                                           ("give", 41, ("example", "advice", "list")),
                                           ("explain", 22, ("difference",)))],
        },
        "nearest_seed": None,
        "nearest_other": {
            "bins": [10, 40, 120, 300, 260, 120, 60, 25, 10, 5], "measured": 950, "of": 950,
            "mean": 0.42, "above_threshold": 15, "threshold": 0.7, "same_words": 2,
        },
        "marks": None,
        "sheet_rows": 200,
        "findings": list(findings),
    } | more  # fmt: skip


def every(level: str, text: str = "") -> dict[str, Any]:
    """Every finding at one level."""
    return report(*(finding(key, level, text) for key in KEYS))


def mixed(text: str = "") -> dict[str, Any]:
    """Every finding, the levels in turn."""
    levels = list(LEVELS)
    return report(*(finding(key, levels[n % 5], text) for n, key in enumerate(KEYS)))


def hostile() -> dict[str, Any]:
    """Every finding at every level in turn, hostile text everywhere, and a cell of 10 MB."""
    made = mixed("\n".join(HOSTILE))
    made["name"] = f"{HOSTILE[0]}{HOSTILE[3]}\x1b[2J.jsonl"
    made["about"] = "JSON lines, read as " + ", ".join(HOSTILE)
    made["not_read"] = made["notes"] = list(HOSTILE)
    made["unreadable"] = {"count": 20, "reasons": [f"line 3: {text}" for text in HOSTILE]}
    made["findings"][1]["examples"] += [
        {"places": [n], "texts": [["Output", "漢\u202e" * 5_000_000]], "note": ""} for n in range(4)
    ]
    return made
