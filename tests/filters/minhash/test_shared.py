"""The index that runs share: datasketch's MinHashLSH in a real Redis."""

from __future__ import annotations

import hashlib
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from limbeck.cli.app import app
from limbeck.errors import RecipeError, UserError
from limbeck.filters.minhash import MinHashDedup, Shingles, minhash_signatures
from limbeck.filters.minhash.shared import SharedIndex, text_sets
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import filter_records, inputs
from limbeck.pipeline.run import do_stages
from limbeck.record import Record
from limbeck.registry import build
from tests.filters.minhash.texts import exact, near_texts
from tests.pipeline.filtering import row, run_of

redis = pytest.importorskip("redis", reason="needs the extra dedup")
datasketch = pytest.importorskip("datasketch", minversion="2.0", reason="needs the extra dedup")

ENGLISH = " ".join(f"word{n}" for n in range(60))
TEXTS = {
    "en": ENGLISH,
    "zh": "水是生命之源，所有已知的生命都依赖于水才能生存和繁衍。",
    "ar": "الماء أصل الحياة وكل الكائنات الحية المعروفة تعتمد على الماء في بقائها",
    "hi": "जल ही जीवन है और सभी ज्ञात जीव अपने अस्तित्व के लिए जल पर निर्भर हैं",
    "th": "น้ำคือชีวิตและสิ่งมีชีวิตทุกชนิดต้องพึ่งพาน้ำเพื่อความอยู่รอด",
    "ru": "Вода это жизнь и все известные организмы зависят от неё чтобы жить",
    "half": "café \ud800 x y z w v",
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Host and port of a Redis with a password, which keeps nothing."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not here (Debian's package of that name)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", "s3cret"]
    running = subprocess.Popen(
        [binary, "--port", str(port), *options], stdout=subprocess.DEVNULL, cwd="/"
    )
    try:
        with redis.Redis(port=port, password="s3cret") as client:
            for _ in range(200):
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait()


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("REDIS_PASSWORD", "s3cret")
    return f"redis://{server}/0/{request.node.name}"


def plain(url: str) -> Any:
    """The same index by datasketch alone."""
    host, port = url.split("/")[2].split(":")
    return datasketch.MinHashLSH(
        num_perm=128,
        params=(18, 7),
        storage_config={
            "type": "redis",
            "basename": url.rpartition("/")[2].encode(),
            "redis": {"host": host, "port": int(port), "password": "s3cret"},
        },
        prepickle=False,
    )


def sketch(text: str) -> Any:
    (made,) = datasketch.MinHash.bulk(text_sets([text]), num_perm=128)
    return made


def shared(url: str) -> SharedIndex:
    return SharedIndex(url, 0.8, 128, 5, "pair")


def found(index: SharedIndex, text: str) -> tuple[str, float] | None:
    return index.nearest([text], ["it"], lambda key: False).get("it")


@pytest.mark.parametrize(("num_perm", "seed"), [(128, 1), (17, 42)])
def test_our_signatures_are_datasketchs_own(num_perm: int, seed: int) -> None:
    sets = text_sets([*near_texts(30), "", *TEXTS.values()])
    rows = [[int.from_bytes(hashlib.sha1(i).digest()[:4], "little") for i in set_] for set_ in sets]
    ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
    hashed = Shingles(np.array([item for row in rows for item in row], np.uint64), ends)
    theirs = datasketch.MinHash.bulk(sets, num_perm=num_perm, seed=seed)
    ours = minhash_signatures(hashed, num_perm, seed)
    assert np.array_equal(ours, [one.hashvalues for one in theirs])


def test_datasketch_alone_finds_our_rows_and_we_find_its(url: str) -> None:
    ours = shared(url)
    assert ours.add((f"run/{name}", text) for name, text in TEXTS.items()) == len(TEXTS)
    for name, text in TEXTS.items():
        assert plain(url).query(sketch(text)) == [f"run/{name}".encode()]
    other = " ".join(f"other{n}" for n in range(60))
    plain(url).insert(b"theirs/1", sketch(other))
    assert ours.ready() == len(TEXTS) + 1
    assert found(ours, other) == ("theirs/1", 1.0)
    near = found(ours, f"{other} and more")  # by estimate: it came without its set
    assert near is not None
    assert near[1] == pytest.approx(exact(other, f"{other} and more"), abs=0.15)


def test_what_we_added_is_verified_exactly(url: str) -> None:
    index, texts = shared(url), near_texts(100, seed=4)
    index.add((str(place), text) for place, text in enumerate(texts))
    hits = 0
    for place, text in enumerate(texts):
        near = f"{text} {' '.join(f'new{n}' for n in range(place % 20))}"
        best = max(exact(near, other) for other in texts)
        hit = found(index, near)
        hits += hit is not None
        assert (hit is not None) == (best >= 0.8)
        assert hit is None or hit[1] == best == exact(near, texts[int(hit[0])])
    assert 10 < hits < 90


