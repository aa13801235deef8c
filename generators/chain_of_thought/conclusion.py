"""A rationale without the sentence that gives its answer: a student's text has a place for that."""

from __future__ import annotations

import re

_CONCLUSION = re.compile(
    r"(?:\n|\A)[ \t*#>_]*(?:the |my )?(?:final )?answer[ \t*_]*[:：][^\n]*\Z"
    r"|(?:(?<=[\s.。!?！？])|\A)(?:\*\*)?(?:(?:and )?(?:so|thus|therefore|hence|in conclusion),? )?"
    r"the (?:final |correct |right )?answer is\b[^\n]*\Z"
    r"|(?:\n|\A)[ \t*#]*(?:最终)?(?:答案|答)(?:是|为)?[ \t*]*[:：]?[^\n]*\Z",
    re.IGNORECASE,
)


def thoughts(text: str) -> str:
    """The text without its last line "Answer: ..." or last sentence "... the answer is ...".

    A text that is nothing else stays as it is: a student that learns no rationale learns that.
    """
    text = text.strip()
    found = _CONCLUSION.search(text)
    kept = text[: found.start()].strip() if found else text
    return kept or text
