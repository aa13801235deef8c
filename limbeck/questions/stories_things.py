"""Word problems about things that are counted: given away, shared, compared, moved."""

from __future__ import annotations

from random import Random

from limbeck.questions.story import Told, Values, Working

FRUIT = ("apples", "plums", "pears", "lemons", "mangoes", "peaches", "guavas", "figs", "limes")
GOODS = ("pencils", "stickers", "marbles", "buttons", "cards", "beads", "magnets", "badges")


def give_away(rng: Random) -> Told:
    v, w = Values(rng), Working()
    v.things(FRUIT, "X")
    a, b = v.number("a", 6, 60), v.number("b", 5, 60)
    c = v.number("c", 3, a + b - 2)
    total = w.step("Together", a, "+", b)
    return Told(v.slots, w.step("After that are left", total, "-", c), w)


GIVE_AWAY = {
    "picked": "{A} picked {a} {X} and {B} picked {b} {X}. They gave {c} of these to a neighbour. "
    "How many {X} do they still have?",
    "table": "There were {a} {X} on a table. {A} put {b} more {X} there, and then {B} took {c} of "
    "all the {X} away. How many {X} are on the table now?",
    "basket": "{A}'s basket held {a} {X}. Another {b} {X} were added, and at a picnic {c} of them "
    "all were eaten. How many {X} does the basket hold after the picnic?",
    "crates": "Two crates, one with {a} {X} and one with {b} {X}, were emptied into a big box. Of "
    "the {X} in the box, {c} turned out to be spoiled and were thrown out. How many good {X} "
    "remained?",
}


