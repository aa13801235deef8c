"""Words that say of an answer that it is none: "not C", "no la C", "12ではなく"."""

from __future__ import annotations

import re

from limbeck.filters.answer.tables import either

_BEFORE = r"""
not|isn't|aren't|wasn't|never|rather than|instead of|cannot be|can't be|n't be|no longer|nor|neither
unknown|unclear|undetermined|no(?= (?:el|los|las)\b)|excluding|except|n't|anything but|unlike
as opposed to|nicht|kein|keine|weder|anstatt|anstelle von
statt
(?:y|e|et|und|and|,) (?:no|non|não|nao)|no es|no son|no fue|no era|en (?:vez|lugar) de|ni|en vez del
non [èe]|non è|invece (?:di|che)|né|não é|nao é|em vez de|ao inv[eé]s de|nem|pas|plut[oô]t que
au lieu de
et non|niet|geen|in plaats van|inte|istället för|ikke|nie|zamiast|не|а не|вместо|вовсе не|ні|değil
"""
_NOUNS = """
just|simply|the|equal to|exactly|option|choice|answer|letter|number|la|el|los|las|le|les|il|lo|o|a
os|as|der
die|das|den|de|het|opci[oó]n|opzione|opç[aã]o|l'option|alternativa|antwort|réponse|respuesta
risposta|resposta
вариант|ответ|auf|en|um|uma|un|una|une
"""
_SIGNS_BEFORE = (
    r"≠|!=|不是|而不是|并非|並非|不等于|不选|不選|不应选|(?<!\w)و?(?:ليست?|لا)|न कि|ना कि|(?<!\w)לא"
)


DENIES = re.compile(
    rf"(?:(?:\b|(?<=n)|(?<=,))(?:{either(_BEFORE)})|{_SIGNS_BEFORE})"
    rf"(?: (?:{either(_NOUNS)}))*[\s($\"'*]{{0,4}}$",
    re.IGNORECASE,
)
"""Searched in what stands before an answer."""
DENIES_AFTER = re.compile(
    r"[^.,;:\n]{0,15}\b(?:(?:is|was)(?:n't|\snot)\s(?:the\s)?(?:right|correct|answer)|"
    r"(?:is|was|seems)\s(?:clearly\s)?(?:wrong|incorrect|(?:way\s|far\s|a\sbit\s)?(?:too|off)\b)|"
    r"can(?:not|'t|\snot)\sbe\s(?:the\s)?(?:right|correct|answer)|"
    r"(?:ist|wäre|war)\s(?:leider\s|also\s|klar\s)?(?:falsch|nicht\s(?:richtig|korrekt))|"
    r"(?:es|sería|era)\s(?:incorrect[oa]|fals[oa])|no\s(?:es|sería)\s(?:correct[oa]|la\srespuesta)|"
    r"(?:est|serait)\s(?:fauss?e?|incorrecte?)|n'est\spas\s(?:correcte?|la\s(?:bonne|réponse))|"
    r"[èe]\s(?:sbagliat[oa]|errat[oa])|non\s[èe]\s(?:corrett[oa]|la\srisposta)|"
    r"está\s(?:errad[oa]|incorret[oa])|não\sé\s(?:corret[oa]|a\sresposta)|"
    r"неверно|неправильно|неверный|не\sподходит)(?!\w)"
    r"|\s?[\"')]?\s?(?:[^\W\d_]{0,4}?)(?:ではなく|ではな[いく]|じゃな[いく]|ではありません|でなく|"
    r"(?:이|가|은|는)?\s?아니(?:라|고|며|다|에요|ㅂ니다)|(?:이|가)\s?아닌|(?:이|가)\s?아닙니다)"
    r"|(?:\s[^\W\d_]+)?\s(?:नहीं|değil)"
    r"|\s?(?:\(|[:—–-]\s)(?:is\s)?(?:wrong|incorrect|false|not\s(?:right|correct)|ruled out|"
    r"eliminated)|\s?[✗✘❌]"
    r"|\s?(?:不对|不對|是错的|是錯的|错误|錯誤|不正确|不正確)",
    re.IGNORECASE,
)
"""Matched right after an answer."""
NOR = re.compile(
    r"[)\"']?,?\s?(?:or|nor|/|oder|noch|ni|o|ou|né|nem|ani|или|ни|或|и|और|や)\s?[(\"']?",
    re.IGNORECASE,
)
HEARSAY = re.compile(
    r"\b(?:some|others|many|most|people|one|you|they|students?|somebody|anyone|manche|algunos|"
    r"certains)\b"
    r"(?:\s(?:people|students|readers|others))?\s(?:(?:would|might|may|could|will|"
    r"do)\s)?(?:be tempted to\s)?"
    r"(?:say|says|argue|think|thinks|claim|claims|guess|expect|answer|pick|choose|believe|sagen|"
    r"dicen|disent)"
    r"(?:\s(?:that|it's|it|is|the|answer|option)){0,4}[\s\"'(]{1,3}$"
    r"|\b(?:wrong|incorrect|falsche|fausse|mauvaise|incorrecta|errónea|sbagliata|errada|incorreta|"
    r"неправильный|неверный)(?:\s[^\W\d_]+)?\s(?:is|was|ist|lautet|est|es|[èe]|é|[—–-])\s$",
    re.IGNORECASE,
)
"""What others may say of it: "some would say 46"."""
