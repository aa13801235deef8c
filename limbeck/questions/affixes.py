"""`asked`: a question without what prompts put around it, and its options apart.

What is stripped is in the tables below and nothing else: labels ("Q:", "Answer:"), sentences that
ask for steps, and lettered options. A table cannot be complete; docs/questions.md says what it has.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_QUESTION = (
    "q|question|problem|exercise|instruction|input|user|human|frage|aufgabe|pregunta|problema|"
    "pergunta|questão|domanda|exercice|problème|vraag|pytanie|zadanie|вопрос|задача|питання|soru|"
    "问题|問題|题目|題目|问|問|質問|질문|문제|سؤال|السؤال|प्रश्न|câu hỏi|pertanyaan|soal|fråga|คำถาม|"
    "שאלה"
)
_ANSWER = (
    "(?:the |your |final )*answer|response|solution|reasoning|explanation|assistant|antwort|lösung|"
    "réponse|respuesta|solución|resposta|risposta|antwoord|odpowiedź|ответ|решение|відповідь|cevap|"
    "yanıt|答案|解答|回答|答え|答|解|정답|대답|답|الجواب|الإجابة|उत्तर|đáp án|trả lời|jawaban|svar|"
    "คำตอบ|תשובה"
)
_OPTIONS = (
    "options|(?:answer |possible )?choices|possible answers|alternatives|optionen|"
    "antwortmöglichkeiten|choix|opciones|opções|opzioni|opties|opcje|варианты(?: ответа| ответов)?|"
    "варіанти|seçenekler|şıklar|选项|選項|選択肢|보기|선택지|الخيارات|विकल्प|lựa chọn|pilihan|"
    "alternativ|ตัวเลือก|אפשרויות"
)
# The patterns below are verbose: a space there is none.
_QUESTION, _ANSWER, _OPTIONS = (
    table.replace(" ", r"\s") for table in (_QUESTION, _ANSWER, _OPTIONS)
)
# (step by step, think) of each language: a last sentence of few words that has both is stripped.
_STEPS = tuple(
    (re.compile(core, re.IGNORECASE), re.compile(verb, re.IGNORECASE))
    for core, verb in (
        (r"step[\s-]by[\s-]step|one step at a time", r"think|reason|work|solve (?:it|this)"),
        (r"schritt für schritt|schrittweise", r"denk|überleg|gehe|lös"),
        (r"étape par étape|pas à pas", r"réfléchi|raisonn|pens"),
        (r"paso a paso|passo a passo|passo (?:dopo|per) passo", r"p[ei]e?ns|razon|racioc|ragion"),
        (r"stap voor stap", r"denk|redeneer"),
        (r"steg för steg|steg for steg|trin for trin", r"tänk|tenk|tænk|resoner"),
        (r"krok po kroku", r"myśl|zastanów|rozumuj"),
        (r"шаг за шагом|по шагам|пошагово|крок за кроком|покроково", r"дума|мысл|рассужд|мірку"),
        (r"adım adım", r"düşün"),
        (r"一步一步|一步步|逐步|分步", r"思考|想|推理|解"),
        (r"ステップ・?バイ・?ステップ|一歩ずつ|段階的|順を追って", r"考え|推論|解"),
        (r"단계별|차근차근|한 단계씩|단계적", r"생각|추론|풀"),
        (r"خطوة (?:بخطوة|خطوة)", r"فكر"),
        (r"(?:चरण|कदम)[\s-]*(?:दर|ब|-)[\s-]*(?:चरण|कदम)", r"सोच|विचार"),
        (r"từng bước", r"suy nghĩ|nghĩ|lập luận"),
        (r"langkah demi langkah|selangkah demi selangkah", r"pikir"),
        (r"ทีละขั้น", r"คิด"),
    )
)
_FEW_WORDS, _FEW_CHARACTERS = 7, 60
# How far from the end a suffix can begin: so much is looked at, however long the text.
_TAIL = 280
# More affixes than these, one in the other, are no prompt's.
_ROUNDS = 6

_B = r"[*_#>]{0,6}"
_OPENING = re.compile(
    rf"""\s*(?:
        {_B}\s{{0,2}}(?:{_QUESTION})
            (?:\s{{0,2}}\d{{1,4}}\s{{0,2}}{_B}[:：.)] | \s{{0,2}}{_B}[:：]){_B}\s*
      | \#{{1,6}}\s{{0,2}}(?:{_QUESTION})[ \t]*\n\s*
      | (?:please\s)?(?:answer|solve)\s(?:the|this)\s(?:following\s)?(?:[\w-]{{1,20}}\s){{0,2}}
            (?:question|problem)(?:\s(?:carefully|below|step\sby\sstep))?\s?[.:]\s+
      | (?:bitte\s)?beantworten?\s(?:sie\s)?die\sfolgende\sfrage\s?[.:]\s+
      | répond(?:s|ez)\sà\sla\squestion\ssuivante\s?[.:]\s+
      | responde\s(?:a\s)?la\ssiguiente\spregunta\s?[.:]\s+
      | 请?回答(?:以下|下面的?|下列)问题\s?[：:。]\s*
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# What stands before a suffix: a sentence's end or a line's. English "Answer:" may follow any word.
_AFTER = r"(?:(?<=[.!?。！？؟।…)\]\"'”’»*:：])\s{0,4}|\n\s{0,4})"
_CLOSING = re.compile(
    rf"""(?:
        (?:{_AFTER}{_B}\s{{0,2}}(?:{_ANSWER})|\s(?-i:Answer))\s{{0,2}}{_B}[:：]{_B}
      | (?<=\n){_B}\s{{0,2}}a\s?[:：]{_B}
      | \n\#{{1,6}}\s{{0,2}}(?:{_ANSWER})
      | {_AFTER}(?:(?:so|therefore|thus|hence),?\s)?the\s(?:final\s)?answer\sis:?
      | {_AFTER}(?:\#\#\#|-->)
      | {_AFTER}(?:please\s)?(?:think|reason)\sstep\sby\sstep,\s[^.!?\n]{{1,120}}(?:\{{\}})?\.?
      | {_AFTER}let['’]?s\swork\sthis\sout\sin\sa\sstep\sby\sstep\sway[^.!?\n]{{0,80}}\.?
      | {_AFTER}then\swrite\sthe\sanswer\sin\sa\sline\sof\sits\sown\sthat\sbegins\swith\s"Answer:",
            \sfollowed\sby\s[^.\n]{{1,60}}\.?
      | {_AFTER}(?:please\s)?(?:show|explain)\s(?:all\s)?your\s
            (?:work|working|reasoning|steps|thinking)\.?
      | {_AFTER}(?:please\s)?put\syour\s(?:final\s)?answer\s(?:in|within|inside)\s[^\s]{{1,20}}\.?
      | {_AFTER}(?:please\s)?answer\s(?:with|by)\s(?:only\s)?the\sletter[^.!?\n]{{0,60}}\.?
    )\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_LAST_SENTENCE = re.compile(
    r"(?<=[.!?。！？؟।…:：\n])[\s*_(\[]*([^.!?。！？؟।…:：\n]+)[.!。！।…*_)\]\s]*$"
)
_HEADER = re.compile(
    rf"(?:(?<=\s)|(?<=[.!?。！？؟।])){_B}(?:{_OPTIONS})\s?{_B}[:：]{_B}\s*$|\n{_B}(?:{_OPTIONS})\s*$",
    re.IGNORECASE,
)
_ALPHABETS = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "АБВГДЕЖЗ", "أبجدهو")
_LETTERS = "".join(_ALPHABETS)
# "(A)" and "A)" anywhere; "A." and "A:" only where a line begins with them.
_MARKER = re.compile(
    rf"""(?P<line>(?:^|(?<=\n))[ \t]*(?:[-*•][ \t]*)?[*_]{{0,3}}[(（\[]?(?P<first>[{_LETTERS}])
            [*_]{{0,3}}[)）\]]?[.:：、．)）\]][*_]{{0,3}}(?=\s)[ \t]*
          | (?:^|(?<=\n))[ \t]*(?:[-*•][ \t]*)?[(（\[]?(?P<cjk>[A-Z])[、．.)）\]]+)
      | (?:(?<=\s)|(?<=[?？:：.。,;]))[(（]?(?P<inline>[{_LETTERS}])[)）]""",
    re.VERBOSE,
)
_BULLETS = re.compile(
    rf"\n[ \t]*{_B}(?:{_OPTIONS}){_B}[ \t]?[:：]{_B}[ \t]*"
    r"((?:\n[ \t]*[-*•][ \t][^\n]++){2,})\s*\Z",
    re.IGNORECASE,
)


class Asked(NamedTuple):
    """A question without its affixes, and the texts of the options that follow it."""

    question: str
    options: tuple[str, ...] = ()


def asked(text: str) -> Asked:
    """The question of a prompt, in NFC. A text that is nothing but affixes stays as it is.

    Stripped, from the tables above: labels and stock sentences around it, before and behind the
    options; the options, lettered from A on, "(A) x (B) y" behind the question or one in a line,
    with or without a heading; and lines with bullets under such a heading.
    """
    text = _stripped(unicodedata.normalize("NFC", text).strip())
    question, options = _parted(text)
    return Asked(_stripped(question), options) if options else Asked(text)


def _stripped(text: str) -> str:
    for _ in range(_ROUNDS):
        found = _OPENING.match(text)
        begin = found.end() if found else 0
        end = _end(text)
        left = text[begin:end].strip()
        if left == text or not _has_words(left):
            return text
        text = left
    return text


def _end(text: str) -> int:
    """Where the suffix begins; the text's length for none."""
    start = max(0, len(text) - _TAIL)
    tail = text[start:]
    if found := _CLOSING.search(tail):
        return start + found.start()
    if (found := _LAST_SENTENCE.search(tail)) and _asks_for_steps(found[1]):
        return start + found.start()
    return len(text)


