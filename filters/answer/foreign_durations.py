"""Durations of other languages in English words: "1 hora y media", "1時間30分", "zwei Tage"."""

from __future__ import annotations

import re

from limbeck.filters.answer.tables import trie

_TABLE = """
second: segundo segundos sekunde sekunden seconde secondes secondo secondi segundos seconden
  секунда секунды секунду секунд sekunda sekundy sekund sekunder saniye ثانية ثوان सेकंड सेकेंड
minute: minuto minutos minuten minuti minuut минута минуты минуту минут minuta minuty minutę minut
  minuter minutter minuuttia dakika دقيقة دقائق मिनट phút menit
hour: hora horas stunde stunden std heure heures ora ore uur uren час часа часов godzina godziny
  godzinę godzin timme timmar tuntia saat ساعة ساعات घंटा घंटे घण्टे giờ hodina hodiny hodin
day: día días dia dias tag tage tagen jour jours giorno giorni dag dagen dagar день дня дней dzień
  dni dní päivää gün يوم أيام दिन ngày hari
week: semana semanas woche wochen semaine semaines settimana settimane weken неделя недели неделю
  недель tydzień tygodnie tygodni vecka veckor hafta أسبوع أسابيع सप्ताह हफ़्ते tuần minggu
month: mes meses monat monate monaten mois mese mesi mês maand maanden месяц месяца месяцев miesiąc
  miesiące miesięcy månad månader ay شهر أشهر महीने महीना tháng bulan
year: año años jahr jahre jahren ans année années anno anni ano anos jaar год года лет rok lata lat
  år yıl سنة سنوات साल वर्ष năm tahun
"""
_UNITS = {
    name: unit
    for line in _TABLE.replace("\n  ", " ").strip().split("\n")
    for unit, _, names in [line.partition(": ")]
    for name in names.split()
}
_UNIT = trie(_UNITS)
_ONE = (
    r"una?|uno|um|uma|eine?[rmns]?|une|один|одна|одну|één|een|jeden|jedna|jedną|ett?|bir|isang|"
    r"एक|một|satu"
)
_JOINED = r"\s?(?:,|y|e|et|und|en|и|i|och|og|ve|و|और|và|dan)?\s"
_HALF = (
    r"(?:y|et|e|и|en|og|och|ve)\s(?:media|mezz[oa]|demie?|meia|meio|половиной|(?:een )?half|halv)"
)
_HALF_OF = (
    r"media|medio|meia|meio|mezz[oa]|mezz'|halbe[nrs]?|demi-|demie |une demi-|half|halve|pół|halv|"
    r"yarım|आधा|आधे"
)
_AND_A_HALF = r"anderthalb|eineinhalb|полтора|полторы|anderhalf|anderhalve|półtorej|डेढ़"
_GERMAN = {"zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6}
_HAN = {"一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8}
_SIGNS = {
    "秒": "second",
    "초": "second",
    "分": "minute",
    "分钟": "minute",
    "分鐘": "minute",
    "分間": "minute",
    "분": "minute",
    "분간": "minute",
    "時間": "hour",
    "小时": "hour",
    "小時": "hour",
    "个小时": "hour",
    "個小時": "hour",
    "시간": "hour",
    "天": "day",
    "日間": "day",
    "일간": "day",
    "일": "day",
    "週間": "week",
    "周": "week",
    "个星期": "week",
    "星期": "week",
    "주": "week",
    "주간": "week",
    "个月": "month",
    "個月": "month",
    "ヶ月": "month",
    "か月": "month",
    "カ月": "month",
    "개월": "month",
    "年": "year",
    "年間": "year",
    "년": "year",
    "년간": "year",
}
_CLOCK = (
    r"(?P<clock>\d\s?[点點時时시](?!间|間|간)\s?(?:\d{1,2}\s?[分분])?|\d\s?月\s?\d|\d\s?월\s?\d)"
)
_CJK = re.compile(
    rf"{_CLOCK}|(?P<half>半)(?:个|個)?(?P<half_of>小时|小時|時間|시간)"
    rf"|(?P<number>(?<!\d)\d{{1,3}}(?:\.\d+)?|(?<![\d十])[{''.join(_HAN)}](?=[个個]?半))\s?"
    rf"(?P<middle>[个個]半)?(?P<unit>{trie(_SIGNS)})(?!에|부터|까지)(?P<and_half>半|\s반)?"
)
_WORDS = [
    (re.compile(rf"(?<!\w)(?:{_HALF_OF})\s?({_UNIT})(?!\w)", re.I), r"0.5 \1"),
    (re.compile(rf"(?<!\w)(?:{_AND_A_HALF})\s({_UNIT})(?!\w)", re.I), r"1.5 \1"),
    (re.compile(rf"(?<!\w)(?:{_ONE}|un'|l')\s?(?=(?:{_UNIT})(?!\w))", re.I), "1 "),
    (re.compile(rf"(?<!\d)(\d{{1,9}}) ({_UNIT})\s{_HALF}(?!\w)", re.I), r"\1.5 \2"),
    (re.compile(rf"(?<!\d)(\d{{1,9}}) ({_UNIT}){_JOINED}(?=\d)", re.I), r"\1 \2 "),
]
_GERMAN_HALF = re.compile(rf"(?<!\w)({'|'.join(_GERMAN)})einhalb(?!\w)", re.IGNORECASE)
_FOREIGN = re.compile(rf"(?<=[\w%] )({_UNIT})(?!\w)|(?<=\d)({_UNIT})(?!\w)", re.IGNORECASE)


def in_english(text: str) -> str:
    """ "1 hora y media" is "1.5 hours", "1時間30分" is "1 hour 30 minutes"; "9時30分" is a time of
    day and stays."""
    if not text.isascii():
        text = re.sub(" {2,}", " ", _CJK.sub(_signs, text))
    text = _GERMAN_HALF.sub(lambda found: f"{_GERMAN[found[1].lower()]}.5", text)
    for pattern, instead in _WORDS:
        text = pattern.sub(instead, text)
    return _FOREIGN.sub(lambda found: _UNITS[(found[1] or found[2]).lower()] + "s", text)


def _signs(found: re.Match[str]) -> str:
    if found["clock"]:
        return found[0]
    if found["half"]:
        return " 0.5 hours "
    number = found["number"]
    whole = str(_HAN.get(number, number))
    if found["middle"] or found["and_half"]:
        whole += ".5"
    return f" {whole} {_SIGNS[found['unit']]}s "
