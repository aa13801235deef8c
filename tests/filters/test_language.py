"""Record filter `language`: what is refused is in another language for sure."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import MissingExtra, RecipeError
from limbeck.filters.identify import LANGUAGES
from limbeck.filters.language import Language, language_of, languages_of
from limbeck.protocols import Filter
from limbeck.record import Provenance, Record, user
from limbeck.registry import build

needs_model = pytest.mark.skipif(
    importlib.util.find_spec("py3langid") is None,
    reason="py3langid is not installed: pip install 'limbeck[filters]'",
)

SENTENCES = {
    "en": "My uncle repaired the old clock, and since then it has been right twice a day.",
    "de": "Mein Onkel hat die alte Uhr repariert, und seitdem geht sie wieder ganz genau.",
    "fr": "Mon oncle a réparé la vieille horloge et depuis elle donne l'heure exacte.",
    "es": "Mi tío arregló el reloj viejo y desde entonces da siempre la hora exacta.",
    "pt": "O meu tio consertou o relógio velho e desde então ele nunca mais se atrasou.",
    "it": "Mio zio ha riparato il vecchio orologio e da allora segna sempre l'ora giusta.",
    "tr": "Amcam eski saati tamir etti ve o günden beri saat hiç geri kalmıyor.",
    "vi": "Chú tôi đã sửa chiếc đồng hồ cũ và từ đó nó luôn chạy đúng giờ.",
    "ru": "Мой дядя починил старые часы, и с тех пор они идут совершенно точно.",
    "ar": "أصلح عمي الساعة القديمة ومنذ ذلك الحين وهي تعمل بدقة تامة.",
    "hi": "मेरे चाचा ने पुरानी घड़ी ठीक की और तब से वह सही समय दिखाती है।",
    "th": "ลุงของฉันซ่อมนาฬิกาเรือนเก่าและตั้งแต่นั้นมามันก็เดินตรงเวลา",
    "ja": "おじさんが古い時計を直してから、ずっと正確に動いています。",
    "ko": "삼촌이 오래된 시계를 고친 뒤로는 시간이 아주 정확합니다.",
    "zh": "叔叔修好了旧钟，从那以后它一直走得很准。",
    "el": "Ο θείος μου επισκεύασε το παλιό ρολόι και από τότε πάει πάντα σωστά.",
    "he": "הדוד שלי תיקן את השעון הישן ומאז הוא תמיד מדייק.",
}
TRADITIONAL = "叔叔修好了舊鐘，從那以後它一直走得很準。"
BY_SCRIPT_ALONE = ("th", "ja", "ko", "zh", "el", "he")
NOTHING = [
    "",
    "  \n",
    "42",
    "3.14 / 2",
    "😀👍",
    "!!! ???",
    "12:30",
    r"\frac{1}{2}",
    "https://a.b/cde",
]
CODE = [
    "```python\ndef total(numbers):\n    return sum(numbers)\n```",
    "for (int i = 0; i < n; i++) {\n  sum += a[i];\n}",
    "SELECT name FROM people WHERE age > 30;",
    "`print(total)`",
]


def row(prompt: str, completion: str) -> Record:
    return Record((user(prompt),), completion, Provenance("test"))


def judged(completion: str, prompt: str = "?", **options: Any) -> tuple[bool, str]:
    (verdict,) = Language(**options).judge([row(prompt, completion)])
    assert verdict.keep == (verdict.reason == "")
    assert verdict.score is not None
    return verdict.keep, verdict.reason


@needs_model
@pytest.mark.parametrize(("code", "text"), SENTENCES.items())
def test_a_sentence_is_in_its_language(code: str, text: str) -> None:
    found, probability = language_of(text)
    assert found == code
    assert 0.7 < probability <= 1


@needs_model
def test_both_ways_to_write_chinese_are_chinese() -> None:
    assert language_of(TRADITIONAL)[0] == "zh"


@pytest.mark.parametrize("text", [*NOTHING, *CODE])
def test_what_has_no_language_is_und(text: str) -> None:
    assert language_of(text) == ("und", 0.0)


@pytest.mark.parametrize("code", BY_SCRIPT_ALONE)
def test_a_script_of_one_language_needs_no_model(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limbeck.filters.identify._model", pytest.fail)
    assert language_of(SENTENCES[code]) == (code, 1.0)


def test_chinese_with_english_names_is_chinese_with_less_certainty() -> None:
    code, probability = language_of("我们用 Python 写程序。")
    # Six Chinese characters weigh three each, six Latin letters one: 18 of 24.
    assert (code, probability) == ("zh", 18 / 24)


def test_kana_among_chinese_characters_is_japanese_and_a_word_of_them_is_not() -> None:
    assert language_of("東京大学の図書館")[0] == "ja"
    assert language_of("日语里的助词写作の，在中文里没有对应的字。")[0] == "zh"


@needs_model
def test_code_and_links_in_a_text_do_not_hide_its_language() -> None:
    text = f"{SENTENCES['de']}\n```python\nfor name in names:\n    print(name)\n```\nhttps://x.org/a/the"
    assert language_of(text)[0] == "de"
    assert language_of(f"{SENTENCES['fr']} <div class='the of and'></div> `with the`")[0] == "fr"


@needs_model
def test_phonetic_spelling_is_no_language() -> None:
    assert language_of("/ɪnˈtɜːprɪtə/") == ("und", 0.0)


@needs_model
def test_many_at_once_are_as_one_by_one() -> None:
    texts = [*SENTENCES.values(), *NOTHING, *SENTENCES.values()]
    assert languages_of(texts) == [language_of(text) for text in texts]


@needs_model
@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(codec=None), max_size=80))
def test_any_text_whatever_has_a_known_language(text: str) -> None:
    code, probability = language_of(text)
    assert code in (*LANGUAGES, "und")
    assert 0 <= probability <= 1


@needs_model
@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["a", "a@", "$a", "<a ", "`", "哈", "aب", "://", "\\a"])
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    language_of(piece * 1_000_000)


@needs_model
def test_what_is_kept_is_what_was_named() -> None:
    for code, text in SENTENCES.items():
        assert judged(text, keep=("en", "zh"))[0] == (code in ("en", "zh")), code
    assert judged(SENTENCES["de"], keep=("en",)) == (False, "other_language")


@needs_model
def test_the_score_is_how_probable_another_language_is() -> None:
    german = language_of(SENTENCES["de"])[1]
    rows = [row("?", SENTENCES["de"]), row("?", SENTENCES["en"]), row("?", "42")]
    verdicts = Language(keep=("en",)).judge(rows)
    assert [v.score for v in verdicts] == [round(german, 4), 0.0, 0.0]
    assert [v.record for v in verdicts] == [r.id for r in rows]
    assert isinstance(Language(keep=("en",)), Filter)


@needs_model
@pytest.mark.parametrize("text", ["Paris", "42", "Yes", "(B)", "👍", *CODE])
def test_what_cannot_be_told_stays_unless_it_shall_not(text: str) -> None:
    assert judged(text, keep=("ko",)) == (True, "")
    assert judged(text, keep=("ko",), unknown="refuse") == (False, "unknown_language")


@needs_model
def test_min_probability_is_where_refusing_begins() -> None:
    text = "Blau und grün"
    probability = language_of(text)[1]
    assert 0.1 < probability < 1
    assert judged(text, keep=("en",), min_probability=probability)[0] is False
    assert judged(text, keep=("en",), min_probability=min(1, probability + 0.01))[0] is True


@needs_model
def test_on_says_which_text() -> None:
    german, english = SENTENCES["de"], SENTENCES["en"]
    assert judged(english, german, keep=("en",), on="completion")[0] is True
    assert judged(english, german, keep=("en",), on="prompt")[0] is False
    assert judged(english, german, keep=("en",), on="pair")[0] is False
    assert judged(english, english, keep=("en",), on="pair")[0] is True


@needs_model
def test_the_completion_is_in_the_prompts_language() -> None:
    for code, text in SENTENCES.items():
        assert judged(text, text) == (True, "")
        assert judged(text, SENTENCES["en"])[0] == (code == "en"), code
    assert judged(SENTENCES["de"], "?")[0] is True  # the prompt has none


@needs_model
@pytest.mark.parametrize(
    "prompt",
    [
        "Please translate the sentence about my uncle and the old clock that he repaired.",
        "Please tell me about my uncle and the old clock in German, in one sentence.",
        "请用德语写一句关于旧钟的话，说明叔叔是怎样修好它的。",
        "Traduce al alemán la frase sobre mi tío y el reloj viejo que arregló.",
    ],
)
def test_a_prompt_that_asks_for_another_language_gets_it(prompt: str) -> None:
    assert judged(SENTENCES["de"], prompt) == (True, "")


@needs_model
def test_both_rules_may_be_asked_for() -> None:
    both = {"keep": ("en", "de"), "same_as_prompt": True}
    assert judged(SENTENCES["de"], SENTENCES["en"], **both)[0] is False
    assert judged(SENTENCES["de"], SENTENCES["de"], **both)[0] is True
    assert judged(SENTENCES["fr"], SENTENCES["fr"], **both)[0] is False


@needs_model
def test_options_that_make_no_sense_are_told() -> None:
    with pytest.raises(RecipeError, match=r"ISO 639-1 codes, got 'eng'; did you mean 'en'"):
        build("filters", "language", {"keep": ["eng"]})
    with pytest.raises(RecipeError, match="nothing says what to keep"):
        build("filters", "language", {"same_as_prompt": False})


def test_without_the_extra_the_recipe_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r'pip install .*\[filters\]"'):
        build("filters", "language", {"keep": ["en"]})


def test_without_the_extra_a_text_that_needs_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from limbeck.filters.identify import _model

    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    _model.cache_clear()
    with pytest.raises(MissingExtra, match=r'pip install .*\[filters\]"'):
        language_of(SENTENCES["en"])
    assert language_of(SENTENCES["ko"])[0] == "ko"
