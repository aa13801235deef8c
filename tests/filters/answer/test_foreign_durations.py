"""Durations in the units of other languages; times of day are none of them."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check

NINETY_MINUTES = [
    "La obra dura 1 hora y 30 minutos.",
    "El viaje dura 1 hora y media.",
    "Dauer: 1 Stunde 30 Minuten",
    "Die Fahrt dauert anderthalb Stunden.",
    "Le trajet dure 1 heure et 30 minutes.",
    "Durata: 1 ora e 30 minuti",
    "A viagem dura 1 hora e 30 minutos.",
    "飛行時間は1時間30分です。",
    "会议持续1小时30分钟。",
    "会议持续了一个半小时。",
    "회의는 1시간 30분 걸립니다.",
    "1時間半です。",
    "Поездка занимает 1 час 30 минут.",
    "De reis duurt 1 uur en 30 minuten.",
    "المدة: 90 دقيقة",
    "यात्रा 1 घंटे 30 मिनट की है।",
    "Podróż trwa 1 godzinę i 30 minut.",
]
OTHER = [
    "La obra dura 1 hora y 20 minutos.",
    "Dauer: 2 Stunden 30 Minuten",
    "Durata: 30 minuti",
    "1時間3分です。",
    "회의는 2시간 30분 걸립니다.",
    "De reis duurt 90 uur.",
    "Dauer: 90 Sekunden",
    "Entre 80 y 90 minutos.",
    "mindestens 90 Minuten",
    "No son 90 minutos, sino 54.",
    "90 minutos o 95 minutos",
    "1時間半か2時間です。",
]


@pytest.mark.parametrize("completion", NINETY_MINUTES)
@pytest.mark.parametrize("kind", ["date", "number"])
def test_the_same_duration_in_another_language(completion: str, kind: str) -> None:
    assert check(completion, "90 minutes", kind).status == "correct"  # type: ignore[arg-type]


@pytest.mark.parametrize("completion", OTHER)
def test_another_duration_is_none_of_it(completion: str) -> None:
    assert check(completion, "90 minutes", "date").status != "correct"


@pytest.mark.parametrize(
    ("completion", "target", "right"),
    [
        ("Es dauert 2 Tage.", "2 days", True),
        ("需要2天。", "2 days", True),
        ("2일 걸립니다.", "2 days", True),
        ("48 horas", "2 days", True),
        ("Respuesta: dos días", "2 days", True),
        ("Dura 2 semanas.", "2 days", False),
        ("2ヶ月です。", "2 days", False),
        ("3 недели", "3 weeks", True),
        ("3주입니다.", "3 weeks", True),
        ("3 Monate", "3 weeks", False),
        ("24 meses", "2 years", True),
        ("2年間です。", "2 years", True),
        ("2019年です。", "2 years", False),
        ("5時です。", "5 hours", False),
        ("Um 5 Uhr.", "5 hours", False),
        ("1 day and a half", "36 hours", True),
        ("36 Std.", "36 hours", True),
        ("24〜36時間", "36 hours", False),
        ("9時45分です。", "45 minutes", False),
        ("오전 9시 45분입니다.", "45 minutes", False),
    ],
)
def test_the_size_of_the_unit_counts(completion: str, target: str, right: bool) -> None:
    assert (check(completion, target, "date").status == "correct") is right


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        ("오후 6시 25분 출발입니다.", True),
        ("午後6時25分です。", True),
        ("Empieza a las 6:25 de la tarde.", True),
        ("Ça commence à 6:25 du soir.", True),
        ("오전 6시 25분 출발입니다.", False),
        ("午前6時25分です。", False),
        ("Empieza a las 6:25 de la mañana.", False),
    ],
)
def test_the_half_of_the_day_in_another_language(completion: str, right: bool) -> None:
    assert check(completion, "6:25 PM", "date").status == ("correct" if right else "wrong")
