"""How options are spoken of: what names one, leads up to one, calls one right, dismisses one."""

from __future__ import annotations

NOUNS = r"""
option|choice|answer|letter|alternative|opci[oó]n|alternativa|letra|respuesta|antwort|lettre
réponse|opzione
lettera|risposta|opção|resposta|optie|antwoord|keuze|svar|odpowied[zź]|opcja|cevap|şık|seçenek
вариант|ответ|буква
الخيار|الإجابة|विकल्प|đáp án|phương án|pilihan|επιλογή|תשובה
"""
SIGNS = "选项|选择|故选|選項|选|選|答案|選択肢|보기|선택지"
LEADS = """
queda|quedaría|bleibt|reste|rimane|resta|остаётся|остается
es|es la|es el|sería la|elijo|escojo|elegimos|me quedo con|est|est la|est le|choisis|je prends|ist
ist die|wähle
nehme|also|daher|somit|donc|por lo tanto|por tanto|así que|quindi|dunque|perciò|portanto|logo|è
è la|scelgo|é|é a
escolho|fico com|is dus|dus|kies|välj[ae]?r?|wybieram|więc|итак|значит|поэтому|следовательно
выбираю|это
"""
LEAD_SIGNS = "选|選|是|为|為|は|が|所以|因此|よって|したがって|따라서|그러므로|لذلك|إذن|इसलिए|अतः"
RIGHT = r"""
es (?:la )?(?:correcta|opción correcta|respuesta)|est (?:la )?(?:correcte|bonne|juste|réponse)
ist (?:die )?(?:richtig|korrekt|lösung|antwort)|stimmt(?! nicht)|passt(?! nicht)
[èe] (?:la )?(?:corretta|giusta|risposta)
(?:está|é) (?:a )?(?:correta|certa|resposta)|is juist|верный|верн[оа]|правильн|подходит
が(?:正しい|正解|正)|です(?!か)|でした|(?:이다|입니다|이에요|예요)(?!만|\?)
(?:是|才是)?(?:正确|正確|对的|對的)|(?:가|이) (?:정답|맞)|सही है|(?:هو|هي) الصحيحة?
"""
DISMISSED = r"""
(?:ist|wäre|sind|war) (?:falsch|nicht|ausgeschlossen|unmöglich|zu )
(?:passt|passen|stimmt|gilt|geht) (?:\w+ )?nicht
scheide[tn] (?:\w+ )?aus|kommt nicht|fällt weg|kann (?:es )?nicht
(?:es|son|está|queda) (?:incorrect|fals|descartad|errónea|imposible|demasiado)
no (?:es|son|encaja|cumple|puede|sirve|vale|corresponde|tiene)
(?:est|sont) (?:faux|fausse|incorrect|exclu|éliminé|impossible|trop )
ne (?:convient|peut|correspond|marche|va|respecte)|n'est
(?:è|sono) (?:sbagliat|errat|fals|esclus|scorrett|impossibil)
non (?:è|può|va|funziona|corrisponde)|(?:está|é|são) (?:errad|incorret|fals|descartad)
não (?:é|pode|serve|corresponde|está)
is (?:onjuist|fout|niet)|не (?:подход|верн|мож|год|явля|прав)|неверн|неправильн|исключ|отпада
は(?:違|間違|誤|不正解|不適|ありえ|正しくな)
(?:가|이|은|는) (?:아니|아닌|틀)
(?:是)?(?:错|錯|不对|不對|不正确|不正確|不符|排除)
غير صحيح|خاطئ|خطأ|गलत|नहीं
"""
