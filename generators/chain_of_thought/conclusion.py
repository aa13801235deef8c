"""A rationale without the sentence that gives its answer: a student's text has a place for that."""

from __future__ import annotations

import re

_CONCLUSION = re.compile(
    r"(?:\n|\A)[ \t*#>_]*(?:the |my )?(?:final )?answer[ \t*_]*[:：](?P<line>[^\n]*)\Z"
    r"|(?:(?<=[\s.。!?！？])|\A)(?:\*\*)?(?:(?:and )?(?:so|thus|therefore|hence|in conclusion),? )?"
    r"the (?:final |correct |right )?answer is\b(?P<sentence>[^\n]*)\Z"
    r"|(?:\n|\A)[ \t*#]*(?:最终)?(?:答案|答)(?:是|为)?[ \t*]*[:：]?(?P<chinese>[^\n]*)\Z",
    re.IGNORECASE,
)


def parted(text: str) -> tuple[str, str | None]:
    """(rationale, what the answer is) of a text that ends with "Answer: ..." or "... the answer is
    ..."; the whole text and None where it ends otherwise.

    A text that is nothing else stays whole: a student that learns no rationale learns that.
    """
    text = text.strip()
    found = _CONCLUSION.search(text)
    if found is None:
        return text, None
    said = next(part for part in found.groupdict().values() if part is not None)
    answer = said.strip().strip("*_ ").removeprefix(":").strip().removesuffix(".").strip("*_ ")
    return text[: found.start()].strip() or text, answer or None


def thoughts(text: str) -> str:
    """The rationale of `parted`."""
    return parted(text)[0]
