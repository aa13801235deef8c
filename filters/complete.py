"""Record filter `complete`: truncated, empty and refused completions are no answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from limbeck.record import Record, Verdict

# How an assistant declines, at the start of a completion. "I'm sorry to hear that" is sympathy
# and no refusal: every pattern needs the verb that withholds the answer.
_SORRY = r"(?:(?:i(?:['’]m| am)|we(?:['’]re| are)) (?:\w+ )?(?:sorry|afraid)|sorry|unfortunately|my apologies|i apologi[sz]e)"
_CANNOT = (
    r"(?:can(?:['’]t|not| not)|could(?:n['’]t| not)|won['’]t|will not|"
    r"(?:am|['’]m|are|['’]re) (?:not able|unable|not allowed|not permitted|not comfortable))"
)
_HELP = (
    r"(?:(?:to )?(?:help|assist|comply|fulfil+|answer|respond|provide|create|generate|write|"
    r"produce|do that|do this|discuss|engage|support|offer|give|share|continue|participate|"
    r"complete|process|access|browse|open|view|see|tell|predict|express|endorse|recommend|with))"
)
_ENGLISH = [
    rf"{_SORRY}[,.!—–:;]*(?: but| that|,)* ?(?:as an? [^.,\n]{{1,40}}, ?)?(?:i|we) ?{_CANNOT} (?:\w+ )?{_HELP}\b",
    rf"as an? (?:ai|artificial intelligence|large language model|language model|assistant)\b[^.\n]{{0,60}}, ?(?:i|we) ?{_CANNOT}\b",
    rf"as an? (?:ai|artificial intelligence|large language model|language model)\b[^.\n]{{0,60}}, ?i (?:do not|don['’]t) have\b",
    rf"(?:i|we) ?{_CANNOT} (?:help|assist|comply|fulfil+|provide|answer|engage|support|participate)\b[^.\n]{{0,40}}\b(?:that|this|request|it|you|with|information)\b",
    r"i must (?:decline|refuse)\b",
    r"i(?:['’]ll| will| have to|['’]d rather) (?:have to )?(?:decline|pass on|not (?:answer|help|do))\b",
]
_OTHER = [
    # Chinese, Japanese, Korean
    r"(?:很?抱歉|对不起|對不起|非常抱歉|不好意思)[，,。！!]?(?:但|但是)?(?:作为[^，,。]{0,20}[，,])?(?:我|您的请求)?(?:无法|無法|不能|不可以|没有办法|沒有辦法)",
    r"(?:我)?(?:无法|無法|不能)(?:协助|協助|提供|回答|满足|滿足|帮助|幫助|完成)(?:您|你|这|這|该|該|此)",
    r"作为(?:一个|一名)?(?:AI|人工智能|语言模型)[^。\n]{0,30}(?:无法|不能)",
    r"(?:申し訳(?:ありません|ございません)|すみません)[^。\n]{0,40}(?:できません|できかねます|お答えできません)",
    r"죄송(?:합니다|하지만)[^.\n]{0,40}(?:수 없습니다|없습니다)",
    # French, German, Spanish, Portuguese, Italian
    r"(?:je suis )?(?:vraiment )?désolée?,? ?(?:mais )?je ne (?:peux|suis pas en mesure|pourrai)",
    r"(?:es )?tut mir leid,? ?(?:aber )?(?:ich |das |dabei )?(?:kann|darf)",
    r"ich kann (?:ihnen |dir )?(?:dabei|bei dieser anfrage|damit) (?:leider )?nicht (?:helfen|weiterhelfen)",
    r"lo siento,? ?(?:pero )?(?:no puedo|no me es posible|como)",
    r"(?:sinto muito|desculpe|lamento),? ?(?:mas )?(?:eu )?não (?:posso|consigo)",
    r"mi dispiace,? ?(?:ma )?non (?:posso|sono in grado)",
    # Russian, Arabic
    r"(?:к сожалению|извините|простите),? ?(?:но )?я не (?:могу|в состоянии)",
    r"(?:عذرًا|عذرا|آسف|أعتذر)[،,]? ?(?:لكن |ولكن )?(?:لا أستطيع|لا يمكنني)",
]
_LEAD = r"""[\s"'“«(*_>#-]*(?:(?:oh|well|hello|hi|thank you[^.!\n]{0,40})[,.! ]+)?"""
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
