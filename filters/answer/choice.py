"""Option letters. A letter counts only as an option, not as an article, pronoun or variable."""

from __future__ import annotations

import re
from collections.abc import Sequence

from limbeck.errors import UserError
from limbeck.filters.answer.candidates import Candidate
from limbeck.filters.answer.choice_words import (
    DISMISSED,
    LEAD_SIGNS,
    LEADS,
    NOUNS,
    RIGHT,
    SIGNS,
)
from limbeck.filters.answer.plain import cited
from limbeck.filters.answer.tables import either
from limbeck.filters.answer.text import normal

# letters stand beside Chinese and Japanese words without a space: "选D", "Aです"
_W = r"[^\W\u2e80-\uffff]"
_BRACKETED = rf"(?<!{_W})(?<!')[(\[]\s?(?P<bracketed>[A-Za-z])\s?[)\]](?!{_W})"
_NAMED = (
    rf"\b(?i:{either(NOUNS)})s?:?\s{{0,2}}[\"'(]{{0,2}}(?P<named>[A-Z])(?![\w'])"
    rf"|(?:{SIGNS})[：:]?\s?[(]?(?P<han>[A-Z])(?![A-Za-z])"
)
_ALONE = (
    rf"(?<!{_W})(?<!['.&$^/\\+=*-])(?P<alone>[A-Z])(?!{_W})(?!['&^/*+=#(-])"
    r"(?!\s?[型组組班级級队隊君社市点點地城车車楼栋棟校国國氏])"
)
_LETTER = re.compile(f"{_BRACKETED}|{_NAMED}|{_ALONE}")
_SMALL = re.compile(
    r"\s{0,4}[\"'(]?(?P<small>[a-j])(?=[.):\"'。，、]|\s{0,4}$|,? (?:because|since|weil|da|"
    r"porque|car|perché)\b)"
)

_STOPS = re.compile(r"\s{0,2}(?:$|[.,;:!?](?!\w)|[)\n\"'\]]|[-–—]\s|\(|[\u2e80-\uffff।،؛])")
_GOES_ON = re.compile(
    r"\s(?:denn|weil|und|oder|nicht|porque|pues|y|o|u|no|car|parce|et|ou|perché|e|non|não|потому|"
    r"так|а|и|или|"
    r"أو|وليس|है|या|नहीं|because|since|as|is|and|or|for|due|given|but|not|which|that|by|in|with|"
    r"over|instead|"
    r"rather|wait|no|actually)\b",
    re.IGNORECASE,
)
_OVER_OTHERS = re.compile(
    r",?\s(?:because|since|rather than|instead of|over|(?:and|but) not)\b", re.I
)
_RIGHT = re.compile(
    r"[)\"']?\s(?:is|must be|should be|would be|seems|looks|becomes|remains) "
    r"(?:the |my |most |clearly |therefore |thus |then |still |also )*"
    r"(?:correct|right|best|better|stronger|answer|true|likely|appropriate|only|solution|one|what|"
    r"choice|"
    r"pick|winner|accurate|valid|preferable|more (?:accurate|likely|precise|complete|plausible))\b"
    rf"|[)\"']?\s?(?:{either(RIGHT)})",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"(?:\b(?:so|thus|therefore|hence|say|choose|chose|choosing|pick|picking|picked|select|"
    r"selecting|selected|go with|going with|went with|leaves?|leaving|it's|it is|answer is|"
    r"is option|"
    r"is choice|be|"
    rf"it must be|correct is|{either(LEADS)})|(?:→|=>|:)|(?:{LEAD_SIGNS}))[,:]?"
    r"(?:\s(?:la|el|die|das|le|il|a|o|option|opción|opzione|opção|letra))?\s{0,3}[\"'(]?$|"
    r"\b(?:no|yes|yeah|nein|ja|oui|non|sí|да|нет),\s[\"'(]?$|"
    r"(?:^|[\s(])[A-Z][)]?(?:,|,?\s(?:and|or)|\s?[/&])\s?[(]?$|"
    r"(?:^|\n)\s{0,8}[\"'(]?$",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"[)]?(?:,|,?\s(?:and|or)|\s?[/&])\s?[(]?[A-Z][)]?(?![\w'])")
