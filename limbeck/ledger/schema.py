"""The ledger's file: its tables, how an older one is brought up to date, and who may open it."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from limbeck.errors import UserError

# One step for every format. A step is never changed once released: files remember only a number.
STEPS = (
    """
    CREATE TABLE replies (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        teacher TEXT NOT NULL,
        request TEXT NOT NULL,
        reply TEXT NOT NULL,
        finish_reason TEXT NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        seconds REAL NOT NULL,
        at REAL NOT NULL
    );
    CREATE TABLE failures (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        teacher TEXT NOT NULL,
        request TEXT NOT NULL,
        reason TEXT NOT NULL,
        message TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        at REAL NOT NULL
    );
    CREATE INDEX failures_key ON failures (key)
    """,
    """
    ALTER TABLE replies ADD COLUMN cached_tokens INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE replies ADD COLUMN wasted_prompt_tokens INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE replies ADD COLUMN wasted_completion_tokens INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE replies ADD COLUMN run TEXT NOT NULL DEFAULT '';
    ALTER TABLE replies ADD COLUMN via TEXT NOT NULL DEFAULT 'live';
    CREATE INDEX replies_run ON replies (run) WHERE run <> '';
    ALTER TABLE failures ADD COLUMN wasted_prompt_tokens INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE failures ADD COLUMN wasted_completion_tokens INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE failures ADD COLUMN run TEXT NOT NULL DEFAULT '';
    CREATE INDEX failures_run ON failures (run) WHERE run <> '';
    CREATE TABLE retired (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        teacher TEXT NOT NULL,
        request TEXT NOT NULL,
        reply TEXT NOT NULL,
        finish_reason TEXT NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        seconds REAL NOT NULL,
        at REAL NOT NULL,
        cached_tokens INTEGER NOT NULL,
        wasted_prompt_tokens INTEGER NOT NULL,
        wasted_completion_tokens INTEGER NOT NULL,
        run TEXT NOT NULL,
        via TEXT NOT NULL
    );
    CREATE INDEX retired_key ON retired (key);
    CREATE INDEX retired_run ON retired (run) WHERE run <> '';
    CREATE TABLE facts (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (kind, name)
    );
    CREATE TABLE batches (
        id TEXT PRIMARY KEY NOT NULL,
        run TEXT NOT NULL,
        teacher TEXT NOT NULL,
        input_file TEXT NOT NULL,
        status TEXT NOT NULL,
        at REAL NOT NULL
    );
    CREATE INDEX batches_run ON batches (run);
    CREATE TABLE batch_items (
        batch TEXT NOT NULL,
        key TEXT NOT NULL,
        request TEXT NOT NULL,
        PRIMARY KEY (batch, key)
    )
    """,
)
VERSION = len(STEPS)

FAILURE = (
    "key, teacher, request, reason, message, attempts, at,"
    " wasted_prompt_tokens, wasted_completion_tokens, run"
)
REPLY = (
    "key, teacher, request, reply, finish_reason, prompt_tokens, completion_tokens, attempts,"
    " seconds, at, cached_tokens, wasted_prompt_tokens, wasted_completion_tokens, run, via"
)
FACT = "kind, name, value, at"
BATCH = "id, run, teacher, input_file, status, at"
ITEM = "batch, key, request"

BUSY_SECONDS = 60.0
MOUNTS = Path("/proc/mounts")
# 9p is none of these: it is how a sandbox or WSL shows the one machine's own disk.
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "fuse.ceph", "fuse.sshfs"}
NETWORK |= {"fuse.glusterfs", "fuse.s3fs", "lustre", "gpfs", "beegfs", "ocfs2", "gfs2"}


def default_path() -> Path:
    """`$LIMBECK_LEDGER`, else one file per user, shared by all runs."""
    override = os.environ.get("LIMBECK_LEDGER")
    if override:
        return Path(override)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "limbeck" / "ledger.sqlite"


def open_ledger(path: Path) -> sqlite3.Connection:
    """A connection to the ledger, which is created or brought up to date first.

    Raises UserError for a file that is no ledger or a newer one, OSError and sqlite3.Error.
    """
    kind = _network_kind(path)
    if kind is not None:
        raise UserError(
            f"the ledger {path} is on a network file system ({kind}), where two machines that "
            "write it at once can destroy it. Set LIMBECK_LEDGER to a file on a disk of this "
            "machine"
        )
    if path.is_file() and not os.access(path, os.W_OK):
        return _open_read_only(path)
    try:
        return _open(path)
    except (OSError, sqlite3.OperationalError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        refused = code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
        if not path.is_file() or not (refused or isinstance(error, OSError)):
            raise
        return _open_read_only(path)


def _open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that only reads, as "PRAGMA query_only" says, for a disk that takes no write.
    The log's index cannot be made there; without a log none is needed."""
    try:
        return _read_only(path, "?mode=ro")
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size > 0:
            raise
        return _read_only(path, "?mode=ro&immutable=1")


