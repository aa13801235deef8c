"""What the words around an answer say of it: taken back, denied, bounded, doubted, led up to."""

from __future__ import annotations

import re

CUE = re.compile(
    r"(?:\b(?:no,? wait|wait|hold on|actually|scratch that|strike that|correction|oops|whoops|"
    r"my (?:mistake|bad)|i (?:made|found) an? (?:mistake|error)|i (?:was|am) wrong|"
    r"(?:that|this)(?:'s| is| was| isn't| is not|'s not)? ?(?:wrong|incorrect|not (?:right|"
    r"correct)|"
    r"right\? no|a mistake)|on second thoughts?|i mean|i meant|or rather|(?:i'm |i am )?sorry|"
    r"apologies|i apologi[sz]e|hm+|nope|make that|should (?:actually|really|instead) be|"
    r"let me (?:correct|fix|redo|recalculate|recompute|recheck|start over|try again)|"
    r"i (?:forgot|miscounted|miscalculated|misread|overlooked))\b"
    r"|(?<=[.,;!?—–-])\s{0,2}no(?=[,.;!—–-])"
    r"|不对|不對|错了|錯了|等等|等一下|更正|抱歉)[\s,.:;!?—–…-]{0,6}",
    re.IGNORECASE,
)
CUE_BUT_NO = re.compile(
    CUE.pattern.replace("|nope|", "|").replace("no(?=[,.;!—–-])", "(?!)"), re.IGNORECASE
)
Cues = re.Pattern[str]
STRONG = re.compile(
    r"no,? wait|scratch|strike|correction|oops|mistake|error|wrong|incorrect|not (?:right|correct)|"
    r"i mean|rather|nope|miscount|miscalc|misread|forgot|overlooked|不对|不對|错|錯|更正|^wait|"
    r"instead|correct|fix|redo|start over|sorry[,:—–-]",
    re.IGNORECASE,
)
WRONG = re.compile(
    r"wrong|incorrect|not (?:right|correct)|mistake|error|不对|不對|错|錯", re.IGNORECASE
)
CONFIRMS = re.compile(
    r"\b(?:(?:that|this|it|which)(?:'s| is) (?:right|correct|fine|consistent|true)|checks out|"
    r"correct(?:ly)?[.!]?$|confirm(?:s|ed)|matches|as (?:before|expected)|yes|indeed|still|works|"
    r"verified)\b|✓|✔|√|没错|正确|是对的",
    re.IGNORECASE,
)
DENIES = re.compile(
    r"(?:\b(?:not|isn't|aren't|wasn't|never|rather than|instead of|cannot be|can't be|n't be|"
    r"no longer|nor|neither|excluding|except|n't)|≠|!=|不是|而不是|并非)"
    r"(?: (?:just|simply|the|equal to|exactly|option|choice|answer))*[\s($\"'*]{0,4}$",
    re.IGNORECASE,
)
DENIES_AFTER = re.compile(
    r"[^.,;:\n]{0,15}\b(?:(?:is|was)(?:n't|\snot)\s(?:the\s)?(?:right|correct|answer)|"
    r"(?:is|was)\s(?:clearly\s)?(?:wrong|incorrect)|"
    r"can(?:not|'t|\snot)\sbe\s(?:the\s)?(?:right|correct|answer))\b",
    re.IGNORECASE,
)
NOR = re.compile(r"[)\"']?,?\s?(?:or|nor|/)\s?[(\"']?", re.IGNORECASE)
SUPPOSES = re.compile(
    r"\b(?:doubt|suppose|supposing|assume|assuming|imagine)\b[^.,;:\n]{0,30}$", re.IGNORECASE
)
BOUND = re.compile(
    r"(?:\b(?:at least|at most|more than|less than|fewer than|greater than|larger than|"
    r"smaller than|"
    r"no more than|no less than|up to|over|under|above|below|almost|nearly|just under|just over|"
    r"a little (?:more|less) than|minimum of|maximum of)|[≥≤]|(?<![-=<])[<>]=?|至少|至多|超过|不到)"
    r"[\s$(]{0,3}$",
    re.IGNORECASE,
)
BOUND_AFTER = re.compile(
    r"\s{0,2}(?:±|[<>≤≥]=?\s?[-$\d]|[/*×÷^=]\s*$|\+/-|\+(?!\s{0,2}[\d(])|or (?:more|less|fewer|"
    r"so|higher|lower|greater)\b|"
    r"(?:and|&) (?:up|above|below)\b|以上|以下)",
    re.IGNORECASE,
)
LEAD = re.compile(
    r"(?:[\s$\"'(\[{*=:,≈~→>-]|\\[a-z]*|"
    r"\b(?:about|approximately|approx|roughly|around|exactly|precisely|just|only|simply|is|be|"
    r"it is|"
    r"it's|its|it|that is|that's|this is|to|a total of|total of|total|"
    r"equal|equals|equal to|the|an|a|option|choice|letter|answer|number|value|definitely|"
    r"therefore|so|"
    r"thus|hence|then|should be|would be|must be|will be|was|were|are|there are|there is|now|then|"
    r"in total|date|"
    r"sum|product|result|i think|i believe|probably|likely|clearly|actually|indeed|also|still|"
    r"really|"
    r"[a-z])\b\.?|约|大约|是|为|共|一共){0,12}",
    re.IGNORECASE,
)
SENTENCE = re.compile(
    r"(?<!\bi\.e)(?<!\be\.g)(?<!\bvs)(?<!\bapprox)(?<!\bMr)(?<!\bMrs)(?<!\bDr)(?<!\bSt)"
    r"[.!?](?=[\s\"')*]|$)|[。！？\n]"
)
EQUATION = re.compile(
    r"=|≈|≡|→|⇒|\bi\.e\.|\b(?:equals|which (?:is|equals|gives|makes|means)|or equivalently|that is|"
    r"gives|is equal to|equivalently|makes|leaves|results in|等于|得|即)\b|等于",
    re.IGNORECASE,
)
OPERATOR = re.compile(
    r"[\s()$\[\]{}]{0,4}(?:[-+*/×÷·x^%−–]|\b(?:mod|times|plus|minus|divided by|multiplied by)\b)"
    r"[\s()$\[\]{}-]{0,4}",
    re.IGNORECASE,
)
IDENTITY = re.compile(r"\b(?:i\.e\.|that is|or equivalently|in other words)", re.IGNORECASE)
NAMED = re.compile(
    r"\W{0,4}(?:[\w']+\W{1,2}){0,3}?[,;]\s(?:and\s)?(?:[A-Z][\w']*(?::| is| has| =)?|"
    r"[^\W\d_]\w*:)\s"
)
ITEM = re.compile(
    r"\s{0,8}(?:\(?\w{1,2}[.)]|[-*•]|(?:option|answer|possibility|case|solution|candidate)\s\w{1,2}\s?[:.])"
    r"\s{1,3}\S{1,20}(?:\s[^\s=]{1,12}){0,2}\s*",
    re.IGNORECASE,
)
GOES_BACK = re.compile(r"\b(?:but|however|instead|now|then|corrected|actually)\b", re.IGNORECASE)
OPENS = re.compile(
    r"(?:[=+*×÷·(\[{,:$€£/]|\b(?:is|are|the|of|and|or|to|equals|be|was|a|an|with|for|so|have|"
    r"has|plus|"
    r"minus|times|by|from|because|than|about|approximately|therefore|thus|hence|then|but|not|we|"
    r"get))"
    r"\s{0,9}$",
    re.IGNORECASE,
)
OR = re.compile(
    r"[\s,;)\"'*$.]{0,4}(?:\b(?:[\w'%°-]+\s){0,4}?)?(?:\b(?:or|and/or|to|through|till|versus|"
    r"vs\.?|and|und|oder|"
    r"et|ou|y|o|possibly|perhaps|maybe)\b|[/|&~,;]|[-–—]|或者?|和|及|到|至|、)+"
    r"(?:[\s,;\"'(*$]|\b(?:or|and|even|possibly|perhaps|maybe|else|also|either|it's|it is|could be|"
    r"might be|maybe even|option|choice|the|answer is|answer|another|a|an)\b|\b[a-z]\s?=){0,12}",
    re.IGNORECASE,
)
TIGHT_OR = re.compile(
    r"[\s,;)\"'*$]{0,3}(?:\b(?:or|and/or|to|and)\b|[/|&~,;]|(?<=\d)[-–](?=\d|$)|[–—]|或者?|和|到|至|"
    r"、|-)+"
    r"(?:[\s,;\"'(*$]|\b(?:or|and|maybe|perhaps|even|possibly)\b|\b[a-z]\s?=){0,6}",
    re.IGNORECASE,
)
TAIL = re.compile(r"[^\n.,;()]{0,30}")
ALSO = re.compile(
    r"\b(?:or (?:maybe|perhaps|possibly|it)|(?:could|may|might) also be|alternatively|either)\b|"
    r"^\s*or\b",
    re.IGNORECASE,
)
MAYBE_ALSO = re.compile(
    r"\b(?:or (?:maybe|perhaps|possibly|else)|alternatively|(?:could|may|might) also be|"
    r"(?:it|the answer) (?:could|may|might) be|another (?:possible )?answer)\b|^\s*(?:or|maybe|"
    r"perhaps)\b",
    re.IGNORECASE,
)
UNKNOWN = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|impossible to|unable to|not able to|no way to)"
    r"(?: be)? (?:determined?|answer(?:ed)?|tell|know|known|found|say|solved?|calculated?|"
    r"computed?)\b|"
    r"\b(?:not enough|insufficient) information|\bi (?:don't|do not) know|\bno (?:answer|idea)\b",
    re.IGNORECASE,
)
MAYBE = re.compile(
    r"\balso (?:possible|correct|right|valid|acceptable|an? answer)\b|"
    r"\b(?:or(?: maybe| perhaps| possibly| else| it)?|alternatively|could (?:also )?be|"
    r"may (?:also )?be|might (?:also )?be|perhaps|maybe|possibly|another (?:possible )?answer|"
    r"other possible|either|otherwise|unless)\b|也可能|或者|也许|可能是",
    re.IGNORECASE,
)
ASKS = re.compile(r"\s?\?(?!\s{0,3}(?:yes|yep|right|correct|indeed))", re.IGNORECASE)
COMPARES = re.compile(
    r"\s(?:\w+\s)?(?:more|less|fewer|times|of|higher|lower|greater|larger|smaller|longer|shorter|older|"
    r"younger|bigger|after|before|above|below|off)\b",
    re.IGNORECASE,
)
IF = re.compile(r"\b(?:if|unless|otherwise|depending on|except when|assuming)\b", re.IGNORECASE)
REASON = re.compile(r"\b(?:because|since|given that|due to)\b", re.IGNORECASE)


def parts(text: str, cues: Cues = CUE) -> list[tuple[int, str, str]]:
    """The text cut at words that take something back: (end, part, the cue that ends it)."""
    found = []
    start = 0
    for cue in cues.finditer(text):
        found.append((cue.start(), text[start : cue.start()], cue[0].strip()))
        start = cue.end()
    return [*found, (len(text), text[start:], "")]


def takes_back(text: str) -> str | None:
    """What follows the last words that take an answer back; None where none do."""
    cut = parts(text)
    for place in range(len(cut) - 1, 0, -1):
        if STRONG.search(cut[place - 1][2]) and not CONFIRMS.search(cut[place][1]):
            return cut[place][1]
    return None


def doubts(text: str) -> bool:
    """Whether a text after an answer offers another one."""
    return any(MAYBE_ALSO.search(sentence) for sentence in sentences(text))


def sentences(text: str) -> list[str]:
    found, start = [], 0
    for stop in SENTENCE.finditer(text):
        found.append(text[start : stop.end()])
        start = stop.end()
    return [*found, text[start:]]