_LABELLED = re.compile(
    r"\b(?:vitamin|plan|type|team|player|person|point|hepatitis|group|class|grade|set|box|train|"
    r"city|town|figure|section|appendix|part|exhibit|step|case|event|variable|matrix|line|side|"
    r"angle|node|vertex|car|bag|jar|machine|pipe|company|brand|store|room|building|student)s?\s$",
    re.IGNORECASE,
)
_WRONG_AFTER = re.compile(
    r"[)\]\"'.]?(?:(?:,| and| or|, and)\s[(]?[A-Z][)]?)*"
    r"(?:,?\s(?:is|are|was|were|can be|could be|can|would|must be|does|do|seems?|looks?)"
    r"(?:\s(?:all|both|also|clearly|therefore|simply|definitely|just))*\s(?:not\b|wrong|incorrect|"
    r"false|eliminated|ruled out|excluded|impossible|out\b|irrelevant|too\s)"
    r"|,?\s(?:isn't|aren't|can't|cannot|doesn't|won't)\b"
    r"|\s(?:not\s(?:correct|right)|wrong|incorrect)\b"
    r"|,?\s(?:fail(?:s|ed)?|miss(?:es)?|ignores?|contradicts?|violates?|omits?|lacks?|overlooks?|"
    r"breaks?|"
    r"falls? short|conflicts?|goes against|leaves out)\b"
    rf"|,?\s?(?:{either(DISMISSED)}))",
    re.IGNORECASE,
)
_WRONG_BEFORE = re.compile(
    r"\b(?:eliminat\w+|rul(?:e[sd]?|ing) out|exclud\w+|reject\w*|discard\w*|dismiss\w*|unlike|"
    r"against)\s(?:out\s)?(?:options?\s|choices?\s|answers?\s|both\s)?(?:[(]?[A-Z][)]?,?\s"
    r"(?:and\s|or\s)?)*[\"'(]?$",
    re.IGNORECASE,
)
_LIKEWISE = re.compile(
    r"\b(?:(?:so|nor|neither|as|just as)\s(?:do|does|did|is|are|was|were|has|have|can|would|will)|"
    r"(?:the\s)?same\s(?:goes|holds|applies|is true)\s(?:for|to)|likewise(?:\sfor)?|"
    r"ditto(?:\sfor)?|as well as)"
    r"\s(?:options?\s)?[\"'(]?$",
    re.IGNORECASE,
)
_BECAUSE = re.compile(
    r"\b(?:because|since|as|given(?: that)?|denn|weil|porque|ya que|car|parce que|perché|"
    r"потому что)"
    r"\s(?:option\s)?[\"'(]?$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"[)\]\"']?\s(?:is|are|was|were|has|have|does|do|did|would|could|can|may|might|will|says?|"
    r"states?|"
    r"describes?|refers?|means?|only|just|also|[a-z]{3,}(?<!s)s)\b"
)
_BUT = re.compile(r"\b(?:but|however|instead|actually|rather)\b[^.;\n]{0,20}$", re.IGNORECASE)
_LISTED = re.compile(r"^\s{0,8}[(\[]?([A-Z])[).:\]]\s", re.MULTILINE)
_PREFIX = re.compile(r"\s*[(\[]?([A-Za-z])[).:\]]\s+(?=\S)")
_TARGET = re.compile(
    r"\s*(?:option|choice|"
    r"answer)?:?\s*[\"'(\[*]{0,3}([A-Za-z])[\"')\]*]{0,3}[.:)]?(?:\s+(?P<text>\S.*))?\s*",
    re.IGNORECASE | re.DOTALL,
)


class Options:
    """The texts of the options, their own letters taken off; an empty one knows only letters."""

    def __init__(self, options: Sequence[str] | None) -> None:
        self.texts = [normal(_bare(text, place)) for place, text in enumerate(options or ())]

    @property
    def count(self) -> int:
        return len(self.texts)

    def letter(self, text: str) -> str | None:
        """The letter of the option that is this text; None for no option or for several."""
        wanted = normal(text)
        places = [place for place, option in enumerate(self.texts) if option and option == wanted]
        return chr(65 + places[0]) if len(places) == 1 else None

    def has(self, letter: str) -> bool:
        return not self.texts or ord(letter) - 65 < len(self.texts)


