"""First names from many cultures and scripts. None ends in "s", so that "'s" always fits."""

from __future__ import annotations

from random import Random

LATIN = (
    "Aaliyah", "Abdou", "Aiko", "Amara", "Anahera", "Ana", "Arjun", "Ayşe", "Björn", "Bogdan",
    "Bukola", "Carmen", "Chidi", "Chloé", "Daniel", "Deepa", "Dilnoza", "Eleanor", "Elif", "Emeka",
    "Eszter", "Fatima", "Fiona", "Freya", "Giulia", "Hassan", "Hiroshi", "Hye-jin", "Ingrid",
    "Ivan", "Jakub", "Jamila", "João", "José", "Kaito", "Kalani", "Kwame", "Leila", "Lerato",
    "Liam", "Lupita", "Łukasz", "Manaia", "Malik", "Marta", "Mateo", "Mehmet", "Mei", "Minh",
    "Nadia", "Naveen", "Ngozi", "Nguyễn", "Nina", "Noor", "Olga", "Oluwaseun", "Omar", "Paulo",
    "Pilar", "Priya", "Quang", "Rafael", "Rania", "Ravi", "Renée", "Rosa", "Ruth", "Samira",
    "Santiago", "Sergei", "Siobhán", "Sofía", "Søren", "Tadashi", "Tariq", "Thandiwe", "Tomáš",
    "Uchenna", "Valentina", "Wanjiru", "Wei", "Xiomara", "Yasmin", "Yuki", "Yusuf", "Zainab",
    "Zoë", "Žofia",
)  # fmt: skip
OTHER = ("王芳", "李伟", "さくら", "지훈", "Олена", "Дмитрий", "Ελένη", "Գոհար")


def people(rng: Random, count: int) -> list[str]:
    """Different names; about one in ten is not in Latin script."""
    return rng.sample(LATIN + OTHER, count)