def share(rng: Random) -> Told:
    v, w = Values(rng), Working()
    v.things(GOODS, "X")
    a, b, d = v.number("a", 3, 12), v.number("b", 8, 24), v.number("d", 3, 9)
    c = a * b - d * rng.randint(2, (a * b - 2) // d)
    v.put("c", c)
    total = w.step("At first, in all", a, "*", b)
    rest = w.step("To be shared", total, "-", c)
    return Told(v.slots, w.step("Each share", rest, "/", d), w)


SHARE = {
    "friends": "{A} has {a} boxes with {b} {X} in each. {A} keeps {c} {X} and divides the rest "
    "equally among {d} friends. How many {X} does each friend get?",
    "pupils": "A teacher opens {a} packs of {b} {X} each. Once {c} broken {X} have been removed, "
    "the others are shared equally by {d} pupils. How many {X} are there for each pupil?",
    "workshop": "A workshop receives {a} bags, every one with {b} {X} in it. {A} uses up {c} of "
    "the {X} and puts all the others on {d} trays, the same number on each. How many {X} lie on "
    "one tray?",
    "shop": "In {A}'s shop there are {a} shelves, and {b} {X} lie on each shelf. {c} {X} are sold, "
    "and the remaining ones go into {d} parcels of equal size. How many {X} go into a parcel?",
}


def pages(rng: Random) -> Told:
    v, w = Values(rng), Working()
    a, d = v.number("a", 8, 40), v.number("d", 3, 9)
    e, each = v.number("e", 2, 8), rng.randint(8, 45)
    total = a * d + e * each
    v.put("P", total)
    done = w.step("Done at first", a, "*", d)
    rest = w.step("Still to do", total, "-", done)
    return Told(v.slots, w.step("The equal part", rest, "/", e), w)


PAGES = {
    "book": "A book has {P} pages. {A} reads {a} pages a day for {d} days and wants to finish the "
    "book in another {e} days, with the same number of pages on each of these. How many pages a "
    "day must {A} read then?",
    "typing": "A text of {P} lines has to be typed. {A} types {a} lines an hour for {d} hours; "
    "then {B} takes over and types the rest in {e} hours at a steady speed. How many lines an hour "
    "does {B} type?",
    "road": "A road {P} metres long is being paved. During the first {d} days the workers pave {a} "
    "metres daily, and the remainder is done in {e} days, with equal lengths every day. How many "
    "metres is such a length?",
    "potatoes": "{P} potatoes must be peeled. {A} peels {a} potatoes a minute, stops after {d} "
    "minutes, and leaves the other potatoes to {e} helpers, who take equal shares. How many "
    "potatoes are in one share?",
}


def compare(rng: Random) -> Told:
    v, w = Values(rng), Working()
    a, k = v.number("a", 4, 30), v.number("k", 2, 6)
    m = v.number("m", 2, a * k - 2)
    second = w.step("The second number", k, "*", a)
    third = w.step("The third number", second, "-", m)
    two = w.step("The first two together", a, "+", second)
    return Told(v.slots, w.step("All three together", two, "+", third), w)


COMPARE = {
    "shells": "{A} collected {a} shells. {B} collected {k} times as many as {A}, and {C} collected "
    "{m} fewer than {B}. How many shells did the three of them collect in total?",
    "week": "On Monday a kiosk sold {a} newspapers. On Tuesday it sold {k} times as many as on "
    "Monday, and on Wednesday {m} fewer than on Tuesday. How many newspapers did it sell on these "
    "three days?",
    "jars": "A small jar holds {a} beans. A middle-sized jar holds {k} times that many, and a tall "
    "jar {m} beans fewer than the middle-sized one. How many beans are in all the jars?",
    "scores": "In a game {A} scored {a} points. The score of {B} was {k} times {A}'s score, and "
    "{C}'s score was {m} points below the score of {B}. What is the sum of all their scores?",
}


def scale(rng: Random) -> Told:
    v, w = Values(rng), Working()
    s, c, times = v.number("s", 2, 8), v.number("c", 2, 9), rng.randint(3, 12)
    v.put("P", s * times)
    h = v.number("h", 2, c * times - 2)
    groups = w.step("How many times over", s * times, "/", s)
    total = w.step("In all", groups, "*", c)
    return Told(v.slots, w.step("Without those", total, "-", h), w)


SCALE = {
    "eggs": "A recipe for {s} people takes {c} eggs. {A} is going to cook for {P} people and has "
    "{h} eggs at home. How many eggs does {A} still have to buy?",
    "towels": "For every {s} guests a hotel lays out {c} towels. Tonight there are {P} guests, but "
    "only {h} towels are clean. How many clean towels are missing?",
    "paint": "To get a certain green, {c} litres of blue paint are mixed with every {s} litres of "
    "yellow paint. {A} has {P} litres of yellow paint and {h} litres of blue paint. How many more "
    "litres of blue paint does {A} need to use up the yellow paint?",
    "machine": "A machine makes {c} toy cars every {s} minutes. Of the toy cars that it makes in "
    "{P} minutes, {h} are faulty. How many are without a fault?",
}


_PARTS = {2: "half", 3: "a third", 4: "a quarter", 5: "a fifth"}


def fractions(rng: Random) -> Told:
    v, w = Values(rng), Working()
    k, j = rng.choice((2, 3, 4, 5)), rng.choice((2, 3, 4, 5))
    whole = k * j * rng.randint(3, 25)
    v.put("N", whole)
    v.slots |= {"f": _PARTS[k], "g": _PARTS[j]}
    first = w.step("The first part", whole, "/", k)
    rest = w.step("Then are left", whole, "-", first)
    second = w.step("The second part", rest, "/", j)
    return Told(v.slots, w.step("In the end are left", rest, "-", second), w)


FRACTIONS = {
    "sheep": "A farmer has {N} sheep on a meadow. First {f} of them are sold, and then {g} of the "
    "remaining sheep are moved to another farm. How many sheep stay on the meadow?",
    "stamps": "{A} owns {N} stamps. {A} gives {f} of the stamps to {B} and after that {g} of what "
    "is left to {C}. How many stamps does {A} keep?",
    "cinema": "All {N} seats of a cinema are taken. During the film {f} of the people leave, and "
    "in the break {g} of those who had stayed leave, too. How many people see the film to its end?",
    "water": "A tank holds {N} litres of water. On one day {f} of the water is used, and on the "
    "next day {g} of the rest. How many litres does the tank hold then?",
}


def older(rng: Random) -> Told:
    v, w = Values(rng), Working()
    a, k = v.number("a", 3, 14), v.number("k", 2, 9)
    j, m = v.number("j", 2, 4), v.number("m", 2, 15)
    second = w.step("The second number", a, "+", k)
    third = w.step("The third number", second, "*", j)
    return Told(v.slots, w.step("With what is added", third, "+", m), w)


OLDER = {
    "people": "{A} is {a} years old. {B} is {k} years older than {A}, and {C} is {j} times as old "
    "as {B}. How old will {C} be in {m} years?",
    "trees": "The pear tree in a garden was planted {a} years ago and the cherry tree {k} years "
    "before the pear tree. An oak there is {j} times the age of the cherry tree. What will the age "
    "of the oak be {m} years from now, in years?",
    "choirs": "A village choir has {a} singers. The choir of the town has {k} singers more, and "
    "the choir of the city has {j} times as many singers as that of the town. If {m} new singers "
    "join the choir of the city, how many will it have?",
    "towers": "{A} builds a tower of {a} bricks. {B} uses {k} bricks more for a tower, and {C}'s "
    "tower has {j} times as many bricks as the one of {B}. {C} then puts another {m} bricks on "
    "top. How many bricks does {C}'s tower have in the end?",
}


def come_and_go(rng: Random) -> Told:
    v, w = Values(rng), Working()
    a = v.number("a", 15, 60)
    b, c = v.number("b", 2, a - 5), v.number("c", 2, 20)
    d, e = v.number("d", 2, a - b + c - 2), v.number("e", 2, 20)
    left = w.step("After the first loss", a, "-", b)
    left = w.step("After the first gain", left, "+", c)
    left = w.step("After the second loss", left, "-", d)
    return Told(v.slots, w.step("After the second gain", left, "+", e), w)


COME_AND_GO = {
    "bus": "A bus leaves the depot with {a} passengers. At the first stop {b} get off and {c} get "
    "on. At the second stop {d} get off and {e} get on. How many passengers are on the bus then?",
    "library": "In the morning a library has {a} comics on its shelf. Before noon readers borrow "
    "{b} and bring back {c}; after noon they borrow {d} and bring back {e}. How many comics are on "
    "the shelf in the evening?",
    "points": "{A}'s account holds {a} points. {A} spends {b} points, earns {c}, spends another "
    "{d}, and earns {e} more. How many points does the account show in the end?",
    "ducks": "{a} ducks swim on a pond. A dog scares {b} of them away, {c} others land, later {d} "
    "fly off to the river, and {e} come over from there. How many ducks does the pond have now?",
}


def travel(rng: Random) -> Told:
    v, w = Values(rng), Working()
    t, speed = v.number("t", 2, 6), v.number("v", 20, 90)
    u, other = v.number("u", 2, 6), v.number("w", 20, 90)
    v.put("D", t * speed + u * other + rng.randint(5, 200))
    whole = int(str(v.slots["D"]))
    one = w.step("The first part", t, "*", speed)
    two = w.step("The second part", u, "*", other)
    done = w.step("Both parts", one, "+", two)
    return Told(v.slots, w.step("Still to go", whole, "-", done), w)


TRAVEL = {
    "drive": "{A} has to drive {D} kilometres. For {t} hours {A} drives {v} kilometres an hour, "
    "and for another {u} hours {w} kilometres an hour. How many kilometres are left?",
    "coach": "Two towns are {D} miles apart. A coach from one to the other travels {t} hours at "
    "{v} miles an hour and then {u} hours at {w} miles an hour. How many miles is it away from its "
    "goal at that point?",
    "cycling": "{A} and {B} cycle along a river that is {D} kilometres long. They cover {v} "
    "kilometres on each of the first {t} days and {w} kilometres on each of the next {u} days. How "
    "much of the river, in kilometres, remains for the last day?",
    "pipe": "A pipeline of {D} metres is laid by two teams. One team lays {v} metres a day and "
    "works {t} days; the other team lays {w} metres a day and works {u} days. How many metres are "
    "not laid yet?",
}
