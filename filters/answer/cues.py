"""Words that take an answer back, in the languages that are answered in: "wait", "Korrektur".

A strong cue says that what came before was wrong, so an answer has to follow it; after a weak one
("actually") an answer counts where there is one. Whoever confirms takes nothing back.
"""

from __future__ import annotations

import re

from limbeck.filters.answer.tables import either

# ordinary words ("in a moment", "la espera", "the correction factor") count only as interjections
_PAUSE = r"(?=\s{0,2}(?:[,.:;!…—–-]|$))"
_FREE = r"(?<!\w )"
_OPENS = r"(?:(?<=[.,;:!?\n(…—*_\"-])|(?<=[.,;:!?\n(…—*_\"-]\s)|(?<=[.,;:!?\n(…—*_\"-]\s\s))"
_STRONG_WORDS = rf"""
(?:no|but|oh|ah|hm+|and|so),? wait|^wait|{_OPENS}wait|(?<!\bto )wait{_PAUSE}
scratch that|scrap that|strike that|(?:disregard|ignore) (?:that|this|the above|my)|never ?mind
correction(?=\s?[:—–-])|oops|whoops|my (?:mistake|bad|error)
i(?:'m| was| am| stand) (?:wrong|corrected|mistaken)
i (?:made|found|see|spot(?:ted)?) an? (?:\w+ )?(?:mistake|error|slip|typo)
(?:that|this)(?:'s| is| was)? ?(?:wrong|incorrect|not (?:quite )?(?:right|correct))
(?:that|this)(?: isn't| is not|'s not) ?(?:right|correct)
(?:that|this)(?:'s| is| was) a (?:mistake|typo)
(?:that|this)(?:'s| is)? ?right\? no
(?:that|this|it) (?:can't|cannot|can not) be (?:right|correct)|i (?:take|took) (?:that|it|this) back
i mean|i meant|or rather|i(?:'ve| have)? changed? my (?:mind|answer)
i (?:revise|withdraw|retract) (?:that|this|my)
should (?:actually|really|instead) be|let me (?:correct|fix|redo|start over|revise)
i (?:forgot|miscounted|miscalculated|misread|misspoke|misremembered|mistyped|overlooked)
i missed (?:an?|one)
i (?:double|over|under)[- ]?counted|{_FREE}(?:edit|erratum|correction|not quite){_PAUSE}
{_FREE}(?:update|revised)(?=\s?:)
korrektur|ich korrigiere|besser gesagt|genauer gesagt|(?:das|es) (?:ist|war) (?:falsch|ein fehler)
(?:das )?stimmt (?:so )?nicht|ich habe mich (?:geirrt|verrechnet|vertan|verzählt)|mein fehler
nein,? doch|moment mal
{_FREE}(?:moment|halt|warten sie|entschuldigung){_PAUSE}|warte{_PAUSE}|vielmehr{_PAUSE}
correcci[oó]n{_PAUSE}|(?:me )?corrijo|rectifico|mejor dicho|me equivoqu[eé]|me he equivocado
mi error|quise decir
{_FREE}(?:espera|perd[oó]n|digo|error){_PAUSE}|(?:eso )?(?:est[aá]|es) (?:mal|incorrecto){_PAUSE}
je (?:me )?(?:corrige|rectifie)|je me suis tromp[eé]e?|ou plut[oô]t
(?:c'est|c'[eé]tait) (?:faux|une erreur)
{_FREE}(?:attends|attendez|pardon|erreur|rectification){_PAUSE}|excusez-moi|mon erreur
je voulais dire
correzione{_PAUSE}|mi correggo|mi sono sbagliat[oa]|anzi{_PAUSE}
{_FREE}(?:aspetta|scusa|scusate|errore){_PAUSE}
corre[cç][aã]o{_PAUSE}|corrigindo|me enganei|enganei-me|errei|ali[aá]s{_PAUSE}|ou melhor
{_FREE}(?:espere|desculpe|wacht|vänta|czekaj|bekle|ошибка|стоп|помилка){_PAUSE}
correctie{_PAUSE}|ik vergis(?:te)? me|foutje|rättelse|korekta{_PAUSE}|poprawka|pomyłka|düzeltme
исправление|исправляю(?:сь)?|поправка|поправляюсь|я ошиб(?:ся|лась)|подожди(?:те)?|точнее|вернее
это (?:неверно|неправильно)|виправлення
"""
_WEAK_WORDS = r"""
hold on|actually|on second thoughts?|(?:i'm |i am )?sorry|apologies|i apologi[sz]e|hm+|make that
let me (?:recalculate|recompute|recheck|recount|reconsider|rethink|re-?examine|re-?read|try again)
on (?:further |closer |more careful )?(?:reflection|inspection|thought|review|reconsideration)
on a closer look
(?:thinking|looking) (?:about (?:it|this) )?(?:again|more carefully|twice|some more)|reconsidering
re-?reading
eigentlich|bei näherer betrachtung|nach (?:kurzem |nochmaligem )?überlegen|en realidad
pens[aá]ndolo (?:bien|mejor)
en fait|en y (?:repensant|réfléchissant)|à la réflexion|in realtà|ripensandoci|na verdade
pensando (?:bem|melhor)
eigenlijk|на самом деле|если подумать|хотя нет|извините
"""
_STRONG_SIGNS = (
    "不对|不對|错了|錯了|等等|等一下|更正|修正|算错|算錯|我错|我錯|不好意思|訂正|待って|間違え|間違い(?!な)|"
    "失礼|잠깐|정정|틀렸|다시 계산|تصحيح|انتظر|عفو[اًا]+|أخطأت|بل هو|بل هي|सुधार|रुकिए|रुको|गलती|"
    "ग़लती|नहीं नहीं|माफ़ कीजिए|माफ कीजिए|תיקון|רגע|διόρθωση"
)
_WEAK_SIGNS = "抱歉|其实|其實|すみません|やっぱり|やはり|죄송|사실은|آسف|في الواقع|दरअसल|असल में"
_NO = "no|nein|non|não|nao|nee|nej|nie|hayır|нет|ні"
_NO_SIGNS = "いや|いえ|いいえ|아니|لا"