def test_a_stopped_add_is_made_whole_by_the_next(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    rows = [(name, text) for name, text in TEXTS.items()]
    with monkeypatch.context() as patch:
        patch.setattr(redis.Redis, "hset", stop)
        with pytest.raises(KeyboardInterrupt):
            shared(url).add(rows)
    assert shared(url).add(rows) == len(rows)
    assert shared(url).add(rows) == 0
    assert shared(url).ready() == len(rows)
    assert plain(url).query(sketch(ENGLISH)) == [b"en"]


def filtered(folder: Path, name: str, url: str, rows: list[Record]) -> tuple[Context, list[Any]]:
    context, said = run_of(folder, rows, [{"minhash": {"index": url}}], name=name)
    filter_records(context)
    lines = (context.run.folder("filter") / "verdicts.jsonl").read_text().splitlines()
    assert "s3cret" not in "".join(lines) + said.getvalue()
    return context, [re.search(r'"reason":\s*"(\w*)"', line)[1] for line in lines]  # type: ignore[index]


def test_a_run_refuses_what_another_run_published_and_keeps_its_own(
    tmp_path: Path, url: str
) -> None:
    first = [row(ENGLISH, 0), row(f"{ENGLISH} and more", 1), row(TEXTS["zh"], 2)]
    context, reasons = filtered(tmp_path / "a", "first", url, first)
    before = inputs(context)
    assert reasons == ["", "near_duplicate", ""]
    run = str(context.run.path)
    for told in ("2 rows added", "0 rows added"):
        done = CliRunner().invoke(app, ["index", run], catch_exceptions=False)
        assert told in done.stdout
    again, reasons = filtered(tmp_path / "a", "first", url, first)
    assert reasons == ["", "near_duplicate", ""]
    assert inputs(again) == before  # the index has grown, the run is what it was

    later = [row(ENGLISH, 0), row(f"{ENGLISH} and then", 7), row("quite another text it is", 8)]
    judge = MinHashDedup(index=url)
    judge.run = "second"
    verdicts = judge.judge(later)
    assert [v.reason for v in verdicts] == ["in_index", "in_index", ""]
    assert verdicts[0].nearest == f"first/{first[0].id}"
    assert verdicts[0].score == 1.0
    _, reasons = filtered(tmp_path / "b", "second", url, later)
    assert reasons == ["in_index", "in_index", ""]


def test_an_index_made_with_other_options_is_refused(url: str) -> None:
    shared(url).add([("run/1", ENGLISH)])
    with pytest.raises(UserError, match=r"was made with shingle 5 \(here 3\)"):
        build("filters", "minhash", {"index": url, "shingle": 3}).ready()


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ("redis://me:s3cret@127.0.0.1:6379/0/x", "REDIS_PASSWORD"),
        ("redis://127.0.0.1/0/x?password=s3cret", "got another URL"),
        ("redis//:s3cret@127.0.0.1/0/x", "got another URL"),
        ("http://127.0.0.1/0/x", "redis://HOST:PORT/DB/NAME"),
        ("redis://127.0.0.1:6379/team", "redis://HOST:PORT/DB/NAME"),
    ],
)
def test_a_url_that_is_none_or_holds_a_password(index: str, says: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(says)) as error:
        build("filters", "minhash", {"index": index})
    assert "s3cret" not in str(error.value)
    with pytest.raises(RecipeError, match="keep first"):
        build("filters", "minhash", {"index": "redis://127.0.0.1:1/0/x", "keep": "longest"})


def test_without_redis_nothing_is_paid_or_filtered(tmp_path: Path) -> None:
    url = "redis://127.0.0.1:1/0/x"
    context, _ = run_of(tmp_path, [row(ENGLISH)], [{"minhash": {"index": url}}])
    (tmp_path / "s.jsonl").write_text('{"prompt": "Say something."}\n')
    with pytest.raises(UserError, match=r"Redis at 127\.0\.0\.1:1 cannot be asked"):
        filter_records(context)
    for path in context.run.path.rglob("*"):
        if path.is_file() and path.name == "done.json":
            path.unlink()
    with pytest.raises(UserError, match=r"Redis at 127\.0\.0\.1:1 cannot be asked"):
        do_stages(context, ("generate", "filter"))
    assert not context.ledger or not context.ledger.exists()


def test_a_wrong_password_is_said_and_not_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "wr0ng")
    with pytest.raises(UserError, match="REDIS_PASSWORD is its password") as error:
        shared(url).ready()
    assert "wr0ng" not in str(error.value)
