"""Record filter `language`: completions in another language than is wanted."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from limbeck.errors import MissingExtra
from limbeck.filters.identify import LANGUAGES, UNKNOWN, language_of, languages_of
from limbeck.filters.sides import On, prompt_of, sides
from limbeck.record import Record, Verdict
from limbeck.registry import did_you_mean

__all__ = ["Language", "language_of", "languages_of"]

# A prompt that says one of these may well ask for an answer in another language than its own.
_TRANSLATION = re.compile(
    r"translat|traduc|tradu[iz]|tradotto|übersetz|oversett|översätt|vertaal|vertal|tłumacz|"
    r"перевод|перевед|перевест|ترجم|अनुवाद|แปล|dịch|tercüme|çevir|terjemah|翻[译譯訳]|번역|"
    r"\b(?:languages?|idiomas?|lenguas?|langues?|sprachen?|"
    r"arabic|bengali|bulgarian|catalan|chinese|mandarin|cantonese|croatian|czech|danish|dutch|"
    r"english|estonian|finnish|french|german|greek|hebrew|hindi|hungarian|icelandic|indonesian|"
    r"irish|italian|japanese|korean|latvian|lithuanian|malay|nepali|norwegian|persian|farsi|polish|"
    r"portuguese|romanian|russian|serbian|slovak|slovenian|spanish|swahili|swedish|tagalog|tamil|"
    r"telugu|thai|turkish|ukrainian|urdu|uzbek|vietnamese|welsh|"
    r"englisch\w*|deutsch\w*|französisch\w*|spanisch\w*|anglais\w*|français\w*|allemand\w*|"
    r"espagnol\w*|inglés|español|francés|alemán|inglês|português|francês|alemão|inglese|italiano|"
    r"francese|tedesco|spagnolo|ingilizce|türkçe|tiếng \w+|bahasa \w+|angielsk\w*|polsk\w*)\b|"
    r"английск|русск|немецк|французск|испанск|китайск|الإنجليزية|العربية|الفرنسية|अंग्रेज़ी|हिन्दी|हिंदी|"
    r"ภาษา|[英中日法德韩韓俄汉漢]语|[英中日法德韓俄漢]語|[英中日法德]文|[韩韓]文|영어|한국어|일본어|중국어",
    re.IGNORECASE,
)


@dataclass
class Language:
    """Refuses texts in another language than is wanted: "other_language".

    `keep` are the ISO 639-1 codes that are wanted ("zh" is Chinese in either script). With
    `same_as_prompt`, which is so where `keep` is empty, the completion has to be in the prompt's
    language; a prompt that speaks of translation or names a language may ask for any, and then
    this says nothing. `on` is the text that `keep` is about.

    `score` is the probability of a language that is not wanted, 0 for one that is, and from
    `min_probability` on a text is refused. So a text too short to tell stays, and so does one of
    digits, signs or code alone, whose language is "und"; `unknown` "refuse" refuses both as
    "unknown_language". Raises MissingExtra where py3langid is not installed, ValueError for a code
    that is not among `limbeck.filters.identify.LANGUAGES`.
    """

    keep: tuple[str, ...] = ()
    same_as_prompt: bool | None = None
    min_probability: Annotated[float, Field(gt=0, le=1)] = 0.5
    on: On = "completion"
    unknown: Literal["keep", "refuse"] = "keep"
    name: str = field(default="language", init=False)
    stateless = True

    def __post_init__(self) -> None:
        for code in self.keep:
            if code not in LANGUAGES:
                hint = did_you_mean(code, LANGUAGES)
                raise ValueError(f"keep names languages by ISO 639-1 codes, got {code!r}{hint}")
        if self.same_as_prompt is False and not self.keep:
            raise ValueError("keep is empty and same_as_prompt is false: nothing says what to keep")
        if importlib.util.find_spec("py3langid") is None:
            raise MissingExtra("py3langid, which tells languages apart,", "filters")

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        texts = [text for record in records for text in sides(record, self.on)]
        found = iter(languages_of(texts) if self.keep else ())
        same = self.same_as_prompt if self.same_as_prompt is not None else not self.keep
        verdicts = []
        for record in records:
            score, unknown = 0.0, False
            for _ in sides(record, self.on) if self.keep else ():
                code, probability = next(found)
                unknown |= probability < self.min_probability
                score = max(score, probability if code not in (*self.keep, UNKNOWN) else 0.0)
            if same:
                code, probability = language_of(record.completion)
                unknown |= probability < self.min_probability
                if code != UNKNOWN:
                    score = max(score, self._unlike_prompt(record, code, probability))
            verdicts.append(self._verdict(record, score, unknown))
        return verdicts

    def _unlike_prompt(self, record: Record, code: str, probability: float) -> float:
        prompt = prompt_of(record)
        asked, certain = language_of(prompt)
        if asked in (code, UNKNOWN) or _TRANSLATION.search(prompt):
            return 0.0
        return min(probability, certain)

    def _verdict(self, record: Record, score: float, unknown: bool) -> Verdict:
        reason = ""
        if score >= self.min_probability:
            reason = "other_language"
        elif unknown and self.unknown == "refuse":
            reason = "unknown_language"
        return Verdict(record.id, self.name, not reason, round(score, 4), reason)
