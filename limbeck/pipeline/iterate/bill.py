"""What a loop may ask, counted before anything is: how large its pools become, and the most calls
and tokens of every round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from limbeck.generators.adversarial.plain import list_tokens
from limbeck.generators.adversarial.shown import shown
from limbeck.generators.chain_of_thought import ChainOfThought
from limbeck.generators.chain_of_thought.paths import ANSWER_TOKENS
from limbeck.money import estimate_tokens
from limbeck.pipeline.forecast_eval import Part
from limbeck.pipeline.iterate.score import kind_of, scorer_of
from limbeck.protocols import Generator
from limbeck.recipe_iterate import Iterate, Referee
from limbeck.record import Provenance, Record, user

PROMPT_ROOM = 900  # tokens of limbeck's own words around a source, or around two answers
ANSWER_ROOM = 100  # tokens of the question what the answer is, after a rationale
SHOWN, SHOWN_MADE = 8, 2  # instructions that plain Self-Instruct shows in a prompt, new ones of it
COST_ARM = "as many tokens as the loop's own rounds took, whatever that is"


@dataclass(frozen=True, slots=True)
class Size:
    """A round, in questions: of `train` in the train pool `fresh` are new to the teacher; `sampled`
    of `cache` in the cache pool are compared on; `written` new ones come of it."""

    number: int
    fresh: int
    train: int
    cache: int
    sampled: int
    written: int


def sizes(section: Iterate, seeds: int, cache: int, unused: int | None) -> list[Size]:
    """The rounds of a loop that ends with its last one, as large as they can become. `unused` are
    the questions of the reserve that are in no pool; None where the teacher writes new ones."""
    made: list[Size] = []
    train = fresh = seeds
    for number in range(1, section.rounds + 1):
        sampled = cache if section.sample is None else min(section.sample, cache)
        new = section.new if number < section.rounds else 0
        if unused is not None:
            new = min(new, unused)
            unused -= new
        made.append(Size(number, fresh, train, cache, sampled, new))
        cache, fresh = cache + new, new
        train = new + (train if section.train_pool == "accumulate" else 0)
    return made


@dataclass(frozen=True, slots=True)
class Asked:
    """Calls, and the most tokens of their prompts and completions."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Asked) -> Asked:
        return Asked(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    def times(self, count: int) -> Asked:
        own = (self.calls, self.prompt_tokens, self.completion_tokens)
        return Asked(*(count * one for one in own))


def asked_of(generator: Generator, seed: Record) -> Asked | None:
    """What the generator asks for one question at most; None for one that does not say.

    A path of `chain_of_thought` takes up to three calls: a rationale, the same once more where it
    was cut off, and its answer.
    """
    requests = getattr(generator, "requests", None)
    if requests is not None:
        own = list(requests([seed]))
        return Asked(len(own), sum(map(estimate_tokens, own)), sum(q.max_tokens for q in own))
    if not isinstance(generator, ChainOfThought):
        return None
    most, prompt = generator.max_tokens, estimate_tokens(generator.first_request(seed))
    again = Asked(1, prompt, 2 * most) if generator.longer else Asked()
    answer = Asked(1, prompt + longest_answer(generator) + ANSWER_ROOM, ANSWER_TOKENS)
    path = Asked(1, prompt, most) + again + answer
    return path.times(max(generator.paths, generator.max_paths or 0))


def longest_answer(generator: Generator) -> int:
    """Tokens of an answer of the teacher at most: the option `max_tokens`, or twice as many where
    what was cut off is asked again; 256 for a generator without one."""
    most = getattr(generator, "max_tokens", 256)
    return int(most) * (2 if getattr(generator, "longer", False) else 1)


class Worst:
    """What one loop asks at most, part by part; `rounds` are those of `sizes`. `unused` is None
    where the teacher writes the new questions."""

    def __init__(
        self,
        section: Iterate,
        generator: Generator,
        seeds: Sequence[Record],
        cache: Sequence[Record],
        unused: Sequence[Record] | None,
    ) -> None:
        self.section, self._generator = section, generator
        self._seeds, self._cache, self._unused = seeds, cache, unused
        self.rounds = sizes(
            section, len(seeds), len(cache), None if unused is None else len(unused)
        )
        self._source = max(map(_tokens, (*seeds, *cache)), default=0)
        new = section.max_tokens if unused is None else max(map(_tokens, unused), default=0)
        self._question = max(self._source, new)

    def teacher(self, held_out: Sequence[Record]) -> Iterator[Part]:
        """Without the evaluation."""
        known = {seed.id for seed in self._seeds}
        unseen = [record for record in self._cache if record.id not in known]
        writes, section = self._unused is None, self.section
        arms = section.control
        most = section.max_tokens
        longest = list_tokens(section.form, most)  # of plain Self-Instruct's one is all of a list
        listed = SHOWN * self._source + SHOWN_MADE * max(0, longest - self._source)
        for size in self.rounds:
            name = f"round {size.number}"
            first = size.number == 1
            fresh = self._answers(self._seeds) if first else self._new(size.fresh, most)
            yield from self._part(f"{name}: imitation", fresh)
            if writes:
                one = Asked(1, PROMPT_ROOM + self._question, most)
                yield from self._part(f"{name}: writing", one.times(size.written))
            if "rows" in arms and not first:
                name += ": control by rows"
                if writes:
                    one = Asked(1, PROMPT_ROOM + listed, longest)
                    yield from self._part(f"{name}, writing", one.times(size.fresh))
                yield from self._part(f"{name}, imitation", self._new(size.fresh, longest))
        # What a train pool had is answered already.
        compared = sum(size.sampled for size in self.rounds)
        yield from self._part("discrimination", self._answers(unseen, compared))
        if "cost" in arms and len(self.rounds) > 1:
            yield Part("control by cost", None, None, None, COST_ARM)
        yield from self._part("held-out prompts", self._answers(held_out))

    def referee(self, referee: Referee, held_out: Sequence[Record]) -> Iterator[Part]:
        """Two calls a pair: without the reviews that are asked for once more."""
        for size in self.rounds:
            pairs = min(size.sampled, self._by_referee(size))
            asked = self._reviews(referee, pairs, self._question)
            yield from self._part(f"round {size.number}: referee", asked)
        students = 1 + self.runs  # the untrained base, too
        longest = max(map(_tokens, held_out), default=0)
        asked = self._reviews(referee, students * len(held_out), longest)
        yield from self._part("held-out prompts: referee", asked)

    @property
    def runs(self) -> int:
        """Students that are trained."""
        rounds = self.section.rounds
        return rounds + (rounds - 1) * len(self.section.control)

    def _part(self, name: str, asked: Asked | None) -> Iterator[Part]:
        if asked is None:
            told = f"how often the generator {self._generator.name} asks is not known before"
            yield Part(name, None, None, None, told)
        elif asked.calls:
            yield Part(name, asked.calls, asked.prompt_tokens, asked.completion_tokens)

    def _answers(self, questions: Iterable[Record], most: int | None = None) -> Asked | None:
        """What the teacher is asked for the answers to these, or to the longest of them."""
        found = self._longest_first(questions)
        return None if found is None else sum(found[:most], Asked())

    def _longest_first(self, questions: Iterable[Record]) -> list[Asked] | None:
        made = [asked_of(self._generator, question) for question in questions]
        known = [asked for asked in made if asked is not None]
        if len(known) < len(made):
            return None
        known.sort(key=lambda one: (one.prompt_tokens, one.completion_tokens), reverse=True)
        return known

    @cached_property
    def _of_unused(self) -> list[Asked] | None:
        return self._longest_first(self._unused or ())

    def _new(self, count: int, longest: int) -> Asked | None:
        """The answers to so many new questions, of so many tokens where they are written."""
        if self._unused is not None:
            known = self._of_unused
            return None if known is None else sum(known[:count], Asked())
        asked = asked_of(self._generator, _unwritten())
        if asked is None:
            return None
        longer = Asked(0, asked.calls * longest, 0)
        return (asked + longer).times(count)

    def _by_referee(self, size: Size) -> int:
        """How many questions of a round's cache pool the referee may have to score."""
        if self.section.by != "auto":
            return size.cache if self.section.by == "referee" else 0
        grown = size.cache - len(self._cache)
        if self._unused is not None:
            grown = min(grown, self._asks_referee(self._unused))
        return self._asks_referee(self._cache) + grown

    def _asks_referee(self, questions: Sequence[Record]) -> int:
        kinds = ((seed, kind_of(self._generator, seed)) for seed in questions)
        return sum(scorer_of(*one, "auto", referee=True)[0] == "referee" for one in kinds)

    def _reviews(self, referee: Referee, pairs: int, question: int) -> Asked:
        answers = 2 * longest_answer(self._generator)  # the student's is no longer
        prompt = PROMPT_ROOM + question + answers
        return Asked(1, prompt, referee.max_tokens).times(2 * pairs)


def _tokens(record: Record) -> int:
    """As it is shown: with its options, and the names of its turns."""
    return max(estimate_tokens(record.messages), estimate_tokens((user(shown(record)),)))


def _unwritten() -> Record:
    """A question with next to no text."""
    return Record(messages=(user("?"),), completion="", provenance=Provenance("seed"))
