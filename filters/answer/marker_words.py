"""What says "the answer is" and "Answer:" in other languages than English."""

from __future__ import annotations

import re

from limbeck.filters.answer.tables import either

_SPACED = r"""
(?:respuesta|soluci[oó]n)(?: \w+){0,2} (?:es|ser[ií]a)
(?:opci[oó]n|alternativa|letra)(?: \w+)? (?:es|ser[ií]a)
r[ée]ponse(?: \w+){0,2} (?:est|serait)
(?:bonne|option|lettre)(?: correcte| juste| option| lettre)? (?:est|serait)
(?:antwort|lösung)(?: \w+)? (?:ist|lautet|wäre)
(?:richtige|korrekte) (?:option|wahl|buchstabe|aussage) (?:ist|lautet|wäre)
richtig (?:ist|wäre)(?: (?:also|daher|somit))?|(?:option|lettre) correcte est
(?:risposta|soluzione)(?: \w+){0,2} (?:[èe]|sarebbe)
(?:opzione|alternativa|lettera)(?: \w+)? (?:[èe]|sarebbe)
resposta(?: \w+){0,2} (?:[ée]|seria)|(?:op[cç][aã]o|alternativa|letra)(?: \w+)? (?:[ée]|seria)
antwoord(?: \w+)? is|juiste (?:optie|keuze) is|svaret (?:är|er|blir)|vastaus on
(?:poprawn|prawidłow)a odpowiedź(?: to| brzmi)?
odpowiedź (?:to|brzmi)|(?:správn[aá] )?odpověď (?:je|zní)|răspunsul(?: \w+)? este
a (?:helyes )?válasz|doğru (?:cevap|yanıt|seçenek|şık)
(?:правильный|верный|окончательный|итоговый) (?:ответ|вариант)(?: ответа)?(?: это| будет)?\s?[—–-]?
ответ (?:это|будет|равен|такой)
(?:правильна |остаточна )?відповідь (?:це|буде)|(?:đáp án|câu trả lời)(?: \w+)? là
jawaban(?:nya)?(?: yang \w+)?(?: adalah)
(?:correct|right|best) (?:option|choice|letter|alternative)(?: here| then)? (?:is|would be|must be)
"""
_UNSPACED = r"""
(?:答案|答え|正解|解答|正しい(?:の|答え|選択肢|もの)|(?:正确|正確)的?(?:选项|選項|答案))(?:应该|應該|应|應|就)?(?:是|为|為|は|選|选)
(?:정답|답|올바른 (?:답|선택지|것))[은는이가]
(?:الإجابة|الجواب|الخيار|الحل)(?: الصحيحة?| النهائية?)? ?(?:هي|هو)
सही (?:उत्तर|जवाब|विकल्प)(?: है)?|(?:उत्तर|जवाब) है|η (?:σωστή )?απάντηση είναι
התשובה(?: הנכונה)?(?: היא)?|คำตอบ(?:ที่ถูกต้อง)?คือ
"""
_NAMES = """
最终答案|最終答案|正确答案|正確答案|答案|答え|解答|正解|정답|답|respuesta(?: (?:final|correcta))?
r[ée]ponse(?: (?:finale|correcte))?|(?:end)?antwort|lösung|risposta(?: (?:finale|corretta))?
resposta(?: (?:final|correta))?
solución|soluzione|solução|ответ|відповідь|الإجابة(?: (?:النهائية|الصحيحة))?|الجواب|उत्तर|जवाब
अंतिम उत्तर
(?:eind)?antwoord|svar|vastaus|odpowiedź|odpověď|răspuns|válasz|cevap|yanıt|đáp án|câu trả lời
jawaban|απάντηση|תשובה|คำตอบ|پاسخ
"""
PHRASES = rf"(?:\b(?:{either(_SPACED)})(?!\w)|{either(_UNSPACED)})[*_ ]{{0,4}}[:：、，,]?"
LABELS = (
    rf"(?<!\w)(?:{either(_NAMES)}) ?[*_]{{0,2}}(?:\([^()\n]{{0,40}}\) ?)?(?:[:：]|"
    rf"[—–-](?= ))[*_]{{0,2}}"
    r"|^答[:：]"
)
DENIED = re.compile(
    r"\b(?:no|non|não|nicht|ne|не|pas|incorrecta|errónea|equivocada|falsa|sbagliata|errata|errada|"
    r"incorreta|fausse|incorrecte|anterior|précédente|precedente)\b",
    re.IGNORECASE,
)
"""Words within a phrase by which it says what the answer is not."""
