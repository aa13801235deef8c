"""What answers close with and hedge with, by language. Looked up as words, in any case."""

from __future__ import annotations

from limbeck.evals.style.text import LIST_ITEM, Text, counts, phrase
from limbeck.words import unicode_tokens

CLOSINGS = {
    "English": (
        "in summary|to summarize|to summarise|summary|in conclusion|to conclude|conclusion|overall|"
        "in short|to sum up|in closing|in essence|ultimately|all in all|in brief|in a nutshell|"
        "tl;dr|the bottom line|bottom line|the takeaway|key takeaway|key takeaways"
    ),
    "German": (
        "zusammenfassend|zusammengefasst|zusammenfassung|insgesamt|abschließend|kurz gesagt|"
        "kurzum|alles in allem|fazit|schlussfolgerung"
    ),
    "French": (
        "en résumé|en conclusion|pour résumer|pour conclure|en somme|globalement|"
        "dans l'ensemble|en bref|résumé|en définitive"
    ),
    "Spanish": (
        "en resumen|en conclusión|para resumir|para concluir|en definitiva|en general|en síntesis|"
        "conclusión|resumen|en pocas palabras"
    ),
    "Portuguese": (
        "em resumo|em conclusão|para resumir|para concluir|em suma|no geral|concluindo|resumindo|"
        "conclusão|resumo|em síntese"
    ),
    "Italian": (
        "in sintesi|in conclusione|nel complesso|per riassumere|riassumendo|per concludere|"
        "concludendo|in definitiva|conclusione|in breve|in sostanza"
    ),
    "Dutch": "samengevat|samenvattend|samenvatting|kortom|al met al|tot slot|conclusie",
    "Polish": "podsumowując|podsumowanie|reasumując|w skrócie|krótko mówiąc|wniosek",
    "Russian": (
        "в заключение|таким образом|подводя итог|подводя итоги|в целом|в итоге|вывод|выводы|итог|"
        "заключение|резюмируя|короче говоря"
    ),
    "Turkish": "özetle|özet olarak|sonuç olarak|kısacası|genel olarak|özet|sonuç",
    "Arabic": (
        "باختصار|في الختام|ختاما|ختامًا|خلاصة القول|الخلاصة|بشكل عام|في النهاية|الخاتمة|"
        "في الخلاصة|إجمالا|إجمالًا"
    ),
    "Hindi": "संक्षेप में|निष्कर्ष|निष्कर्षतः|कुल मिलाकर|अंत में|सारांश",
    "Indonesian": "secara keseluruhan|kesimpulannya|kesimpulan|singkatnya|sebagai kesimpulan",
    "Vietnamese": "tóm lại|nói tóm lại|nhìn chung|kết luận|tổng kết|tóm tắt",
    "Chinese": (
        "总之|總之|总的来说|總的來說|总体而言|總體而言|总体来说|综上所述|綜上所述|综上|总结|總結|总而言之|總而言之|"
        "简而言之|簡而言之|结论|結論|简言之|整体而言|整體而言"
    ),
    "Japanese": "まとめると|まとめ|要するに|結論として|結論|総じて|全体として|以上のように",
    "Korean": (
        "요약하자면|요약하면|요약|결론적으로|결론|전반적으로|정리하면|정리하자면|종합하면|종합하자면"
    ),
    "Thai": "โดยสรุป|สรุป|กล่าวโดยสรุป|โดยรวม",
}
"""How a last paragraph begins that sums up."""
HEDGES = {
    "English": (
        "may|might|could|perhaps|maybe|possibly|probably|likely|unlikely|presumably|seem|seems|"
        "seemingly|appears to|appear to|generally|typically|usually|often|sometimes|tend to|"
        "tends to|it depends|depending on|can vary|in some cases|in many cases|to some extent"
    ),
    "German": (
        "vielleicht|möglicherweise|wahrscheinlich|vermutlich|könnte|könnten|dürfte|dürften|"
        "eventuell|oft|häufig|meist|meistens|manchmal|scheint|normalerweise|in der regel|"
        "unter umständen"
    ),
    "French": (
        "peut être|probablement|possiblement|pourrait|pourraient|semble|semblent|souvent|"
        "généralement|en général|parfois|sans doute|dans certains cas"
    ),
    "Spanish": (
        "quizás|quizá|tal vez|probablemente|posiblemente|podría|podrían|parece|parecen|"
        "generalmente|suele|suelen|a veces|a menudo|en algunos casos"
    ),
    "Portuguese": (
        "talvez|provavelmente|possivelmente|poderia|poderiam|parecem|geralmente|costuma|costumam|"
        "às vezes|muitas vezes|em alguns casos"
    ),
    "Italian": (
        "forse|probabilmente|possibilmente|potrebbe|potrebbero|sembra|sembrano|spesso|talvolta|"
        "di solito|a volte|in alcuni casi"
    ),
    "Dutch": "misschien|mogelijk|waarschijnlijk|vermoedelijk|meestal|vaak|soms|lijkt|zou kunnen",
    "Polish": "być może|prawdopodobnie|zazwyczaj|zwykle|często|czasami|mógłby|wydaje się",
    "Russian": (
        "возможно|вероятно|наверное|может быть|скорее всего|пожалуй|кажется|похоже|обычно|часто|"
        "иногда|как правило|в некоторых случаях"
    ),
    "Turkish": "belki|muhtemelen|galiba|genellikle|bazen|sıklıkla|olabilir",
    "Arabic": "ربما|قد|لعل|من المحتمل|من الممكن|يبدو|عادة|عادةً|غالبا|غالبًا|أحيانا|أحيانًا",
    "Hindi": "शायद|संभवतः|संभव है|हो सकता है|आमतौर पर|अक्सर|कभी-कभी",
    "Indonesian": "mungkin|barangkali|kemungkinan|biasanya|sering|kadang|umumnya|cenderung",
    "Vietnamese": "có lẽ|có thể|có khả năng|thường|đôi khi|dường như",
    "Chinese": (
        "可能|也许|也許|或许|或許|大概|似乎|通常|一般来说|一般來說|往往|有时|有時|看起来|看起來|多半|恐怕"
    ),
    "Japanese": (
        "かもしれ|おそらく|恐らく|たぶん|多分|でしょう|と思われ|と考えられ|場合があり|ことがあり|一般的に|可能性|ようです"
    ),
    "Korean": (
        "아마|아마도|것 같습니다|것 같아요|듯합니다|일반적으로|보통|때때로|가능성이|경우가 많습니다"
    ),
    "Thai": "อาจ|บางที|น่าจะ|มักจะ|โดยทั่วไป|บางครั้ง",
}
"""Words and phrases of doubt."""

