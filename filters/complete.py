"""Record filter `complete`: truncated, empty and refused completions are no answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from limbeck.record import Record, Verdict

# How an assistant declines, at the start of a completion. "I'm sorry to hear that" is sympathy,
# "I cannot help but admire" is praise and "Sorry, I can't come to your party" is a letter: every
# pattern needs the verb, and mostly the object, by which an answer is withheld.
_SORRY = (
    r"(?:(?:i(?:['’]m| am)|we(?:['’]re| are)) (?:\w+ )?(?:sorry|afraid)|"
    r"sorry|unfortunately|my apologies|i apologi[sz]e)"
)
_CANNOT = (
    r"(?:can(?:['’]t|not| not)|won['’]t|will not|"
    r"(?: ?am|['’]m|['’]re| ?are) (?:not able|unable|not allowed|not permitted|not comfortable))"
    r"(?: (?:to|directly|currently|ethically|in good conscience))*"
)
_WITH = (
    r"(?:help|assist)(?:ing)?(?: you| anyone)?(?: further)?"
    r"(?: ?[.,!;—–]| with\b| in\b| by\b| there\b|\s*$)"
)
_GIVE = (
    r"(?:(?:answer|respond|provid|creat|generat|writ|produc|discuss|engag|support|offer|giv|shar|"
    r"continu|participat|complet|process|predict|express|endors|recommend)(?:e|ing)?|"
    r"fulfil+|do that|do this|"
    r"(?:access|browse|open|view|see)\b[^.,\n]{0,20}\b"
    r"(?:images?|pictures?|photos?|files?|links?|attachments?|documents?|websites?|web|internet|"
    r"urls?|accounts?|data))"
)
_ASKED = (
    r"(?:request|question|topic|content|information|instructions|advice|guidance|assistance|"
    r"harmful|illegal|opinions?)"
)
_AI = r"(?:ai|artificial intelligence|(?:large )?language model|(?:virtual|digital) assistant)"
_ENGLISH = [
    rf"{_SORRY}[,.!—–:;]*(?: but| that|,)* ?(?:as an? [^.,\n]{{1,40}}, ?)?"
    rf"(?:i ?{_CANNOT} (?:{_WITH}|comply\b|{_GIVE}\b)|we ?{_CANNOT} (?:{_WITH}|comply\b))",
    rf"as an? {_AI}\b[^.\n]{{0,60}}, ?(?:i|we) ?(?:{_CANNOT}|do not have|don['’]t have)\b",
    rf"(?:i|we) ?{_CANNOT} (?:{_WITH}|comply\b|fulfil+ (?:that|this|your|the)\b)",
    rf"i ?{_CANNOT} {_GIVE}\b[^.\n]{{0,60}}\b{_ASKED}\b",
    rf"i ?{_CANNOT} (?:do|answer|discuss|write|create) (?:that|this)(?: ?[.,!]|\s*$)",
    r"i (?:must|have to|will)(?: \w+ly)? (?:decline|refuse)"
    r"(?: ?[.,!]|\s*$| to (?:help|assist|answer|provide|write|engage|comply|participate)|"
    r" (?:this|that|your|the) request)",
]
_OTHER = [
    # Chinese, Japanese, Korean
    r"(?:很?抱歉|对不起|對不起|非常抱歉|不好意思)[，,。！!]?(?:但|但是)?(?:作为[^，,。]{0,20}[，,])?"
    r"(?:我|您的请求)?(?:无法|無法|不能|不可以|没有办法|沒有辦法)[^，,。！!\n]{0,12}(?:[协協]助|提供|回答|[满滿]足|"
    r"[帮幫]助|[帮幫][您你]|完成|生成|[创創]建|[编編][写寫]|[写寫]|[讨討][论論]|[访訪][问問]|[处處]理|[执執]行|透露|"
    r"[继繼][续續]|参与|參與|支持|[这這][样樣]做|被?[满滿]足)",
    r"(?:我)?(?:无法|無法|不能)(?:协助|協助|提供|回答|满足|滿足|帮助|幫助|完成)(?:您|你|这|這|该|該|此)",
    r"作为(?:一个|一名|一款)?(?:AI|人工智能|大?语言模型)[^。\n]{0,30}(?:无法|不能)",
    r"(?:申し訳(?:ありません|ございません)|すみません)[^。\n]{0,40}"
    r"(?:お手伝い|お答え|回答|提供|ご要望|対応|支援|作成)[^。\n]{0,12}(?:できません|できかねます|いたしかねます)",
    r"죄송(?:합니다|하지만)[.,]?[^.\n]{0,40}(?:도와|도움|답변|제공|응답|작성|수행|지원)[^.\n]{0,12}"
    r"수 ?(?:가 )?없습니다",
    # French, German, Spanish, Portuguese, Italian
    r"(?:je suis )?(?:vraiment )?désolée?,? ?(?:mais )?je ne (?:peux|suis pas en mesure|pourrai)"
    r"[^.\n]{0,20}\b(?:aider|assister|fournir|répondre|donner|créer|écrire|rédiger|faire cela|"
    r"satisfaire|générer|accéder|proposer|discuter)\b",
    r"(?:es )?tut mir (?:sehr |wirklich )?leid,? ?(?:aber )?(?:ich |das |dabei )?(?:kann|darf)"
    r"[^.\n]{0,60}\b(?:helfen|weiterhelfen|beantworten|antworten|bereitstellen|unterstützen|"
    r"erfüllen|schreiben|erstellen|geben|nachkommen|zugreifen)\b",
    r"ich kann (?:ihnen |dir )?(?:dabei|bei dieser anfrage|damit) (?:leider )?nicht "
    r"(?:helfen|weiterhelfen)",
    r"lo siento,? ?(?:pero )?(?:como (?:una? )?(?:ia|modelo|inteligencia|asistente)|"
    r"(?:no puedo|no me es posible)[^.\n]{0,20}\b(?:ayudar\w*|asistir\w*|proporcionar\w*|"
    r"responder|cumplir|ofrecer\w*|generar|crear|escribir|dar\w*|hacer eso|participar|acceder|"
    r"completar))\b",
    r"(?:sinto muito|desculpe|lamento),? ?(?:mas )?(?:eu )?não (?:posso|consigo)[^.\n]{0,20}\b"
    r"(?:ajudar\w*|auxiliar|fornecer|responder|cumprir|oferecer|gerar|criar|escrever|dar|"
    r"fazer isso|participar|acessar|atender)\b",
    r"mi dispiace,? ?(?:ma )?non (?:posso|sono in grado)[^.\n]{0,20}\b(?:aiutar\w*|assister\w*|"
    r"fornir\w*|risponder\w*|soddisfare|generare|creare|scrivere|dar\w*|farlo|accedere)\b",
    # Russian, Arabic
    r"(?:к сожалению|извините|простите),? ?(?:но )?я не (?:могу|в состоянии)[^.\n]{0,25}\b"
    r"(?:помочь|помогать|ответить|отвечать|предоставить|предоставлять|выполнить|написать|"
    r"создать|дать|обсуждать|поддержать)\b",
    r"(?:عذرًا|عذرا|آسف|أعتذر)[،,]? ?(?:لكن |ولكن )?(?:لا أستطيع|لا يمكنني) ?"
    r"[^.،\n]{0,15}(?:مساعد|المساعد|تقديم|الإجاب|توفير|كتاب|إنشاء|تلبي|تنفيذ|الرد)",
]
_LEAD = r"""[\s"'“«(*_>#-]*(?:(?:oh|well|hello|hi|thank you[^.!\n]{0,40})[,.! ]{1,3})?"""
REFUSAL = re.compile(rf"{_LEAD}(?:{'|'.join(_ENGLISH + _OTHER)})", re.IGNORECASE)
_TRUNCATED = ("length", "max_tokens")
_FILTERED = ("content_filter", "refusal")


def is_refusal(completion: str) -> bool:
    """Whether a completion opens by declining to answer (eleven languages)."""
    return REFUSAL.match(completion) is not None


def is_cut_open(completion: str) -> bool:
    """Whether a code fence or a think tag was opened and never closed."""
    fences = re.findall(r"^ {0,3}(?:```|~~~)", completion, re.MULTILINE)
    thinks = completion.count("<think>") > completion.count("</think>")
    return len(fences) % 2 == 1 or thinks


@dataclass
class Complete:
    """Keeps only whole answers. Reasons: "truncated", "empty", "refused".

    A completion is truncated when the teacher stopped at its token limit, or left a code fence or
    think tag open; refused when the teacher's filter stepped in or the text opens as a refusal.
    """

    name: str = field(default="complete", init=False)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        verdicts = []
        for record in records:
            reason = self._reason(record)
            verdicts.append(Verdict(record.id, self.name, not reason, float(not reason), reason))
        return verdicts

    def _reason(self, record: Record) -> str:
        finish = record.meta.get("finish_reason")
        if finish in _FILTERED:
            return "refused"
        if finish in _TRUNCATED:
            return "truncated"
        if not any(char.isprintable() and not char.isspace() for char in record.completion):
            return "empty"
        if is_refusal(record.completion):
            return "refused"
        return "truncated" if is_cut_open(record.completion) else ""
