"""Record filter `format`: broken form is found, and texts about it are left alone."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import RecipeError
from limbeck.filters.format import Expected, Format, Reason, format_errors
from limbeck.protocols import Filter
from limbeck.record import Provenance, Record, user
from limbeck.registry import build

BROKEN: dict[str, list[str]] = {
    "control_characters": ["a\x00b", "\x1b[31mred\x1b[0m", "it\x92s", "a\x7f", "```\na\x00b\n```"],
    "broken_unicode": ["caf\ufffd au lait", "half \ud83d of it", "\udc00"],
    "mojibake": [
        "Un cafÃ© au lait.",
        "Thatâ€™s fine.",
        "Â£35 and 20 Â°C",
        "FranÃ§ois dit Ã  bientÃ´t",
        "smile ðŸ˜€ now",
        "Ð¿Ñ€Ð¸Ð²ÐµÑ‚",
        "ä¸\xadæ–‡",
        "doÄŸru",
        "ï»¿Start",
    ],
    "escaped_twice": ["a &amp;lt; b", "&amp;quot;Hi&amp;quot;, he said", "&amp;#39;"],
    "leaked_tokens": [
        "Paris.<|im_end|>",
        "Paris.</s>",
        "<|start_header_id|>assistant<|end_header_id|>\n\nParis.<|eot_id|>",
        "[INST] And Rome? [/INST]",
        "<<SYS>> Be kind. <</SYS>>",
        "Paris.<end_of_turn>",
        "Paris.<｜end▁of▁sentence｜>",
        "巴黎。<|endoftext|>",
        "The <pad><pad><pad>",
        "Nice<0xF0><0x9F>",
    ],
    "role_prefix": [
        "Assistant: Paris.",
        "  AI: Paris.",
        "### Response:\nParis.",
        "assistant\nParis.",
    ],
    "next_turn": [
        "Paris.\n\nUser: And of Italy?\nAssistant: Rome.",
        "Paris.\n\nHuman: Thanks!",
        "Paris.\n\n### Instruction:\nName a river.",
        "巴黎。\n用户：那么意大利呢？",
    ],
    "unclosed_fence": ["Here:\n```python\nprint(1)", "~~~\nx", "````\n```\nx\n```\n"],
    "unclosed_think": ["<think>Let me see.", "<think>a</think><think>b", "<thinking>so"],
    "stray_think": ["so it is four</think>Four."],
    "unclosed_latex": [r"\begin{align} x", r"So \( x + 1", r"\[ x \)", r"\begin{a}x\end{b}"],
    "broken_json": [
        '```json\n{"a": 1,}\n```',
        '{"a": 1, "b"',
        '[{"a": 1}, {"a" 2}]',
        '```json\n{"a": NaN}\n```',
        '[["a", "b"], ["c"',
    ],
}
FINE = [
    "",
    "Paris.",
    "a\tb\r\nc\n",
    'SANTÉ ! NÃO, AMANHÃ – já. « ÉTÉ » : déjà vu, Âge, À la carte, façade, "IRMÃ”',
    "Ärger, Åland, Øre, Ünal, ĞIŞ, Čapek, Đà Nẵng",
    "Это просто текст. Ρώμη. هذا نص. 中文。日本語。ไทย 👩‍👩‍👧",
    "AT&amp;T and a &lt; b",
    "In HTML, &amp;lt; is how the entity is escaped.",
    "The replacement character (U+FFFD) looks like this: \ufffd.",
    "Wrong decoding makes mojibake such as cafÃ©.",
    "The token `<|im_end|>` ends a turn, and </s> is the end-of-sequence token of Llama.",
    "A chat template writes <|start_header_id|> before the role.",
    'They stop at "<|eot_id|>", as it says.',
    "```text\n<|im_start|>user\nHi<|im_end|>\n```",
    "This is <s>old</s> new.",
    "a[0] <b> [1] <i>x</i> [link](x) <|> |x|",
    "User: a person who uses a program.",
    "Tom: Hello.\nUser: Hi.\nTom: Bye.",
    "The word user: it has four letters.\nAssistants help.",
    "Question: What is it?\nAnswer: A cat.",
    "```python\nx = 1\n```\nand\n~~~\ny\n~~~",
    "````md\n```\nx\n```\n````",
    "1. One\n      ```\n      x\n      ```\n2. Two",
    "Inline ```x``` stays, and ``` too.",
    "<think>two and two</think>Four.",
    "Use the `<think>` tag.",
    r"\begin{align}\begin{array}{l}x\end{array}\end{align} \( y \) \[ z \] $$w$$",
    r"\begin{array}{l} a \\[2pt] b \end{array}",
    r"Costs $5 or $6. C:\path\(x\)",
    '```json\n{"a": [1, 2.5e3, null]}\n```',
    '```json\n{"a": ...}\n```',
    '```json\n{"a": 1}  // the first\n```',
    '```json\n{"a": 1}\n{"a": 2}\n```',
    '{"a": 1}',
    '{"a": 1}\n{"a": 2}\n',
    '{"a": ' + "9" * 5000 + "}",
    "[Your Name]\nDear Sir,",
    "{x: x > 1} is a set",
    "[1] Smith 1999\n[2] Jones 2001",
]


def row(completion: str, prompt: str = "What is the capital of France?") -> Record:
    return Record((user(prompt),), completion, Provenance("test"))


def reason(completion: str, prompt: str = "?", **options: Any) -> str:
    (verdict,) = Format(**options).judge([row(completion, prompt)])
    assert verdict.keep == (verdict.reason == "")
    assert verdict.score is not None
    assert verdict.keep == (verdict.score == 0)
    return verdict.reason


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in BROKEN.items() for text in texts]
)
def test_broken_form_is_found_and_nothing_else(kind: str, text: str) -> None:
    allowed = {kind, "control_characters"} if kind == "mojibake" else {kind}
    found = format_errors(text)
    assert kind in found
    assert set(found) <= allowed
    assert kind in get_args(Reason)


@pytest.mark.parametrize("text", FINE)
def test_what_is_fine_or_about_it_is_left_alone(text: str) -> None:
    assert format_errors(text) == []


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_ignored_is_no_reason(kind: str) -> None:
    assert reason(BROKEN[kind][0]) == kind
    assert reason(BROKEN[kind][0], ignore=(kind,)) == ""


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize(
    "word", ["café", "naïve", "Größe", "señor", "привет", "你好吗", "¿qué?", "“yes”", "it’s", "😀"]
)
def test_a_wrong_decoding_is_found_whatever_it_was(word: str, encoding: str) -> None:
    wrong = word.encode().decode(encoding, "replace")
    found = format_errors(f"say {wrong} again")
    assert {"mojibake", "control_characters", "broken_unicode"} & set(found)


def test_what_the_prompt_shows_is_no_leak() -> None:
    assert reason("It is <|im_end|> here.", "What is <|im_end|>?") == ""
    assert reason("Assistant: Hello.", "Go on:\nUser: Hi.\nAssistant:") == ""
    assert reason("User: Hi.\nBot: Ho.\nUser: Bye.", "Write a dialogue.") == ""
    assert reason("Hi.\nUser: Ho.", "Write a short conversation") == ""
    assert reason("你好。\n用户：再见。", "写一段对话") == ""


def test_a_further_example_is_made_up_where_the_prompt_has_the_label() -> None:
    shots = "Q: 1 + 1?\nA: 2\n\nQ: 2 + 2?\nA:"
    assert reason("4\n\nQ: 3 + 3?\nA: 6", shots) == "next_turn"
    assert reason("4", shots) == ""
    assert reason("Input: the rows.\nOutput: their sum.", "Describe the program.") == ""
    assert reason("Q: 1 + 1?\nA: 2\n\nQ: 2 + 2?\nA: 4", "Write two questions.\nQ:") == ""


def test_an_echo_of_the_whole_prompt_is_found() -> None:
    prompt = "Name the capital of France, please."
    assert reason(f"{prompt} It is Paris.", prompt) == "echoed_prompt"
    assert reason(f"\n  {prompt.upper()}\nParis.", prompt) == "echoed_prompt"
    assert reason("Name the capital of France: Paris.", prompt) == ""
    assert reason("Paris? Yes.", "Paris?") == ""
    code = "def add(a, b):\n    '''Adds two numbers.'''\n"
    assert reason(f"{code}    return a + b", code) == ""


@pytest.mark.parametrize(
    ("text", "tagged"),
    [
        ("So <answer>4</answer>", True),
        ("<answer>\n4\n</answer>.", True),
        ("4", False),
        ("<answer>4", False),
        ("4</answer>", False),
        ("</answer><answer>", False),
        ("<answer> </answer>", False),
        ("<answer>4</answer><answer>5</answer>", False),
        ("<answer><answer>4</answer>", False),
    ],
)
def test_an_answer_tag_stands_there_once(text: str, tagged: bool) -> None:
    assert reason(text, answer_tag="answer") == ("" if tagged else "no_answer_tag")


@pytest.mark.parametrize(
    "text",
    [
        "# Title",
        "- one\n- two",
        "This is **bold**.",
        "`code`",
        "```\nx\n```",
        "[a](b)",
        "| a | b |",
    ],
)
def test_markdown_may_be_unwanted(text: str) -> None:
    assert reason(text) == ""
    assert reason(text, no_markdown=True) == "markdown"


@pytest.mark.parametrize("text", ["Plain text.", "2 * 3 * 4 = 24", "a_b_c", "-2 is less.", "#1"])
def test_plain_text_is_no_markdown(text: str) -> None:
    assert reason(text, no_markdown=True) == ""


def test_matches_is_searched_in_the_completion() -> None:
    assert reason("So the answer is 42.", matches=r"answer is \d+") == ""
    assert reason("I do not know.", matches=r"answer is \d+") == "no_match"
    assert reason("答案是四。", matches="^答案是.。$") == ""
    assert (
        reason("half \ud83d answer is 4", matches=r"answer is \d", ignore=("broken_unicode",)) == ""
    )


@pytest.mark.timeout(20)
def test_no_text_makes_a_pattern_hang() -> None:
    # With a backtracking engine this takes 2 to the power of 100,000 steps.
    assert reason("a" * 100_000 + "!", matches="^(a+)+$") == "no_match"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"matches": "("}, "matches is no regular expression of RE2, got '('"),
        ({"matches": "(?=x)y"}, "matches is no regular expression of RE2"),
        ({"answer_tag": "<answer>"}, "answer_tag is the name of a tag, such as answer"),
        ({"ignore": ["typos"]}, "option 'ignore.0'"),
        ({"expected": "yaml"}, "option 'expected'"),
    ],
)
def test_options_that_make_no_sense_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(message)):
        build("filters", "format", options)


def test_verdicts_come_one_each_in_order() -> None:
    rows = [row("Paris."), row("Assistant: Paris.<|im_end|>\n```"), row("")]
    verdicts = Format().judge(rows)
    assert [v.record for v in verdicts] == [r.id for r in rows]
    assert [v.score for v in verdicts] == [0, 3, 0]
    assert [v.reason for v in verdicts] == ["", "leaked_tokens", ""]
    assert Format().judge([]) == Format(matches="x").judge([]) == []
    assert isinstance(Format(), Filter)
    assert Format.stateless


@settings(deadline=None)
@given(
    st.text(st.one_of(st.characters(codec=None), st.sampled_from("`<|[]>\\Ãâ€\n:")), max_size=200),
    st.sampled_from(get_args(Expected)),
)
def test_any_text_whatever_gets_known_reasons(text: str, expected: Expected) -> None:
    found = format_errors(text, expected, prompt=text[:50])
    assert set(found) <= set(get_args(Reason))
    assert len(found) == len(set(found))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    ["a", " ", "`", "` ", "\\[", "[", '{"a":', "<|a", "Q: ", "Q:\n", "&amp;", "Ã©", "ðŸ", "$$"],
)  # fmt: skip
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    format_errors(piece * (10**6 // len(piece)), prompt="Q: hi, what is this now?")
