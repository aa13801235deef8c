"""Mathematical answers through the worker process, and what is decided without it."""

from __future__ import annotations

import importlib.util
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from limbeck.errors import MissingExtra, UserError
from limbeck.filters.answer import canonical, check, maths
from limbeck.filters.answer.maths import Worker

needs_extra = pytest.mark.skipif(
    importlib.util.find_spec("math_verify") is None, reason="needs the extra `math`"
)

RIGHT = [
    ("\\boxed{\\frac{1}{2}}", "0.5"),
    ("\\boxed{\\dfrac{2}{4}}", "\\frac12"),
    ("\\boxed{(x+1)^2}", "x^2+2x+1"),
    ("\\boxed{1+x}", "x+1"),
    ("\\boxed{2\\sqrt{3}}", "\\sqrt{12}"),
    ("The answer is √12.", "2\\sqrt{3}"),
    ("The answer is 2 sqrt(3)", "2\\sqrt{3}"),
    ("The answer is $2\\sqrt{3}$.", "2*sqrt(3)"),
    ("The answer is **$2\\sqrt{3}$**.", "2\\sqrt{3}"),
    ("**\\boxed{2\\sqrt{3}}**", "2\\sqrt{3}"),
    ("\\boxed{3.1416}", "\\pi"),
    ("The area is 9π.", "9\\pi"),
    ("\\boxed{(1, 2)}", "(1,2)"),
    ("\\boxed{\\left(\\frac{1}{2}, 3\\right)}", "(0.5, 3)"),
    ("\\boxed{\\{2, 1\\}}", "\\{1, 2\\}"),
    ("\\boxed{2, 1}", "1, 2"),
    ("\\boxed{1} and \\boxed{2}", "1, 2"),
    ("The answer is $x = 1$ or $x = 2$.", "1, 2"),
    ("\\boxed{\\pm 3}", "3, -3"),
    ("\\boxed{x = 5}", "5"),
    ("\\boxed{5}", "x = 5"),
    ("\\boxed{y = 2x + 3}", "y=2x+3"),
    ("\\boxed{2y = 4x + 6}", "y=2x+3"),
    ("\\boxed{f(x) = x^2}", "x^2"),
    ("\\boxed{x > 3}", "3 < x"),
    ("\\boxed{x > 3}", "(3, \\infty)"),
    ("\\boxed{[0, 1)}", "0 \\le x < 1"),
    ("\\boxed{(2,3) \\cup (0,1)}", "(0,1)\\cup(2,3)"),
    ("\\boxed{x \\in [0, 1]}", "[0,1]"),
    (
        "\\boxed{\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}}",
        "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
    ),
    ("\\boxed{10^{-20}}", "1e-20"),
    ("\\boxed{1024}", "2^{10}"),
    ("so 3 + 4 = 7", "7"),
    ("so $2x + 3x = 5x$.", "5x"),
    ("\\boxed{120}", "5!"),
    ("\\boxed{4\\pi \\text{ cm}^2}", "4\\pi"),
    ("\\boxed{\\sin^2 x + \\cos^2 x}", "1"),
    ("Then $A = \\pi r^2 = 9\\pi$.", "9\\pi"),
    ("First $\\boxed{2}$, no wait, $\\boxed{\\sqrt{3}}$", "\\sqrt{3}"),
    ("The answer is\n\\[\n\\frac{1}{3}\n\\]", "\\frac{1}{3}"),
    ("\\boxed{\\text{even}}", "\\text{Even}"),
]

