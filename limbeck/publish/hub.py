"""A published folder on the Hugging Face hub: one commit, whole or not at all.

The token is huggingface_hub's own business ($HF_TOKEN, or its login): limbeck neither reads nor
stores it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limbeck.errors import MissingExtra, UserError
from limbeck.publish.folder import published_files
from limbeck.publish.options import MANIFEST
from limbeck.store import file_hash

_NAME = re.compile(
    r"[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9])?/[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9])?"
)
_TOKEN = re.compile(r"hf_[A-Za-z0-9]+|Bearer \S+")
OURS = ["data/*", "provenance/*"]  # older files there are taken away with the same commit


def hub_name(to: str) -> str | None:
    """ORG/NAME of hf:ORG/NAME; None for a folder. Raises UserError for no such name."""
    if not to.startswith("hf:"):
        return None
    name = to.removeprefix("hf:")
    if not _NAME.fullmatch(name) or "--" in name or ".." in name:
        raise UserError(f"--to {to!r} is no dataset on the hub; write hf:ORG/NAME")
    return name


def upload(
    folder: Path,
    name: str,
    manifest: Mapping[str, Any],
    *,
    public: bool = False,
    replace: bool = False,
    api: Any = None,
) -> str:
    """Upload the folder to the dataset `name`; returns where it is, or "" where it was there
    already.

    A new dataset is private unless `public`; one that exists keeps its visibility. Raises UserError
    for a dataset that limbeck did not publish, for another one of limbeck without `replace`, and
    for what the hub says against it.
    """
    if api is None:
        try:
            from huggingface_hub import HfApi
        except ImportError as error:
            raise MissingExtra("huggingface_hub", "publish") from error
        api = HfApi()
    files = published_files(manifest)
    try:
        if api.repo_exists(name, repo_type="dataset"):
            if _is_there(api, folder, name, replace):
                return ""
        else:
            api.create_repo(name, repo_type="dataset", private=not public, exist_ok=True)
        done = api.upload_folder(
            repo_id=name,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=files,
            delete_patterns=OURS,
            commit_message=f"Publish {manifest['rows']['total']} rows with limbeck",
        )
    except UserError:
        raise
    except Exception as error:  # whatever the hub's client raises: it has no common root
        if not _of_the_hub(error):
            raise
        raise UserError(
            f"the hub did not take {name}: {_said(error)}. The folder is whole in {folder}. Log in "
            "with: hf auth login, or set HF_TOKEN; then publish again"
        ) from error
    return str(getattr(done, "repo_url", "") or name)


def _is_there(api: Any, folder: Path, name: str, replace: bool) -> bool:
    """Whether the very same dataset is there. Raises UserError for another one."""
    there = set(api.list_repo_files(name, repo_type="dataset"))
    if MANIFEST not in there:
        if there - {".gitattributes"}:
            raise UserError(
                f"the dataset {name} has files, and limbeck did not publish it; take another name"
            )
        return False
    old = Path(api.hf_hub_download(name, MANIFEST, repo_type="dataset"))
    if file_hash(old) == file_hash(folder / MANIFEST):
        return True
    if not replace:
        raise UserError(
            f"the dataset {name} holds another state; publish with --replace to put the new one "
            "in its place, as a commit of its own"
        )
    return False


def _of_the_hub(error: Exception) -> bool:
    roots = ("huggingface_hub", "httpx", "requests", "hf_xet")
    kinds = type(error).__mro__
    return isinstance(error, OSError) or any(
        kind.__module__.split(".")[0] in roots for kind in kinds
    )


def _said(error: Exception) -> str:
    """The first line of what the hub said, without a token."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return _TOKEN.sub("[hidden]", text)[:300].rstrip(".")
