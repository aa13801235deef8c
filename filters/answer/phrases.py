"""What the words around an answer say of it: bounded, doubted, led up to, one of several."""

from __future__ import annotations

import re

from limbeck.filters.answer.tables import either

SUPPOSES = re.compile(
    r"\b(?:doubt|suppose|supposing|assume|assuming|imagine)\b[^.,;:\n]{0,30}$", re.IGNORECASE
)
_BOUND_WORDS = """
at least|at most|more than|less than|fewer than|greater than|larger than|smaller than|no more than
no less than|no fewer than|up to|over|under|above|below|almost|nearly|just under|just over|exceeds?
a little (?:more|less) than|minimum of|maximum of|not (?:more|less|fewer) than
mindestens|höchstens|mehr als|weniger als|maximal|minimal|über|unter|fast|knapp|bis zu|wenigstens
al menos|por lo menos|como m[aá]ximo|como m[ií]nimo|m[aá]s de|menos de|mayor (?:que|de|a)
menor (?:que|de|a)|casi|hasta
au moins|au plus|plus de|moins de|au maximum|au minimum|presque|jusqu'à|supérieure? à|inférieure? à
almeno|al massimo|al minimo|più di|meno di|oltre|quasi|fino a
pelo menos|no máximo|no mínimo|mais de|menos de|quase|até|ao menos
minstens|ten minste|hoogstens|meer dan|minder dan|bijna|nicht ganz|not quite|pas tout à fait
no del todo|не совсем|between|zwischen|entre|tra|fra|между
co najmniej|co najwyżej|ponad|minst|högst
не менее|не более|не меньше|не больше|более|менее|больше|меньше|свыше|почти|до|как минимум|максимум
минимум
en az|en fazla|en çok
"""
_BOUND_SIGNS = (
    "介于|至少|至多|最多|最少|超过|超過|不到|多于|少于|大于|小于|不少于|不超过|将近|接近|少なくとも|最大で?|最低|"
    "최소|최대|على الأقل|على الأكثر|أكثر من|أقل من|कम से कम|अधिक से अधिक|ज़्यादा से ज़्यादा"
)
BOUND = re.compile(
    rf"(?:\b(?:{either(_BOUND_WORDS)})|[≥≤]|(?<![-=<])[<>]=?|{_BOUND_SIGNS})[\s$(]{{0,3}}$",
    re.IGNORECASE,
)
BOUND_AFTER = re.compile(
    r"\s{0,2}(?:±|[<>≤≥]=?\s?[-$\d]|[/*×÷^=]\s*$|\+/-|\+(?!\s{0,2}[\d(])|"
    r"(?:or|oder|o|ou|или|of) (?:more|less|fewer|so|higher|lower|greater|mehr|weniger|m[aá]s|menos|"
    r"plus|moins|più|meno|mais|более|менее|больше|меньше|meer|minder)\b|"
    r"(?:and|&) (?:up|above|below)\b|[^\W\d_]{0,2}?\s?(?:以上|以下|以内|未満|이상|이하|미만|초과)|"
    r"多(?=[个個人元只岁天]|[。，]|\s*$)|से (?:अधिक|कम|ज़्यादा|ज्यादा)|(?:على|في) (?:الأقل|الأكثر)|"
    r"at (?:least|most)\b|"
    r"(?:minimum|maximum)\b|tops\b)",
    re.IGNORECASE,
)
_LEAD_WORDS = """
about|approximately|approx|roughly|around|exactly|precisely|just|only|simply|is|be|it is|it's|its|it
that is|that's|this is|to|a total of|total of|total|equal|equals|equal to|the|an|a|option|choice
letter
answer|number|value|definitely|therefore|so|thus|hence|then|should be|would be|must be|will be|was
were
are|there are|there is|now|then|in total|date|sum|product|result|i think|i believe|probably|likely
clearly|actually|indeed|also|still|really
ist|sind|war|wäre|es|das|der|die|den|dem|ein|eine|genau|etwa|ungefähr|rund|insgesamt|also|muss|zahl
lautet
el|la|los|las|un|una|son|sería|era|exactamente|aproximadamente|unos|unas|en total|opci[oó]n|letra
debe ser
est|sont|serait|le|les|une|exactement|environ|au total|l'option|lettre|donc|doit être
[èe]|sono|sarebbe|il|lo|gli|esattamente|circa|in totale|opzione|lettera|quindi|deve essere
é|são|seria|o|os|as|um|uma|exatamente|cerca de|no total|opç[aã]o|alternativa|letra|deve ser
het|een|is dus|ongeveer|precies|optie|это|равно|равен|равна|составляет|около|примерно|ровно|всего
вариант|буква
"""
_LEAD_SIGNS = (
    "约|大约|大約|是|为|為|共|一共|总共|選択肢|选项|選項|約|合計|ちょうど|は|"
    "약|총|هو|هي|الخيار|विकल्प"
)
LEAD = re.compile(
    rf"(?:[\s$\"'(\[{{*=:,≈~→>—-]|\\[a-z]*|\b(?:{either(_LEAD_WORDS)}|[a-z])\b\.?|"
    rf"{_LEAD_SIGNS}){{0,16}}",
    re.IGNORECASE,
)
SENTENCE = re.compile(
    r"(?<!\bi\.e)(?<!\be\.g)(?<!\bvs)(?<!\bapprox)(?<!\bMr)(?<!\bMrs)(?<!\bDr)(?<!\bSt)"
    r"(?<!\bг)[.!?](?=[\s\"')*]|$|[^\x00-\x7f])|[。！？।؟\n]"
)
EQUATION = re.compile(
    r"=|≈|≡|→|⇒|\bi\.e\.|\b(?:equals|which (?:is|equals|gives|makes|means)|or equivalently|that is|"
    r"gives|is equal to|equivalently|makes|leaves|results in|ergibt|macht|das (?:ist|sind)|also|"
    r"es decir|o sea|lo que da|igual a|soit|c'est-à-dire|ce qui (?:fait|donne)|cioè|ossia|ou seja|"
    r"то есть|т\. ?е\.|равно|получается)(?!\w)|等于|等於|得|即|つまり|すなわち|즉|أي",
    re.IGNORECASE,
)
OPERATOR = re.compile(
    r"[\s()$\[\]{}]{0,4}(?:[-+*/×÷·x^%−–]|\b(?:mod|times|plus|minus|divided by|multiplied by|"
    r"menos|más|moins|"
    r"fois|veces|geteilt durch|meno|più|vezes|минус|плюс)\b)"
    r"[\s()$\[\]{}-]{0,4}",
    re.IGNORECASE,
)
PART_OF_SUM = re.compile(
    r"\b(?:twice|double|half(?: of)?|triple|thrice|(?:square|cube) root of|square of|a (?:third|"
    r"quarter|fifth|"
    r"tenth) of|(?:sum|product|difference|average) of)[\s$]{1,3}$",
    re.IGNORECASE,
)
SUM_GOES_ON = re.compile(
    r"\s(?:(?:\w+\s)?(?:more|less|fewer|greater) than \$?\d|(?<=\d\s)(?:squared|"
    r"cubed)\b(?!\s?(?:=|is\b)))",
    re.IGNORECASE,
)
"""Around a number that a value is still to be computed from: "twice 30", "30 more than 5"."""
IDENTITY = re.compile(
    r"\b(?:i\.e\.|that is|or equivalently|in other words|also|es decir|o sea|soit|c'est-à-dire|"
    r"cioè|"
    r"ossia|ou seja|то есть)(?!\w)|即|つまり|すなわち|즉",
    re.IGNORECASE,
)
NAMED = re.compile(
    r"\W{0,4}(?:[\w']+\W{1,2}){0,3}?[,;]\s(?:and\s)?(?:[A-Z][\w']*(?::| is| has| =)?|"
    r"[^\W\d_]\w*:)\s"
)
ITEM = re.compile(
    r"\s{0,8}(?:\(?\w{1,2}[.)]|[-*•]|(?:option|answer|possibility|case|solution|"
    r"candidate)\s\w{1,2}\s?[:.])"
    r"\s{1,3}\S{1,20}(?:\s[^\s=]{1,12}){0,2}\s*",
    re.IGNORECASE,
)
GOES_BACK = re.compile(r"\b(?:but|however|instead|now|then|corrected|actually)\b", re.IGNORECASE)
OPENS = re.compile(
    r"(?:[=+*×÷·(\[{,:/]|(?<!\d)(?<!\d )[$€£]|\b(?:is|are|the|of|and|or|to|equals|be|was|a|an|"
    r"with|for|so|have|"
    r"has|plus|"
    r"minus|times|by|from|because|than|about|approximately|therefore|thus|hence|then|but|not|we|"
    r"get))"
    r"\s{0,9}$",
    re.IGNORECASE,
)
_OR_WORDS = """
or|and/or|to|through|till|until|versus|vs\\.?|and|possibly|perhaps|maybe|und|oder|bis
beziehungsweise|bzw\\.?
vielleicht|o|u|y|e|hasta|quizás?|tal vez|et|ou|à|jusqu'à|peut-être|oppure|a|fino a|forse|até|talvez
tot
или|либо|и|до|может быть|возможно|lub|albo|czy|i|och|eller|til|till|og|veya|ya da|ile
"""
_OR_SIGNS = (
    "[/|&~〜～,;、،]|[-–—]|或者?|还是|還是|和|及|与|與|到|至|から|または|もしくは|あるいは|と|か|또는|혹은|이?거나|이나|나|"
    "에서|부터|와|과|أو|إلى|الى|أم|या|से|और"
)
_OR_OPENS = r"even|possibly|perhaps|maybe|else|also|either|it's|it is|could be|might be|may be|"
_COUNTER = r"[^\W\d_a-z]{0,2}"  # 12個
OR = re.compile(
    rf"{_COUNTER}[\s,;)\"'*$.]{{0,4}}(?:\b(?:[\w'%°-]+\s){{0,4}}?)?"
    rf"(?:\b(?:{either(_OR_WORDS)})(?!\w)|{_OR_SIGNS})+"
    rf"(?:[\s,;\"'(*$]|\b(?:or|and|{_OR_OPENS}maybe even|option|choice|the|answer is|answer|"
    rf"another|"
    r"auch|vielleicht|sogar|quizás?|también|peut-être|aussi|forse|anche|talvez|может|даже|"
    r"el|la|le|die|der|das|il|lo|a|o|an)(?!\w)|\b[a-z]\s?=){0,12}",
    re.IGNORECASE,
)
TIGHT_OR = re.compile(
    rf"{_COUNTER}[\s,;)\"'*$]{{0,3}}(?:\b(?:or|and/or|to|and|und|oder|bis|y|o|u|et|ou|à|oppure|или|"
    r"либо|до|lub|albo|veya|eller)(?!\w)|[/|&~〜～,;、،]|(?<=\d)[-–](?=\d|$)|[–—]|或者?|还是|還是|和|到|至|"
    r"から|または|もしくは|あるいは|또는|혹은|이?거나|에서|أو|إلى|या|से|-)+"
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
    r"perhaps|oder|vielleicht|quizás?|o tal vez|ou|peut-être|o forse|forse|ou talvez|talvez|"
    r"или|может быть)(?!\w)|^\s*(?:或者|也许|あるいは|또는|أو|या)",
    re.IGNORECASE,
)
UNKNOWN = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|impossible to|unable to|not able to|no way to)"
    r"(?: be)? (?:determined?|answer(?:ed)?|tell|know|known|found|say|solved?|calculated?|"
    r"computed?|work (?:it|this|that) out|figure (?:it|this|that) out)\b|"
    r"\b(?:not enough|insufficient) information|\bi (?:don't|do not) know|\bno (?:answer|idea)\b",
    re.IGNORECASE,
)
MAYBE = re.compile(
    r"\balso (?:possible|correct|right|valid|acceptable|an? answer)\b|"
    r"\b(?:or(?: maybe| perhaps| possibly| else| it)?|alternatively|could (?:also )?be|"
    r"may (?:also )?be|might (?:also )?be|perhaps|maybe|possibly|another (?:possible )?answer|"
    r"other possible|either|otherwise|unless|vielleicht|könnte auch|oder|quizás?|tal vez|podría|"
    r"peut-être|pourrait|forse|potrebbe|talvez|возможно|может быть|или)(?!\w)|"
    r"也可能|或者|也许|可能是",
    re.IGNORECASE,
)
SMALL_TALK = re.compile(
    r"\b(?:\w+ or \w+|\w+|\w+-\w+) (?:other |more |different |alternative |possible |quicker |"
    r"easier |"
    r"additional |extra ){0,2}(?:ways?|methods?|approach(?:es)?|steps?|reasons?|solutions?|checks?|"
    r"explanations?|hints?|examples?|questions?|lines?|sentences?|alternatives)\b",
    re.IGNORECASE,
)
"""Numbers that are of the text and not of its question: "2 or 3 other ways"."""
ASKS = re.compile(r"\s?\?(?!\s{0,3}(?:yes|yep|right|correct|indeed))", re.IGNORECASE)
COMPARES = re.compile(
    r"\s(?:\w+\s)?(?:more|less|fewer|times|of|higher|lower|greater|larger|smaller|longer|shorter|"
    r"older|"
    r"younger|bigger|after|before|above|below|off)\b",
    re.IGNORECASE,
)
IF = re.compile(
    r"\b(?:if|unless|otherwise|depending on|except when|assuming|wenn|falls|sonst|es sei denn|si|"
    r"salvo que|a menos que|sinon|sauf si|se|altrimenti|a meno che|senão|если|иначе)(?!\w)|"
    r"如果|除非|否则|もし|만약",
    re.IGNORECASE,
)
ON_CONDITION = re.compile(
    r"\s{0,2}[,(]?\s?(?:only )?(?:if|unless|when|otherwise|wenn|falls|si|cuando|quand|se|quando|"
    r"если|когда)\b",
    re.IGNORECASE,
)
BUT = re.compile(
    r"[\s,;(—–-]{0,4}(?:(?:but|and|or|though|aber|pero|mais|ma|mas|но)\s)?(?:(?:it's|it is|"
    r"it would be) )?[\s\"']{0,2}",
    re.IGNORECASE,
)
CASE = re.compile(r"[,:]?\s(for|in|when|if|with|on|at|für|bei|para|pour|per)\s")
"""One of several cases: "12 for adults, 8 for kids"."""
ELSE = re.compile(
    r"\b(?:then|otherwise|else|sonst|dann|si no|entonces|sinon|altrimenti|senão|иначе)\b",
    re.IGNORECASE,
)
REASON = re.compile(
    r"\b(?:because|since|given that|due to|denn|weil|da|porque|ya que|pues|puesto que|parce que|"
    r"car|"
    r"puisque|perch[ée]|poich[ée]|pois|já que|want|omdat|потому что|так как|поскольку|ponieważ|"
    r"çünkü)"
    r"(?!\w)|因为|因為|由于|なぜなら|왜냐하면|لأن|क्योंकि",
    re.IGNORECASE,
)
MODAL = re.compile(
    r"\b(?:could(?: also| well)? be|might(?: also)? be|may(?: also)? be|maybe|perhaps|possibly|"
    r"either|vielleicht|möglicherweise|könnte|puede(?: que)?(?: ser)?|quizás?|tal vez|podría ser|"
    r"peut-être|pourrait être|forse|potrebbe essere|talvez|pode ser|может быть|возможно|может)"
    r"(?: (?:it's|it is|a|an|the|el|la|es|be|option))*[\s\"'*(]{0,3}$"
    r"|(?:可能是|也许是?|或许是?|大概是)\s?$",
    re.IGNORECASE,
)
"""What leaves open whether the answer after it is one: "could be yes"."""


def doubts(text: str) -> bool:
    """Whether a text after an answer offers another one."""
    return any(MAYBE_ALSO.search(sentence) for sentence in sentences(text))


def sentences(text: str) -> list[str]:
    found, start = [], 0
    for stop in SENTENCE.finditer(text):
        found.append(text[start : stop.end()])
        start = stop.end()
    return [*found, text[start:]]
