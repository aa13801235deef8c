"""Yes and no, true and false: as an answer, not as a determiner, a mention or a refusal."""

from __future__ import annotations

import re

from limbeck.errors import UserError
from limbeck.filters.answer.candidates import Candidate
from limbeck.filters.answer.phrases import CASE
from limbeck.filters.answer.plain import cited

_YES_WORDS = """
yes yeah yep yup true oui sí si ja sim да evet 是 是的 对 對 是啊 对的 對的 能 可以 会 會 有 はい
ええ うん
そうです その通りです 네 예 맞습니다 맞아요 그렇습니다 نعم أجل صحيح हाँ हां जी_हाँ जी_हां sì vrai
verdadero wahr
richtig korrekt stimmt jawohl doch correcto cierto claro exact bien_sûr certo verdadeiro vero 正确
正確
真 tak
верно правда конечно igen kyllä ano ναι כן نعم بله ใช่ vâng đúng juist waar prawda doğru हां_जी
সত্য হ্যাঁ
"""
_NO_WORDS = """
no nope false non nein não nao нет hayır 否 不 不是 不对 不對 不能 不可以 不会 不會 没有 いいえ
いや いえ 違います
아니요 아니오 아뇨 아닙니다 لا كلا नहीं जी_नहीं faux falso falsch 错误 錯誤 错 不正确 不正確 假
nee nej nei nie
неверно неправда ні nem ei ne όχι לא خیر không sai niet_waar onjuist incorrecto incorreto yanlış
خطأ না
"""
_YES = frozenset(word.replace("_", " ") for word in _YES_WORDS.split())
_NO = frozenset(word.replace("_", " ") for word in _NO_WORDS.split())
_OTHER = sorted((_YES | _NO) - {"yes", "no"}, key=lambda word: (-len(word), word))
_WORD = re.compile(
    r"(?<![\w'-])(?P<english>yes|yeah|yep|yup|no|nope|true|false)(?![\w'])(?!-)"
    rf"|(?<!\w)(?P<other>{'|'.join(map(re.escape, _OTHER))})(?!\w)",
    re.IGNORECASE,
)
_STOPS = re.compile(r"\s{0,2}(?:$|[.,;:!?/)\n\"'\]。，、；！？।،؛؟]|[-–—]+\s|\()")
_CLAUSE = re.compile(
    r"\s{1,2}(?:it|he|she|they|we|you|i|this|that|these|those|there|the|because|since|as|and|"
    r"but|or|not|indeed|of course|definitely|wait|actually|in this|in that|by|for|if|unless|when|"
    r"otherwise|given)\b",
    re.IGNORECASE,
)
_REASON = re.compile(r"\s{1,2}(?:because|since|as|and|but|or|by)\b", re.IGNORECASE)
_NO_CLAUSE = re.compile(
    r"\s{1,2}(?:it|he|she|they|we|you|i|this|that|these|those|there|the|because|since|but|wait|if|"
    r"otherwise|unless|when|or|not)\b",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s{1,2}(?:if|unless|otherwise|when|or)\b", re.IGNORECASE)
_REFUSES = re.compile(
    r"[,.;:!—–-]?\s{0,3}(?:but |because )?(?:sorry|i (?:can(?:no|')t|cannot|do(?:n't| not) know|"
    r"won't|will not|am (?:not able|unable)|'m (?:not able|unable))|one (?:can|knows)|answer|"
    r"idea|clue|"
    r"information|comment)\b",
    re.IGNORECASE,
)
_OPENS_SENTENCE = re.compile(r"(?:^|[\n.!?:;/。！？，、,।،]|[—–-]\s)\s{0,3}[\"'(\[]?$")
_LEADS = re.compile(
    r"(?:\b(?:so|thus|therefore|hence|is|say|answer|answered|be|(?:is|'s)(?: an?)?|an? definite|"
    r"a|probably|likely|certainly|surely|definitely|clearly|then|but|and)|→|=>|=|:)"
    r",?\s{0,3}[\"'(]?$",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"(?:^|\n|[.!?]\s|[。！？।؟])[ \"'(*]{0,4}$"
    r"|(?:\b(?:also|daher|somit|deshalb|por (?:lo )?tanto|así que|entonces|donc|quindi|dunque|"
    r"perciò|"
    r"portanto|logo|então|dus|więc|itak|итак|значит|поэтому|следовательно|ist|es|est|è|é|lautet|"
    r"это|ответ)"
    r"|所以|因此|よって|따라서|لذلك|إذن|इसलिए|は|是|:)\s?[,，、:،—–-]?\s?[\"'(]?$",
    re.IGNORECASE,
)
_CLAIM = re.compile(
    r"(?:\b(?:statement|claim|answer|it|that|this|proposition|sentence|assertion|expression|result|"
    r"which|conclusion|hypothesis|evaluates to|must|value|output)\b[^.\n]{0,20}\b(?:is|be|are|to)"
    r"(?: therefore| thus| indeed| clearly| definitely)?|=|:|^|\n|\b(?:so|thus|therefore|hence),?|"
    r"\b(?:true|false)(?:\s(?:or|and)|[/,]))\s{0,3}[\"'(]?$",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|isn't|n't|never)\s{1,2}[\"']?$", re.IGNORECASE)
_QUOTES = "\"'`“”‘’"


def read_target(text: str) -> bool:
    """Raises UserError for a target that is neither yes nor no."""
    word = text.strip().strip("\"'.,!()[]*` ").casefold()
    if word in _YES or word in ("y", "t", "1"):
        return True
    if word in _NO or word in ("n", "f", "0"):
        return False
    raise UserError(
        f"the target {cited(text)} is neither yes nor no (true and false are read as well)"
    )


def is_yesno(text: str) -> bool:
    word = text.strip().strip("\"'.,!()[]*` ").casefold()
    return word in ("yes", "no", "true", "false")


def answers(text: str, expected: bool) -> list[Candidate[bool]]:
    """The places of a plain text that answer yes or no."""
    found = []
    for match in _WORD.finditer(text):
        word = match[0].casefold()
        before = text[max(0, match.start() - 60) : match.start()]
        stops = _STOPS.match(text, match.end()) is not None
        value = word in _YES
        if match["english"] is None and not (stops and _alone(text, match)):
            continue
        if _REFUSES.match(text, match.end()):
            continue
        if word in ("true", "false"):
            denied = _NOT.search(before)
            lead = before[: denied.start()] if denied else before
            if not (_CLAIM.search(lead) or (expected and not before.strip(" \"'(*"))):
                continue
            if not (stops or _REASON.match(text, match.end())):
                continue
            value = value != bool(denied)
            start = match.start() - (len(before) - len(lead)) if denied else match.start()
            found.append(Candidate(start, match.end(), value))
            continue
        if not stops:
            clause = _NO_CLAUSE if not value else _CLAUSE
            first = not before.strip(" \"'(*")
            opens = first or _OPENS_SENTENCE.search(before)
            joined = _JOINED.match(text, match.end()) and _LEADS.search(before)
            opens = opens or joined
            case = found and CASE.match(text, match.end())  # "yes for adults, no for children"
            if not (opens and (case or clause.match(text, match.end()))):
                continue
        if not expected and _quoted(text, match) and not _whole_line(text, match):
            continue
        leads = _OPENS_SENTENCE.search(before) or _LEADS.search(before) or _BEGINS.search(before)
        if not expected and not leads:
            continue
        found.append(Candidate(match.start(), match.end(), value))
    return found


def _alone(text: str, match: re.Match[str]) -> bool:
    """Words of other languages count at the start of a sentence, or after what leads up to them."""
    before = text[max(0, match.start() - 40) : match.start()]
    return _BEGINS.search(before) is not None


def _quoted(text: str, match: re.Match[str]) -> bool:
    around = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    return all(side and side in _QUOTES for side in around)


def _whole_line(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 9) : match.start()].rpartition("\n")
    after = text[match.end() : match.end() + 9].partition("\n")
    whole = (before[1] or match.start() < 9) and (after[1] or len(text) - match.end() < 9)
    return bool(whole) and not (before[2] + after[0]).strip(" \"'.()*")
