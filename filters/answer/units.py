"""Units of measure and money: what a number is of, as a dimension and a factor.

A unit that is not known (apples) is kept as its words. Degrees Celsius and Fahrenheit are
dimensions of their own, and so is every currency: nothing here knows an exchange rate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_KNOWN = """
length: 1/1000 mm millimeter millimetre | 1/100 cm centimeter centimetre | 1/10 dm decimeter
 | 1 m meter metre 米 | 1000 km kilometer kilometre 公里 千米 | 254/10000 in inch inche | 厘米=1/100
 | 3048/10000 ft foot feet | 9144/10000 yd yard | 1609344/1000 mi mile
mass: 1/1000 mg milligram | 1 g gram gramme 克 | 1000 kg kilogram kilo 公斤 千克 | 1000000 tonne
 | 45359237/100000 lb pound-mass | 45359237/1600000 oz ounce
time: 1/1000 ms millisecond | 1 s sec second 秒 | 60 min minute 分钟 | 3600 h hr hour 小时
 | 86400 d day 天 | 604800 wk week
months: 1 month 个月 | 12 yr year 年
volume: 1/1000 ml milliliter millilitre | 1/100 cl | 1/10 dl | 1 l liter litre 升
 | 3785411784/1000000000 gal gallon
usd: 1 $ usd us$ dollar buck | 1/100 ¢ cent penny pennies
eur: 1 € eur euro | 1/100 eurocent
gbp: 1 £ gbp quid | 1/100 pence
inr: 1 ₹ inr rs rupee
jpy: 1 jpy yen 円
cny: 1 cny rmb yuan 元
yen-or-yuan: 1 ¥
krw: 1 ₩ krw won
rub: 1 ₽ rub ruble rouble
aud: 1 aud a$
cad: 1 cad c$
chf: 1 chf franc
mxn: 1 mxn peso
degree: 1 ° degree deg
celsius: 1 °c celsius
fahrenheit: 1 °f fahrenheit
kelvin: 1 kelvin
radian: 1 rad radian
energy: 1 j joule | 1000 kj kilojoule
calories: 1 cal calorie | 1000 kcal kilocalorie
power: 1 w watt | 1000 kw kilowatt
volt: 1 v volt
hertz: 1 hz hertz | 1000 khz | 1000000 mhz
newton: 1 newton
speed: 1 mps | 1000/3600 kph kmh kmph | 1609344/3600000 mph
area: 10000 hectare ha | 40468564224/10000000 acre
bytes: 1 byte | 1000 kb kilobyte | 1000000 mb megabyte | 1000000000 gb gigabyte
pounds: 1 pound
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """`words` as written; for a known unit its dimension and how many base units one is."""

    words: tuple[str, ...]
    dimension: str = ""
    factor: Fraction = Fraction(1)


def _table() -> dict[str, tuple[str, Fraction]]:
    table = {}
    for line in _KNOWN.replace("\n |", " |").strip().splitlines():
        dimension, _, groups = line.partition(": ")
        for group in groups.split("|"):
            factor, *names = group.split()
            if "=" in factor:
                name, factor = factor.split("=")
                names = [name]
            table.update({name: (dimension, Fraction(factor)) for name in names})
    return table


