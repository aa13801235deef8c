"""What a chat template, or a model that goes on for the user, leaves in a completion."""

from __future__ import annotations

import re

from limbeck.text import folded

_TOKEN = re.compile(
    r"<\|[a-zA-Z][a-zA-Z0-9_]{1,30}\|>|<｜[^｜<>\n]{1,30}｜>|\[/?INST\]|<</?SYS>>|"
    r"</?(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|<extra_id_\d+>|<0x[0-9A-F]{2}>|"
    r"\[(?:BOS|EOS|PAD|UNK)\]|</s>"
)
_QUOTED = "\"'“‘«「『("
# A text that is about such tokens may show them.
_ABOUT = re.compile(
    r"special tokens?|tokeni[sz]|chat templates?|control tokens?|end[- ]of[- ](?:sequence|text|turn)|"
    r"[>\]] (?:tokens?|tags?|markers?)\b|特殊标记|特殊トークン|词元",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\s*+(?:(?:#+ ?)?(?:assistant|user|human|system|chatgpt|ai)\s*:|"
    r"#+ ?(?:response|instruction|input|output)\s*:|(?:assistant|user|system)\s*\n)",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"^[ \t]*(?:(?:#+ ?)?(?:User|Human|USER|HUMAN|用户|用戶|ユーザー)\s*[:：]|"
    r"#+ ?(?:Instruction|Input|Human|User|Question)\s*:?\s*$|#+ ?(?:Instruction|Human|User)\s*:)",
    re.MULTILINE,
)
# Labels of worked examples: a new one begins where the prompt has the same label.
_EXAMPLE = re.compile(
    r"^[ \t]*(Q|Question|Input|Problem|Instruction|Sentence|Text|Review|问题|問題|输入|質問)\s*[:：]",
    re.MULTILINE,
)
_SPEAKER = re.compile(r"^[ \t]*\**[^\W\d_][\w .'’-]{0,25}\**\s*[:：]", re.MULTILINE)
_COLON = re.compile("[:：#]")
_DIALOGUE = re.compile(
    r"dialog|conversation|\bchat|transcript|\bscript|interview|role-?play|\bturns?\b|对话|對話|聊天|"
    r"会話|対話|대화|диалог|разговор|conversa|gespräch|حوار|محادثة",
    re.IGNORECASE,
)
_CODE = re.compile(r"^\s*(?:def |class |import |from \w+ import|#include|function |public )", re.M)
_ECHO = 20  # characters from which a repeated prompt is no accident


def leak_errors(prose: str, text: str, prompt: str) -> list[str]:
    """ "leaked_tokens", "role_prefix", "next_turn", "echoed_prompt".

    What the prompt shows itself is no leak, and who was asked for a dialogue may write one.
    `prose` is the text without its code.
    """
    found = []
    if _leaked(prose, prompt):
        found.append("leaked_tokens")
    start = _ROLE.match(prose)
    if start and start[0].strip() not in prompt and not _DIALOGUE.search(prompt):
        found.append("role_prefix")
    if _next_turn(prose, prompt) and not _DIALOGUE.search(prompt):
        found.append("next_turn")
    if _echoes(text, prompt):
        found.append("echoed_prompt")
    return found


def _leaked(prose: str, prompt: str) -> bool:
    if "<" not in prose and "[" not in prose:
        return False
    for token in _TOKEN.finditer(prose):
        if token[0] in prompt or prose[token.start() - 1 : token.start()] in tuple(_QUOTED):
            continue
        if token[0] == "</s>" and "<s>" in prose:  # struck-through HTML
            continue
        return not _ABOUT.search(prose)
    return False


def _next_turn(prose: str, prompt: str) -> bool:
    prose = prose.strip()
    if "\n" not in prose or not _COLON.search(prose):
        return False
    turn = _TURN.search(prose)
    if turn and turn.start() > 0 and not _SPEAKER.search(prose[: turn.start()]):
        return True
    labels = set(_EXAMPLE.findall(prompt))
    if not labels or _CODE.search(prompt):
        return False
    own = next((label for label in _EXAMPLE.finditer(prose) if label[1] in labels), None)
    return own is not None and own.start() > 0


def _echoes(text: str, prompt: str) -> bool:
    asked = prompt.strip()
    if len(asked) < _ECHO or folded(asked[:8])[:4] != folded(text.lstrip()[:8])[:4]:
        return False
    given = folded(text.lstrip()[: 2 * len(asked) + 100])
    return given.startswith(folded(asked)) and not _CODE.search(prompt)
