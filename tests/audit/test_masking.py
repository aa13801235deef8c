"""No personal data of the rows in anything that an audit quotes."""

from __future__ import annotations

import json

from limbeck.audit import markdown, page
from limbeck.audit.findings.finding import cut
from limbeck.audit.masking import without_pii
from limbeck.audit.measure import measure
from tests.audit.small import source

MAIL, PHONE, CHINESE = "ida.holm@posta.hu", "+1 415-867-2671", "li.lei@qq.com"
ROWS = [
    {"instruction": f"Write to {MAIL}.", "output": f"Dear {MAIL.upper()}, call {PHONE} 🐈"},
    {"instruction": f"Write to {MAIL}.", "output": f"Dear {MAIL.upper()}, call {PHONE} 🐈"},
    {"instruction": f"邮箱{CHINESE}吗？", "output": "是"},
    {"instruction": f"邮箱{CHINESE}吗？", "output": "否"},
]


def test_page_markdown_and_json_quote_none() -> None:
    report = measure(source(ROWS), version="1") | {"sheet_rows": 4}
    by_key = {one["key"]: one for one in report["findings"]}
    assert by_key["pii"]["count"] == 4
    assert by_key["duplicates"]["examples"]
    assert by_key["contradictions"]["examples"]
    texts = dict(by_key["pii"]["examples"][0]["texts"])
    assert texts["Instruction"] == "Write to [EMAIL_1]."
    assert texts["Output"] == "Dear [EMAIL_1], call [PHONE_1] 🐈"
    for made in (json.dumps(report, ensure_ascii=False), page.render(report),
                 markdown.render(report)):  # fmt: skip
        assert "EMAIL" in made
        for secret in (MAIL, MAIL.upper(), PHONE, CHINESE):
            assert secret not in made


def test_only_quotes_are_masked_and_each_by_itself() -> None:
    other = "otto@posta.hu"
    report = {
        "name": MAIL,
        "findings": [{"examples": [{"places": [1], "note": MAIL}, {"texts": [["A", other]]}]}],
        "unreadable": {"reasons": [f"line 1: {MAIL}"]},
    }
    assert without_pii(report) == {
        "name": MAIL,
        "findings": [
            {"examples": [{"places": [1], "note": "[EMAIL_1]"}, {"texts": [["A", "[EMAIL_1]"]]}]}
        ],
        "unreadable": {"reasons": ["line 1: [EMAIL_1]"]},
    }


def test_an_address_is_never_cut_in_two() -> None:
    assert cut(f"你好 {MAIL} 再见", most=10) == "你好  … [20 more characters]"
    assert cut(f"你好{MAIL}", most=10) == "你好 … [17 more characters]"
    assert cut("ab cd", most=2) == "ab … [3 more characters]"
    assert cut("x" * 300, most=290) == "x" * 290 + " … [10 more characters]"
    assert cut("猫" * 5, most=3) == "猫猫猫 … [2 more characters]"