_SHORT_HEADING = 8  # tokens that a heading of a summary has at most


def _phrases(table: dict[str, str]) -> list[str]:
    """Every phrase once, as it stands in `Text.joined`."""
    listed = [phrase(one) for row in table.values() for one in row.split("|")]
    return list(dict.fromkeys(listed))


_CLOSINGS = tuple(f" {one}" for one in _phrases(CLOSINGS))
_HEDGES = _phrases(HEDGES)
_HEDGE_WORDS = frozenset(one.strip() for one in _HEDGES if " " not in one.strip())
_HEDGE_PHRASES = [one for one in _HEDGES if " " in one.strip()]


def closes_with_summary(text: Text) -> bool:
    """Whether one of the last two lines, but not the first one of all, begins as a summary does
    ("In summary", "Overall", "总之"), an item of a list left aside; or follows a heading that says
    so."""
    lines = text.lines[1:]
    headings = [line for line in lines[-3:-2] if len(unicode_tokens(line)) <= _SHORT_HEADING]
    return any(map(_sums_up, [*headings, *lines[-2:]]))


def hedges(text: Text) -> int:
    """How many words and phrases of doubt there are."""
    single = sum(token in _HEDGE_WORDS for token in text.tokens)
    return single + counts(text.joined, _HEDGE_PHRASES)


def _sums_up(line: str) -> bool:
    if LIST_ITEM.match(line):
        return False
    return Text(line[:200]).joined.startswith(_CLOSINGS)
