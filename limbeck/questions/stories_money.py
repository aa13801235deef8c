"""Word problems about money: change, wages, savings, discounts, profit, a trip."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from limbeck.questions.story import Told, Values, Working

_WARES = ("notebooks", "pens", "erasers", "candles", "postcards", "brushes", "rulers", "mugs")
_CENTS = (0, 25, 50, 75)


def change(rng: Random) -> Told:
    v, w = Values(rng), Working()
    v.things(_WARES, "X", "Y")
    a, b = v.number("a", 2, 8), v.number("b", 2, 8)
    p, q = v.price("p", 1, 6, cents=_CENTS), v.price("q", 1, 6, cents=_CENTS)
    total = a * p + b * q
    bill = next(note for note in (10, 20, 50, 100, 200) if note > total)
    v.dollars("bill", bill)
    one = w.step(f"For the {v.slots['X']}", a, "*", p, " $$")
    two = w.step(f"For the {v.slots['Y']}", b, "*", q, " $$")
    both = w.step("Both together", one, "+", two, "$$$")
    return Told(v.slots, w.step("What remains", bill, "-", both, "$$$"), w)


CHANGE = {
    "pays": "{A} buys {a} {X} at {p} each and {b} {Y} at {q} each, and pays with {bill}. How much "
    "change does {A} get back, in dollars?",
    "fair": "At a fair, one can get {X} for {p} apiece and {Y} for {q} apiece. {A} takes {a} of "
    "the {X} and {b} of the {Y} and hands over {bill}. How many dollars must {B}, who sells them, "
    "return?",
    "purse": "{A} came to town with {bill}, and bought {a} {X}, which were {p} each, as well as "
    "{b} {Y}, which were {q} each. How many dollars did {A} take home?",
    "voucher": "A voucher is worth {bill}. {A} uses it for {a} {X}, priced at {p} each, and {b} "
    "{Y}, priced at {q} each. How many dollars are left on the voucher?",
}


def wages(rng: Random) -> Told:
    v, w = Values(rng), Working()
    h, d = v.number("h", 2, 8), v.number("d", 3, 12)
    pay = v.price("w", 8, 30, cents=(0, 0, 50))
    spent = v.price("s", 10, int(h * d * pay) - 5)
    hours = w.step("The hours", h, "*", d)
    earned = w.step("The pay", hours, "*", pay, " $$")
    return Told(v.slots, w.step("What is left of it", earned, "-", spent, "$$$"), w)


WAGES = {
    "works": "{A} works {h} hours a day for {d} days and earns {w} an hour. From the pay, {A} "
    "spends {s} on a bicycle. How many dollars of the pay are left?",
    "gardener": "{A}, a gardener, asks {w} for every hour. Last month {A} worked on {d} days, {h} "
    "hours each, and paid {s} for new tools. How many dollars did {A} have after that, counting "
    "only this work and these tools?",
    "evenings": "On each of {d} evenings {A} looked after {B}'s children for {h} hours, at {w} per "
    "hour, and used {s} of the money to pay back a debt. How much of the money, in dollars, "
    "remained?",
    "shifts": "A café pays its waiters {w} for an hour. {A} did {d} shifts that lasted {h} hours "
    "each, and {s} were taken off for meals. How many dollars did {A} get in the end?",
}


def saving(rng: Random) -> Told:
    v, w = Values(rng), Working()
    weeks, each = rng.randint(3, 20), v.price("w", 4, 30)
    had, gift = v.price("s", 10, 90), v.price("t", 5, 60)
    goal = had + gift + weeks * each
    v.dollars("g", goal)
    now = w.step("There is already", had, "+", gift, "$$$")
    rest = w.step("Missing", goal, "-", now, "$$$")
    return Told(v.slots, w.step("How many times", rest, "/", each, "$$ "), w)


SAVING = {
    "guitar": "{A} wants to buy a guitar for {g}. {A} has {s}, and an aunt has just given {A} {t} "
    "more. If {A} saves {w} a week, after how many weeks is there enough for the guitar?",
    "tent": "A tent costs {g}. {A} owns {s}, sells an old lamp for {t}, and from now on puts {w} "
    "aside every week. How many weeks does it take until {A} can pay for the tent?",
    "cars": "{A} and {B} need {g} for a trip. They have {s} already, and a bake sale brings {t}. "
    "They will wash cars for the rest, at {w} a car. How many cars must they wash?",
    "roof": "To mend its roof, a youth club needs {g}. It has {s} in the bank and was granted {t} "
    "by the town. The members give {w} a month, all together. For how many months must they give?",
}


def discount(rng: Random) -> Told:
    v, w = Values(rng), Working()
    v.things(_WARES, "X")
    q, p = v.number("q", 2, 9), v.price("p", 4, 40)
    percent = rng.choice((5, 10, 20, 25, 30, 40, 50))
    v.slots["r"] = percent
    fee = v.price("s", 2, 15, cents=(0, 50))
    full = w.step("At the full price", q, "*", p, " $$")
    off = w.step(f"{percent}% off is", full, "*", Fraction(percent, 100), "$ $")
    now = w.step("That leaves", full, "-", off, "$$$")
    return Told(v.slots, w.step("In all", now, "+", fee, "$$$"), w)


DISCOUNT = {
    "order": "{A} orders {q} {X} at {p} each, gets {r}% off the price of the goods, and pays {s} "
    "for delivery. How many dollars does {A} pay in all?",
    "sale": "In a sale, all {X}, which normally cost {p} each, are {r} percent cheaper. {A} buys "
    "{q} of these {X} and also a bag for {s}, which is not in the sale. How high is the bill, in "
    "dollars?",
    "tickets": "A ticket for the opera is {p}. {A} buys {q} of them, for which the opera takes off "
    "{r}%, and adds a booking fee of {s}, once for the whole order. What does the order cost in "
    "dollars?",
    "hostel": "{A} stays {q} nights in a hostel at {p} a night. As a member {A} saves {r}% on the "
    "nights, but not on breakfast, which comes to {s} for the whole stay. How much, in dollars, is "
    "the stay with breakfast?",
}


def profit(rng: Random) -> Told:
    v, w = Values(rng), Working()
    a, b = v.number("a", 3, 9), v.number("b", 10, 30)
    c, p = v.number("c", 2, 9), v.price("p", 1, 5, cents=_CENTS)
    cost = v.price("q", 3, max(4, int((a * b - c) * p) - 4))
    total = w.step("In all there are", a, "*", b)
    sold = w.step("Sold are", total, "-", c)
    income = w.step("They bring in", sold, "*", p, " $$")
    return Told(v.slots, w.step("After the costs", income, "-", cost, "$$$"), w)


PROFIT = {
    "baker": "A baker makes {a} trays of {b} rolls. All rolls but {c} are sold, at {p} each. The "
    "ingredients cost {q}. How many dollars of profit does the baker make?",
    "tulips": "{A} planted {a} rows of {b} tulips and lost {c} of the flowers to frost. Every "
    "other flower was sold for {p}, and the bulbs had cost {q}. How much did {A} gain, in dollars?",
    "calendars": "For the school, a class has {a} boxes of {b} calendars printed. In the end {c} "
    "calendars are left over, and each of the others has been sold for {p}. The printer wants {q}. "
    "How many dollars does the class keep after paying the printer?",
    "mugs": "{A} buys {a} crates with {b} mugs in each and pays {q} for all of them. On the way "
    "{c} mugs break; {A} sells all the whole ones for {p} a mug. How many dollars more than the "
    "price of the crates does {A} take in?",
}


def trip(rng: Random) -> Told:
    v, w = Values(rng), Working()
    a, size = v.number("a", 2, 6), rng.randint(6, 12)
    b, t = v.number("b", 12, 28), 0
    total = -(-(a * b + 2) // size) * size
    t = total - a * b
    v.put("t", t)
    v.put("s", size)
    p, r = v.price("p", 3, 15, cents=(0, 50)), v.price("r", 20, 90)
    many = w.step("In the groups", a, "*", b)
    everybody = w.step("In all", many, "+", t)
    single = w.step("For each one of them", everybody, "*", p, " $$")
    units = w.step("How many are hired", everybody, "/", size)
    hire = w.step("For the hire", units, "*", r, " $$")
    return Told(v.slots, w.step("All costs", single, "+", hire, "$$$"), w)


TRIP = {
    "museum": "A school takes {a} classes of {b} pupils and {t} teachers to a museum. The ticket "
    "is {p} for everybody. They fill a number of minibuses completely, {s} people in each, and a "
    "minibus costs {r}. How many dollars does the trip cost?",
    "dinner": "A firm invites {a} teams of {b} workers and {t} guests to dinner. The meal is {p} a "
    "head. Every table seats {s} people, no seat stays empty, and to hire a table costs {r}. What "
    "does the dinner cost in dollars?",
    "choirs": "To a festival come {a} choirs of {b} singers, and {t} conductors. All of them get a "
    "badge, at {p} a badge. They sleep in rooms for {s}, all of them full, and the festival pays "
    "{r} for a room. How many dollars does the festival spend on badges and rooms?",
    "crates": "{A} puts {a} sacks of {b} melons each and {t} single melons into crates, exactly "
    "{s} melons in every crate. A melon has cost {p}, and a crate {r}. How many dollars have the "
    "melons and the crates cost together?",
}