def _read_only(path: Path, how: str) -> sqlite3.Connection:
    uri = _uri(path) + how
    link = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
    link.isolation_level = None
    try:
        version = _checked_version(link, "main", path)
        if version < VERSION:
            raise UserError(
                f"the ledger {path} has an older format ({version}), and cannot be written to "
                "bring it up to date. Copy it to a disk that you can write, and set LIMBECK_LEDGER"
            )
        link.execute("PRAGMA query_only=ON")
    except BaseException:
        link.close()
        raise
    return link


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():  # paid answers are their owner's
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    # With a URI another ledger can be attached for reading only.
    link = sqlite3.connect(_uri(path), uri=True, timeout=BUSY_SECONDS, check_same_thread=False)
    link.isolation_level = None
    try:
        link.execute("PRAGMA trusted_schema=OFF")
        # Refuse what is no ledger of ours before anything is changed in it.
        version = _checked_version(link, "main", path)
        _write_ahead(link)
        link.execute("PRAGMA synchronous=FULL")  # durable against power loss, not only a crash
        # 16 MB of log before pages are moved to their place: keys are random, so a page of their
        # index is changed many times by then, and moved once.
        link.execute("PRAGMA wal_autocheckpoint=4000")
        if version < VERSION:
            _bring_up_to_date(link, path)
    except BaseException:
        link.close()
        raise
    return link


def _network_kind(path: Path) -> str | None:
    """The file system's name where a path is on one that machines share: the write-ahead log is
    an agreement in one machine's memory. None on a local one, and where the system can't tell."""
    try:
        mounts = MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return None
    place = path.resolve()
    found: tuple[int, str] = (0, "")
    for line in mounts.splitlines():
        _, folder, kind, *_ = line.split(" ")
        for code, sign in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
            folder = folder.replace(code, sign)
        if place.is_relative_to(folder) and len(folder) >= found[0]:  # the last one is on top
            found = len(folder), kind
    return found[1] if found[1] in NETWORK else None


def _write_ahead(link: sqlite3.Connection) -> None:
    """Switch to a write-ahead log. While another process does so SQLite says "locked" at once,
    and does not wait as it does everywhere else."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            link.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _bring_up_to_date(link: sqlite3.Connection, path: Path) -> None:
    """All steps that are missing, in one transaction: the file has the old format or the new."""
    link.execute("BEGIN IMMEDIATE")
    try:
        version = _version(link, "main", path)  # another process may have been faster
        for step in STEPS[version:]:
            for statement in step.split(";"):
                link.execute(statement)
        link.execute(f"PRAGMA user_version={VERSION}")
        link.execute("COMMIT")
    except BaseException:
        link.execute("ROLLBACK")
        raise


def open_source(path: Path, link: sqlite3.Connection | None = None) -> sqlite3.Connection:
    """A transaction that reads a ledger of any format and leaves it as it is.

    The tables are there as views, `source_replies` and so on, with today's columns. `link` is a
    connection to another ledger, which the same transaction then may write. Raises UserError for a
    file that does not exist or is no ledger.
    """
    if not path.is_file():
        raise UserError(f"there is no ledger {path}. Check the path, or set LIMBECK_LEDGER")
    if link is None:
        link = sqlite3.connect(":memory:", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        link.execute("PRAGMA trusted_schema=OFF")
        link.execute("ATTACH ? AS source", (_uri(path) + "?mode=ro",))
        link.execute("BEGIN IMMEDIATE")
        version = _version(link, "source", path)
        if version == 0:
            raise UserError(f"{path} is empty, no ledger. Check the path")
        for name, columns in _views(version):
            link.execute(f"CREATE TEMP VIEW source_{name} AS {columns}")
    except sqlite3.Error as error:
        link.close()
        raise UserError(f"cannot read the ledger {path}: {error}. Check the path") from error
    except BaseException:
        link.close()
        raise
    return link


def _views(version: int) -> list[tuple[str, str]]:
    new = {"replies": "id, " + REPLY, "failures": "id, " + FAILURE, "retired": "id, " + REPLY}
    new |= {"facts": FACT, "batches": BATCH, "batch_items": ITEM}
    if version >= 2:
        return [(name, f"SELECT {columns} FROM source.{name}") for name, columns in new.items()]
    wasted = "0 AS wasted_prompt_tokens, 0 AS wasted_completion_tokens, '' AS run"
    old = {
        "replies": f"SELECT *, 0 AS cached_tokens, {wasted}, 'live' AS via FROM source.replies",
        "failures": f"SELECT *, {wasted} FROM source.failures",
    }
    for name in new.keys() - old.keys():
        nothing = ", ".join(f"NULL AS {column}" for column in new[name].split(", "))
        old[name] = f"SELECT {nothing} WHERE 0"
    return list(old.items())


def _checked_version(link: sqlite3.Connection, name: str, path: Path) -> int:
    link.execute("BEGIN")  # one snapshot: another process may be setting the file up
    try:
        return _version(link, name, path)
    finally:
        link.execute("COMMIT")


def _version(link: sqlite3.Connection, name: str, path: Path) -> int:
    """The file's format; 0 for a new file. Raises UserError for what is no ledger of ours."""
    version: int
    (version,) = link.execute(f"PRAGMA {name}.user_version").fetchone()
    rows = link.execute(f"SELECT name, type FROM {name}.sqlite_master").fetchall()
    found = {row[0] for row in rows}
    if version > 0 and not {kind for _, kind in rows} <= {"table", "index"}:
        raise UserError(
            f"the ledger {path} holds SQL that would run when it is read (a view or a trigger), "
            "which limbeck never writes. Do not use it, and ask whoever gave it to you"
        )
    if (version == 0 and found) or (version > 0 and not {"replies", "failures"} <= found):
        raise UserError(
            f"{path} is another program's SQLite file, no ledger. Set LIMBECK_LEDGER to "
            "another file"
        )
    if version > VERSION:
        raise UserError(
            f"the ledger {path} was written by a newer limbeck (format {version}, this "
            f"one reads {VERSION}). Update limbeck, or set LIMBECK_LEDGER to another file"
        )
    return version


def _uri(path: Path) -> str:
    return path.absolute().as_uri()