WRONG = [
    ("\\boxed{\\frac{1}{3}}", "\\frac{1}{2}"),
    # what math-verify takes for equal
    ("\\boxed{10^{-20}}", "10^{-21}"),
    ("\\boxed{0}", "10^{-20}"),
    ("\\boxed{x - 1}", "x + 1"),
    ("\\boxed{y = 3x + 2}", "y = 2x + 3"),
    ("\\boxed{x^2 - y^2 = 25}", "x^2 + y^2 = 25"),
    ("\\boxed{1}", "1, 2"),
    ("\\boxed{1, 2}", "1"),
    ("\\boxed{1, 2, 3}", "\\{1, 2\\}"),
    ("\\boxed{x = 1, y = 3}", "x = 1, y = 2"),
    # order, ends, direction
    ("\\boxed{(2, 1)}", "(1, 2)"),
    ("\\boxed{(3, 1)}", "(2, 1)"),
    ("\\boxed{[0, 1]}", "[0, 1)"),
    ("\\boxed{x < 3}", "x > 3"),
    ("\\boxed{x \\ge 3}", "x > 3"),
    ("\\boxed{(0,1)}", "(0,1)\\cup(2,3)"),
    (
        "\\boxed{\\begin{pmatrix}1&3\\\\2&4\\end{pmatrix}}",
        "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
    ),
    # numbers
    ("\\boxed{3.14}", "\\pi"),
    ("\\boxed{\\frac{22}{7}}", "\\pi"),
    ("\\boxed{\\frac{355}{113}}", "\\pi"),
    ("\\boxed{10^{50}}", "10^{50}+1"),
    ("\\boxed{a - b}", "b - a"),
    ("\\boxed{x}", "|x|"),
    ("\\boxed{\\sqrt{x^2}}", "x"),
    ("\\boxed{\\text{odd}}", "\\text{even}"),
    ("\\boxed{\\pm 3}", "3"),
    ("\\boxed{\\sqrt{3}} or \\boxed{\\sqrt{2}}", "\\sqrt{2}"),
    ("The answer is $\\sqrt{2}$. Wait, that's wrong.", "\\sqrt{2}"),
    ("The answer is", "\\sqrt{2}"),
    ("The answer is $", "\\sqrt{2}"),
    ("\\boxed{\\sqrt{2", "\\sqrt{2}"),
    ("\\boxed{", "\\sqrt{2}"),
    ("<think>\\sqrt{2}", "\\sqrt{2}"),
    ("", "\\sqrt{2}"),
    ("no idea at all", "\\sqrt{2}"),
    ("__import__('os').system('true')", "\\sqrt{2}"),
]


@needs_extra
@pytest.mark.parametrize(("completion", "target"), RIGHT)
def test_an_equal_expression_is_correct(completion: str, target: str) -> None:
    assert check(completion, target, "math").status == "correct"


@needs_extra
@pytest.mark.parametrize(("completion", "target"), WRONG)
def test_anything_else_is_not(completion: str, target: str) -> None:
    assert check(completion, target, "math").status != "correct"


@needs_extra
@pytest.mark.parametrize("target", ["", "\\frac{", "the cat sat on the mat!", "x ="])
def test_a_target_that_is_no_mathematics_is_the_users_error(target: str) -> None:
    with pytest.raises(UserError, match="cannot be read as mathematics"):
        check("\\boxed{1}", target, "math")


@needs_extra
def test_votes_are_simplified_expressions() -> None:
    assert canonical("\\boxed{(x+1)^2}", "math") == canonical("\\boxed{(1+x)^2}", "math")
    assert canonical("\\boxed{\\frac{2}{4}}", "math") == canonical("\\boxed{0.5}", "math") == "0.5"
    assert canonical("The answer is", "math") is None


# ends only when the process is ended
ENDLESS = "9^{9^{9^{9}}}"


@needs_extra
def test_what_takes_too_long_is_ended_and_the_next_comparison_is_answered() -> None:
    worker = Worker(timeout=1.0)
    try:
        slow = worker.ask({"op": "equal", "target": f"{ENDLESS}+x", "found": f"{ENDLESS}+y"})
        assert slow is None or "error" in slow or not slow["equal"]
        worker.timeout = 30.0
        reply = worker.ask({"op": "equal", "target": "x+1", "found": "1+x"})
        assert reply is not None
        assert reply["equal"] is True
    finally:
        worker.close()


