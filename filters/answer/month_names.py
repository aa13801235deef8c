"""Names of months and weekdays in the languages that are answered in, folded and without dots."""

from __future__ import annotations

import unicodedata

_MONTHS = """
january jan janvier janv januar jänner janar enero ene janeiro gennaio gen januari
  styczeń stycznia января январь ocak tammikuu
february feb février févr fév februar febrero fevereiro fev febbraio febbr februari luty
  lutego февраля февраль şubat feburary febuary
march mar mars märz mrz marzo março maart marzec marca марта март mart
april apr avril avr abril abr aprile kwiecień kwietnia апреля апрель nisan
may mai mayo maio maggio mag mei maj maja мая май mayıs
june jun juin juni junio junho giugno giu czerwiec czerwca июня июнь haziran
july jul juillet juil juli julio julho luglio lug lipiec lipca июля июль temmuz
august aug août aout agosto ago augustus sierpień sierpnia августа август ağustos
september sep sept septembre septiembre setiembre setembro set settembre sett wrzesień
  września сентября сентябрь eylül
october oct octobre oktober okt octubre outubro out ottobre ott październik października
  октября октябрь ekim
november nov novembre noviembre novembro listopad listopada ноября ноябрь kasım
december dec décembre déc dezember dez diciembre dic dezembro dicembre desember grudzień
  grudnia декабря декабрь aralık
"""
_WEEKDAYS = """
monday mon lundi montag lunes segunda-feira lunedì понедельник 星期一 周一 月曜日 월요일
tuesday tue tues mardi dienstag martes terça-feira martedì вторник 星期二 周二 火曜日 화요일
wednesday wed weds mercredi mittwoch miércoles quarta-feira mercoledì среда 星期三 周三 水曜日
  수요일
thursday thu thur thurs jeudi donnerstag jueves quinta-feira giovedì четверг 星期四 周四 木曜日
  목요일
friday fri vendredi freitag viernes sexta-feira venerdì пятница 星期五 周五 金曜日 금요일
saturday sat samedi samstag sábado sabato суббота 星期六 周六 土曜日 토요일
sunday sun dimanche sonntag domingo domenica воскресенье 星期日 周日 星期天 日曜日 일요일
"""


def _numbered(table: str, first: int) -> dict[str, int]:
    lines = unicodedata.normalize("NFC", table).replace("\n  ", " ").strip().split("\n")
    return {name: number for number, line in enumerate(lines, first) for name in line.split()}


MONTHS = _numbered(_MONTHS, 1)
WEEKDAYS = _numbered(_WEEKDAYS, 0)
"""Monday is 0, as in `date.weekday`."""