def _asks_for_steps(sentence: str) -> bool:
    if len(sentence) > _FEW_CHARACTERS or len(sentence.split()) > _FEW_WORDS:
        return False
    return any(core.search(sentence) and verb.search(sentence) for core, verb in _STEPS)


def _has_words(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _parted(text: str) -> tuple[str, tuple[str, ...]]:
    """The text before its options, without their heading, and the options; none where they do not
    end it."""
    found = _lettered(text)
    if found is None and (bullets := _BULLETS.search(text)):
        lines = bullets[1].strip().split("\n")
        found = bullets.start(), tuple(line.strip().lstrip("-*•").strip() for line in lines)
    if found is None or not _has_words(text[: found[0]]):
        return text, ()
    # The line's break stays: a heading without a colon is one where it has a line of its own.
    before = text[: found[0]]
    start = max(0, len(before) - _TAIL)
    header = _HEADER.search(before[start:])
    question = (before[: start + header.start()] if header else before).strip()
    return (question, found[1]) if _has_words(question) else (text, ())


def _lettered(text: str) -> tuple[int, tuple[str, ...]] | None:
    """Where A, B, ... up to the end of the text begin, and their texts."""
    marks = list(_MARKER.finditer(text))
    letters = [found["first"] or found["cjk"] or found["inline"] for found in marks]
    begin = max((at for at, letter in enumerate(letters) if _alphabet(letter)), default=None)
    if begin is None or len(letters) - begin < 2:
        return None
    if not _alphabet(letters[begin]).startswith("".join(letters[begin:])):
        return None
    marks = marks[begin:]
    ends = [found.start() for found in marks[1:]] + [len(text)]
    options = tuple(
        text[found.end() : end].strip(" \t\n,;") for found, end in zip(marks, ends, strict=True)
    )
    asks_later = not all(found["line"] for found in marks) and re.search(
        "[?？؟]", text[marks[0].start() :]
    )
    if not all(options) or "\n" in options[-1] or asks_later:
        return None
    return marks[0].start(), options


def _alphabet(letter: str) -> str:
    """The alphabet that begins with a letter; "" for none."""
    return next((alphabet for alphabet in _ALPHABETS if alphabet.startswith(letter)), "")