@needs_extra
def test_a_sleeping_worker_is_killed_at_its_time() -> None:
    worker = Worker(timeout=0.01)
    try:
        assert (
            worker.ask({"op": "equal", "target": "\\sin(x)^{40}", "found": "\\cos(x)^{41}"}) is None
        )
        assert worker._process is None
    finally:
        worker.close()


@needs_extra
def test_threads_get_their_own_answers() -> None:
    assert threading.current_thread() is threading.main_thread()
    numbers = range(24)

    def ask(number: int) -> str:
        return check(f"\\boxed{{x + {number % 3}}}", "1 + x", "math").status

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, numbers))
    assert found == ["correct" if number % 3 == 1 else "wrong" for number in numbers]


@needs_extra
def test_a_worker_that_died_is_replaced() -> None:
    worker = Worker(timeout=30.0)
    try:
        assert worker.ask({"op": "read", "text": "x+1"}) is not None
        assert worker._process is not None
        worker._process.kill()
        worker._process.wait()
        assert worker.ask({"op": "read", "text": "x+1"}) is not None
    finally:
        worker.close()


@needs_extra
def test_a_forked_child_leaves_its_parents_process_alone() -> None:
    worker = Worker(timeout=30.0)
    assert worker.ask({"op": "read", "text": "x+1"}) is not None
    parents = worker._process
    assert parents is not None
    worker.forget()
    try:
        assert worker.ask({"op": "read", "text": "x+1"}) is not None
        assert worker._process is not parents
        assert parents.poll() is None
    finally:
        worker.close()
        worker._process = parents
        worker.close()


@needs_extra
def test_an_expression_longer_than_anybodys_answer_is_not_sent() -> None:
    worker = Worker()
    assert worker.ask({"op": "read", "text": "x+" * 5000}) is None
    assert worker._process is None


@pytest.fixture
def no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maths, "installed", lambda: False)


@pytest.mark.usefixtures("no_extra")
@pytest.mark.parametrize(
    ("completion", "target", "status"),
    [
        ("\\boxed{x^2 + 1}", "x^2+1", "correct"),
        ("\\boxed{0.5}", "\\frac{1}{2}", "correct"),
        ("\\boxed{0.6}", "\\frac{1}{2}", "wrong"),
        ("\\boxed{x = 5}", "5", "correct"),
        ("\\boxed{x = 6}", "5", "wrong"),
        ("\\boxed{", "x^2", "unparseable"),
    ],
)
def test_without_the_extra_what_is_certain_is_decided(
    completion: str, target: str, status: str
) -> None:
    assert check(completion, target, "math").status == status


@pytest.mark.usefixtures("no_extra")
def test_without_the_extra_the_rest_names_the_line_that_installs_it() -> None:
    with pytest.raises(MissingExtra, match=r'pip install .*\[math\]"'):
        check("\\boxed{(x+1)^2}", "x^2+2x+1", "math")


@pytest.mark.parametrize(
    ("target", "found", "right"),
    [
        ("4c", "4", False),
        ("4c", "4d", False),
        ("4c", "4c", True),
        ("2ab", "2", False),
        ("5h", "5", False),
        ("5h", "h \\cdot 5", True),
        ("2ab", "2ba", True),
        ("3xyz", "3", False),
        ("3xyz", "3zx \\cdot y", True),
        ("p^2+2pq", "p(p + 2q)", True),
        ("s^2+2st", "s(s + 2t)", True),
        ("s^2+2st", "s(2s + t)", False),
        ("\\frac{3}{4}", "\\frac{3}{4} kg", True),
        ("2\\sqrt{3}", "2\\sqrt{3} cm", True),
        ("2\\sqrt{3}", "3\\sqrt{2} cm", False),
    ],
)
def test_letters_are_factors_and_no_units(target: str, found: str, right: bool) -> None:
    pytest.importorskip("math_verify")
    assert (check(f"Answer: ${found}$", target, "math").status == "correct") is right


def test_a_price_ends_a_text() -> None:
    assert check("- 3 Hefte = 6 €\n\nPreis: 84 €", "84", "number").status == "correct"
    assert check("The price is then €", "84", "number").status == "unparseable"