KNOWN = _table()
_SQUARES = {"square": 2, "sq": 2, "cubic": 3}
# "12 in total", "12 left", "12 more than", "12 each": no unit
_NO_UNIT_WORDS = """
unit units
a an the in left more less fewer than of for to and or but per each total altogether times
because since as so if when after before at on with from by is are was were which that this
these it he she they we you i not then therefore thus hence there who where while however
remaining remain overall only now also exactly right correct percent percentage points different
new extra additional respectively instead whole full will would can could has have had did does
do be been being into out over under away up down during between using rounded approximately
about around where given i.e e.g minus plus divided multiplied equals wait actually no yes sorry
original other such all both total. squared cubed
und oder bis bzw mehr weniger nicht sondern statt denn weil o u y e et ou oppure anche sino pero
porque
hasta por para de del da do di la el los las le les plus moins mas menos non mais donc car ma e i
en et
ili lub albo czy ali ale bo niet maar want tot dan eller och og veya ya degil ama
"""
_NO_UNIT = frozenset(_NO_UNIT_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*|[°¢$€£¥₹₩₽](?:[CF]\b)?")
_AFTER = re.compile(
    r"[ -]?(?P<one>[^\W\d_]+(?:-[^\W\d_]+)*\$?|°\s?[CFcf]?(?![a-z])|[¢$€£¥₹₩₽])"
    r"(?P<power>\^\s?\{?[23]\}?)?"
)
_ENDS = re.compile(r"\.?\s*(?:$|[,;)\n^$])")
_PER = re.compile(r"\s?(?:/|\bper\b|\ban?(?=\s(?:second|minute|hour)\b))\s?")


def known(word: str) -> tuple[str, Fraction] | None:
    """Dimension and factor of a unit's name, plural or not, in any case that means the same."""
    if len(word) == 1 and word.isupper() and word not in "LWVJ":
        return None  # 3D is no three days
    low = word.lower().rstrip(".").replace(" ", "")
    for name in (low, low[:-1] if low.endswith("s") and len(low) > 2 else low):
        if name in KNOWN:
            return KNOWN[name]
    if low.endswith("s'"):
        return known(low[:-2])
    return None


def unit_after(text: str, start: int) -> tuple[Unit | None, int]:
    """The unit that follows a number, and where it ends: "km/h", "square feet", "red apples"."""
    first = _AFTER.match(text, start)
    if first is None:
        return None, start
    word, end, power = first["one"], first.end(), first["power"]
    raised = int(power.strip("^ {}")) if power else 1
    if word.lower() in _SQUARES:
        raised = _SQUARES[word.lower()]
        first = _AFTER.match(text, end + (text[end : end + 1] == "."))
        if first is None:
            return None, start
        word, end = first["one"], first.end()
    if word.lower() in ("degrees", "degree") and (
        scale := re.compile(r"\s(celsius|fahrenheit|C|F)\b", re.IGNORECASE).match(text, end)
    ):
        word, end = "°" + scale[1][0], scale.end()
    found = known(word)
    if word in ("in", "a") and not _ENDS.match(text, end):
        return None, start  # "12 in total"
    if found is None:
        return _words_after(text, start)
    dimension, factor = found
    if raised > 1:
        dimension, factor = _raise(dimension, raised), factor**raised
    per = _PER.match(text, end)
    if per and per[0].strip() in ("a", "an") and dimension != "length":
        per = None  # 12 miles an hour, but "12 dollars an hour" is said to be 12 dollars
    below = _AFTER.match(text, per.end()) if per else None
    if below and (under := known(below["one"])):
        top = "speed" if (dimension, under[0]) == ("length", "time") else f"{dimension}/{under[0]}"
        return Unit((word, below["one"]), top, factor / under[1]), below.end()
    if per and below:
        return Unit((word, below["one"].lower()), f"{dimension}/{_stem(below['one'])}", factor), (
            below.end()
        )
    return Unit((word,), dimension, factor), end


def _raise(dimension: str, power: int) -> str:
    return {("length", 2): "area", ("length", 3): "cubed"}.get((dimension, power), dimension)


def _words_after(text: str, start: int) -> tuple[Unit | None, int]:
    words: list[str] = []
    end = start
    for found in _WORD.finditer(text, start, start + 60):
        if text[end : found.start()] not in ("", " ", "-") or len(words) == 4:
            break
        word = found[0].lower()
        if word in _NO_UNIT or word.endswith("n't") or not word.isascii():
            break
        words.append(_stem(word))
        end = found.end()
    return (Unit(tuple(words)), end) if words else (None, start)


def _stem(word: str) -> str:
    low = word.lower()
    if low.endswith("ies") and len(low) > 4:
        return low[:-3] + "y"
    if low.endswith(("ches", "shes", "xes", "sses")):
        return low[:-2]
    return low[:-1] if low.endswith("s") and not low.endswith("ss") and len(low) > 3 else low


def conflict(ours: Unit | None, theirs: Unit | None) -> bool:
    """Whether two units cannot both be right. A missing one never conflicts."""
    if ours is None or theirs is None:
        return False
    if ours.dimension and theirs.dimension:
        return not _same_dimension(ours.dimension, theirs.dimension)
    if ours.dimension or theirs.dimension:
        # "12 dollars spent" has its unit first; "12 apples" is none of "$12"
        return True
    return not set(ours.words) & set(theirs.words)


def conversion(target: Unit | None, found: Unit | None) -> Fraction:
    """How many of the target's units one of the other's is; 1 where one is missing or unknown."""
    if not target or not found or not target.dimension or not found.dimension:
        return Fraction(1)
    ours, theirs = (
        _POUND
        if unit.dimension == "pounds" and "mass" in (target.dimension, found.dimension)
        else unit.factor
        for unit in (target, found)
    )
    return theirs / ours


_POUND = Fraction(45359237, 100000)
_TOGETHER = ({"yen-or-yuan", "jpy"}, {"yen-or-yuan", "cny"}, {"pounds", "mass"}, {"pounds", "gbp"})


def _same_dimension(one: str, other: str) -> bool:
    return one == other or {one, other} in _TOGETHER