def _bare(option: str, place: int) -> str:
    prefix = _PREFIX.match(option)
    if prefix and prefix[1].upper() == chr(65 + place):
        return option[prefix.end() :]
    return option


def read_target(text: str, options: Options) -> str:
    """The target's letter. Raises UserError for one that is no letter and no option."""
    by_text = options.letter(text)
    if by_text:
        return by_text
    found = _TARGET.fullmatch(text)
    letter = found[1].upper() if found else ""
    if not letter or (found and found["text"] and not _separated(text)):
        raise UserError(
            f"the target {cited(text)} is no option: write its letter, such as 'B' or '(B)', "
            "or give the options' texts"
        )
    if not options.has(letter):
        raise UserError(f"the target {cited(text)} is none of the {options.count} options")
    return letter


def _separated(text: str) -> bool:
    return _PREFIX.match(text) is not None or text.strip()[:1] in "(["


def letters(text: str, expected: bool) -> list[Candidate[str]]:
    """The option letters of a plain text that are neither articles, names nor ruled out."""
    found: list[Candidate[str]] = []
    mentions: set[int] = set()
    dismissed = False
    small = _SMALL.match(text) if expected or len(text.strip()) < 4 else None
    if small:
        found.append(Candidate(small.start("small"), small.end("small"), small["small"].upper()))
    listed = {m.start(1) for m in _LISTED.finditer(text)} if not expected else set()
    if len(listed) < 2:
        listed = set()  # one "B) Paris" is an answer, several are the options again
    for match in _LETTER.finditer(text):
        group = match.lastgroup or ""
        start, letter = match.start(group), match[group]
        if start in listed:
            continue
        end = match.end() if group == "bracketed" else match.end(group)
        if letter.islower() and not expected and letter > "h":
            continue
        before = text[max(0, start - 40) : match.start()]
        if _WRONG_AFTER.match(text, end, end + 120) or _WRONG_BEFORE.search(before):
            dismissed = True
            continue
        if dismissed and (_LIKEWISE.search(before) or (found and _BECAUSE.search(before))):
            continue  # "B. A is wrong because C is true"
        if group == "alone" and not _is_option(text, start, end, letter, expected):
            continue
        if (
            group == "named"
            and letter in "AI"
            and not _STOPS.match(text, end)
            and not (_GOES_ON.match(text, end) or _RIGHT.match(text, end))
        ):
            continue
        dismissed = False
        begin = match.start() if group == "bracketed" else start
        if _SUBJECT.match(text, end) and not (_RIGHT.match(text, end) or _BUT.search(before)):
            mentions.add(begin)
        found.append(Candidate(begin, end, letter.upper()))
    found.sort(key=lambda candidate: candidate.start)
    return _chosen(found, mentions)


def _chosen(found: list[Candidate[str]], mentions: set[int]) -> list[Candidate[str]]:
    """Without what is only spoken about after a choice: "I pick B. (C) describes a gas"."""
    chosen = [place for place, one in enumerate(found) if one.start not in mentions]
    if not chosen:
        return found
    return [one for place, one in enumerate(found) if place <= chosen[-1]]


def _is_option(text: str, start: int, end: int, letter: str, expected: bool) -> bool:
    before = text[max(0, start - 40) : start]
    if _LABELLED.search(before):
        return False
    stops = _STOPS.match(text, end) is not None or _OVER_OTHERS.match(text, end) is not None
    if _RIGHT.match(text, end):
        return True
    if expected:
        if letter in "AI":
            return stops or _GOES_ON.match(text, end) is not None
        return True
    if _ANOTHER.match(text, end):
        return True  # "A or B" offers both
    if not stops or (letter == "I" and not _LEADS.search(before)):
        return False
    return _LEADS.search(before) is not None or bool(re.search(r"\bis\s{0,2}[\"']?$", before))