def _cues(*, no: bool) -> re.Pattern[str]:
    strong = either(_STRONG_WORDS) + "|nope" * no
    said = (
        rf"|(?:(?<=[.,;!?—–-])|(?<=[.,;!?—–-]\s))\s{{0,2}}(?:{_NO})(?=[,.;!—–-])"
        rf"|(?<=[.,;!?—–。、，،।-])\s{{0,2}}(?:{_NO_SIGNS})(?=[,.;!—–、。，،।-])"
    )
    return re.compile(
        rf"(?:(?:\b|^)(?:{strong}|{either(_WEAK_WORDS)})(?!\w)|{_STRONG_SIGNS}|{_WEAK_SIGNS}"
        rf"{said * no})[\s,.:;!?—–…、。，،।-]{{0,6}}",
        re.IGNORECASE,
    )


Cues = re.Pattern[str]
CUE = _cues(no=True)
CUE_BUT_NO = _cues(no=False)
"""For yes and no: a bare "no" is an answer, and takes nothing back."""
STRONG = re.compile(
    rf"(?:\b|^)(?:{either(_STRONG_WORDS)}|nope)(?!\w)|{_STRONG_SIGNS}|sorry[,:—–-]", re.IGNORECASE
)
WRONG = re.compile(
    r"wrong|incorrect|not (?:quite )?(?:right|correct)|mistake|error|falsch|nicht|fehler|\bmal\b|"
    r"faux|erreur|tromp|equivoq|sbagliat|ошиб|неверно|不对|不對|错|錯|間違|틀렸",
    re.IGNORECASE,
)
_DISAGREES = re.compile(
    r"(?:that|this)(?:'s| is| isn't)? ?(?:wrong|incorrect|not (?:quite )?(?:right|correct)|right|"
    r"correct|a mistake)|(?:das )?stimmt (?:so )?nicht|(?:das|es) ist (?:falsch|ein fehler)|"
    r"(?:eso )?(?:est[aá]|es) (?:mal|incorrecto)|c'est (?:faux|une erreur)|"
    r"это (?:неверно|неправильно)|不对|不對|错了|錯了|間違い|間違え|틀렸",
    re.IGNORECASE,
)
_DIRECTLY = re.compile(r"[\s,.;:!、，。—–-]{0,4}(?:这|這|那|それは|これは|그건)?\s?")
_ENDS = r"(?=\s{0,2}(?:[.!,]|$))"
CONFIRMS = re.compile(
    r"\b(?:(?:that|this|it|which)(?:'s| is) (?:right|correct|fine|consistent|true)|checks out|"
    r"correct(?:ly)?[.!]?$|confirm(?:s|ed)|matches|as (?:before|expected)|yes|indeed|still|works|"
    rf"verified|stimmt(?! (?:so )?nicht)|(?:korrekt|richtig|correcto|corretto|верно|"
    rf"правильно){_ENDS}|"
    r"c'est (?:bien )?(?:correct|exact|juste))(?!\w)|✓|✔|√|✅|没错|沒錯|是对的|是對的|"
    r"合って|맞습니다|"
    r"(?:正确|正確)(?!的|答|选|選|结|値)|सही है",
    re.IGNORECASE,
)
YES_AGAIN = re.compile(
    r"\b(?:yes|yeah|yep|indeed|ja|sí|oui|да)\b\s?[,:.!—–-]\s{0,2}(?!(?:that|this|it)(?:'s| is) "
    r"(?:right|correct|fine|true))",
    re.IGNORECASE,
)
"""A confirmation that says once more what the answer is: "Yes, 101"."""
_ANEW = re.compile(
    r"(?:it|that|this|the answer)(?:'s| is| was| should be| must be) (?!(?:still |indeed |all )*"
    r"(?:right|correct|fine|true|consistent|ok|still|indeed)\b)",
    re.IGNORECASE,
)
_SAYS_NO = re.compile(
    rf"(?:{_NO}|actually|make that|eigentlich|en realidad|en fait|in realtà|na verdade|"
    rf"на самом деле)\b",
    re.IGNORECASE,
)
_FEW = 5  # words that are the other answer: "No, Rome"


def parts(text: str, cues: Cues = CUE) -> list[tuple[int, str, str]]:
    """The text cut at words that take something back: (end, part, the cue that ends it)."""
    found = []
    start = 0
    for cue in cues.finditer(text):
        found.append((cue.start(), text[start : cue.start()], cue[0].strip()))
        start = cue.end()
    return [*found, (len(text), text[start:], "")]


def disagrees(between: str, cue: str) -> bool:
    """Whether a cue right behind a "no" only says it again: "No, that's wrong: ..."."""
    return _DIRECTLY.fullmatch(between) is not None and bool(
        _DISAGREES.fullmatch(cue.rstrip(" ,.:;!?—–-…、。，"))
    )


def takes_back(text: str) -> str | None:
    """What follows the last words that take an answer back; None where none do."""
    cut = parts(text)
    for place in range(len(cut) - 1, 0, -1):
        cue, part = cut[place - 1][2], cut[place][1]
        says_no = _SAYS_NO.match(cue) and (_ANEW.match(part) or 0 < len(part.split()) <= _FEW)
        strong = STRONG.search(cue) or says_no
        if strong and (not CONFIRMS.search(part) or _ANEW.match(part)):
            return part
    return None
