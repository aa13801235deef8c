"""Names of months and weekdays in the languages that are answered in, folded and without dots.

A name of two words has "_" between them.
"""

from __future__ import annotations

import unicodedata

_MONTHS = """
january jan janvier janv januar jänner janar enero ene janeiro gennaio gen januari
  styczeń stycznia января январь янв ocak tammikuu tammikuuta leden ledna január január januára
  ianuarie ιανουαρίου ιανουάριος ιαν січня січень ינואר يناير كانون_الثاني ژانویه जनवरी জানুয়ারি
  জানুয়ারি มกราคม ม.ค. tháng_1 tháng_một jaanuar
february feb février fevrier févr fév februar febrero fevereiro fev febbraio febbr februari luty
  lutego февраля февраль февр фев şubat feburary febuary helmikuu helmikuuta únor února február
  februára februarie φεβρουαρίου φεβρουάριος φεβ лютого лютий פברואר فبراير شباط فوریه फरवरी फ़रवरी
  ফেব্রুয়ারি กุมภาพันธ์ ก.พ. tháng_2 tháng_hai
march mar mars märz maerz mrz marzo março marco maart marzec marca марта март мар mart maaliskuu
  maaliskuuta březen března március marca martie μαρτίου μάρτιος μαρ березня березень מרץ מרס مارس
  آذار
  मार्च মার্চ มีนาคม มี.ค. tháng_3 tháng_ba maret
april apr avril avr abril abr aprile kwiecień kwietnia апреля апрель апр nisan huhtikuu huhtikuuta
  duben dubna április apríla aprilie απριλίου απρίλιος απρ квітня квітень אפריל أبريل ابريل إبريل
  نيسان آوریل
  अप्रैल এপ্রিল เมษายน เม.ย. tháng_4 tháng_tư
may mai mayo maio maggio mag mei maj maja мая май mayıs toukokuu toukokuuta květen května május mája
  μαΐου μάιος μαι травня травень מאי مايو أيار مه मई মে พฤษภาคม พ.ค. tháng_5 tháng_năm
june jun juin juni junio junho giugno giu czerwiec czerwca июня июнь июн haziran kesäkuu kesäkuuta
  červen června június júna iunie ιουνίου ιούνιος ιουν червня червень יוני يونيو يونيه حزيران ژوئن
  जून জুন
  มิถุนายน มิ.ย. tháng_6 tháng_sáu
july jul juillet juil juli julio julho luglio lug lipiec lipca июля июль июл temmuz heinäkuu
  heinäkuuta červenec července július júla iulie ιουλίου ιούλιος ιουλ липня липень יולי يوليو
  يوليه تموز ژوئیه
  जुलाई জুলাই กรกฎาคม ก.ค. tháng_7 tháng_bảy
august aug août aout agosto ago augustus sierpień sierpnia августа август авг ağustos elokuu
  elokuuta srpen srpna augusztus augusta αυγούστου αύγουστος αυγ серпня серпень אוגוסט أغسطس اغسطس
  آب اوت
  अगस्त আগস্ট สิงหาคม ส.ค. tháng_8 tháng_tám agustus
september sep sept septembre septiembre setiembre setembro set settembre sett wrzesień
  września сентября сентябрь сент сен eylül syyskuu syyskuuta září szeptember septembra septembrie
  σεπτεμβρίου σεπτέμβριος σεπ вересня вересень ספטמבר سبتمبر أيلول سپتامبر सितंबर सितम्बर
  সেপ্টেম্বর กันยายน
  ก.ย. tháng_9 tháng_chín
october oct octobre oktober okt octubre outubro out ottobre ott październik października
  октября октябрь окт ekim lokakuu lokakuuta říjen října október októbra octombrie οκτωβρίου
  οκτώβριος οκτ
  жовтня жовтень אוקטובר أكتوبر اكتوبر تشرين_الأول اکتبر अक्टूबर अक्तूबर অক্টোবর ตุลาคม ต.ค.
  tháng_10 tháng_mười
november nov novembre noviembre novembro listopad listopada ноября ноябрь нояб ноя kasım marraskuu
  marraskuuta listopadu novembra noiembrie νοεμβρίου νοέμβριος νοε листопада листопад נובמבר
  نوفمبر تشرين_الثاني
  نوامبر नवंबर नवम्बर নভেম্বর พฤศจิกายน พ.ย. tháng_11 tháng_mười_một
december dec décembre déc dezember dez diciembre dic dezembro dicembre desember grudzień
  grudnia декабря декабрь дек aralık joulukuu joulukuuta prosinec prosince decembra decembrie
  δεκεμβρίου
  δεκέμβριος δεκ грудня грудень דצמבר ديسمبر كانون_الأول دسامبر दिसंबर दिसम्बर ডিসেম্বর ธันวาคม
  ธ.ค. tháng_12
  tháng_mười_hai
"""
_WEEKDAYS = """
monday mon lundi montag lunes segunda-feira lunedì maandag måndag mandag poniedziałek pazartesi
  понедельник понеділок 星期一 周一 礼拜一 月曜日 월요일 الاثنين الإثنين सोमवार
tuesday tue tues mardi dienstag martes terça-feira martedì dinsdag tisdag tirsdag wtorek salı
  вторник вівторок 星期二 周二 礼拜二 火曜日 화요일 الثلاثاء मंगलवार
wednesday wed weds mercredi mittwoch miércoles quarta-feira mercoledì woensdag onsdag środa çarşamba
  среда середа 星期三 周三 礼拜三 水曜日 수요일 الأربعاء बुधवार
thursday thu thur thurs jeudi donnerstag jueves quinta-feira giovedì donderdag torsdag czwartek
  perşembe
  четверг четвер 星期四 周四 礼拜四 木曜日 목요일 الخميس गुरुवार
friday fri vendredi freitag viernes sexta-feira venerdì vrijdag fredag piątek cuma
  пятница 星期五 周五 礼拜五 金曜日 금요일 الجمعة शुक्रवार
saturday sat samedi samstag sonnabend sábado sabato zaterdag lördag lørdag sobota cumartesi
  суббота субота 星期六 周六 礼拜六 土曜日 토요일 السبت शनिवार
sunday sun dimanche sonntag domingo domenica zondag söndag søndag niedziela pazar
  воскресенье неділя 星期日 周日 星期天 礼拜天 日曜日 일요일 الأحد रविवार
"""


def fold(name: str) -> str:
    """One form in every case: regular expressions take "I" for the Turkish dotless one as well."""
    return name.casefold().replace("ı", "i")


def _numbered(table: str, first: int) -> dict[str, int]:
    lines = unicodedata.normalize("NFC", table).replace("\n  ", " ").strip().split("\n")
    return {
        fold(name.replace("_", " ")): number
        for number, line in enumerate(lines, first)
        for name in line.split()
    }


MONTHS = _numbered(_MONTHS, 1)
WEEKDAYS = _numbered(_WEEKDAYS, 0)
"""Monday is 0, as in `date.weekday`."""
