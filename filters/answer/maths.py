"""The door to math-verify: expressions are read and compared in another process.

sympy can run for ever on a short text, and a signal reaches only the main thread, so one worker
process does the work and is ended when it takes too long; a fresh one takes its place. Any thread
may ask; they wait for each other. What is certain without it (equal texts, equal numbers) is
decided here.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from limbeck.errors import MissingExtra

TIMEOUT = 10.0  # seconds for one comparison
_START = 60.0  # seconds for the worker to load sympy
_LONGEST = 2000  # characters of an expression; nobody's answer is longer


def installed() -> bool:
    """Whether math-verify is there, without loading it."""
    return importlib.util.find_spec("math_verify") is not None


@dataclass
class Worker:
    """One process that compares expressions, restarted when it dies or is ended.

    `ask` gives the worker's reply, or None when it took longer than `timeout` seconds or died.
    Raises MissingExtra when math-verify is not installed.
    """

    timeout: float = TIMEOUT
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _process: subprocess.Popen[str] | None = field(default=None, init=False, repr=False)

    def ask(self, request: dict[str, str]) -> dict[str, Any] | None:
        if not installed():
            raise MissingExtra("math-verify", "math")
        if max(map(len, request.values())) > _LONGEST:
            return None
        with self._lock:
            process = self._started()
            return None if process is None else self._exchange(process, request, self.timeout)

    def _started(self) -> subprocess.Popen[str] | None:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "limbeck.filters.answer.maths_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="surrogatepass",
        )
        ready = self._exchange(self._process, {"op": "ready"}, _START)
        return self._process if ready else None

    def _exchange(
        self, process: subprocess.Popen[str], request: dict[str, str], timeout: float
    ) -> dict[str, Any] | None:
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(timeout, process.kill)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        except BaseException:  # Ctrl-C: a late reply must not answer the next question
            self._end()
            raise
        finally:
            timer.cancel()
        if not line.endswith("\n"):
            self._end()
            return None
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        """Ends the process; the next `ask` starts a new one."""
        with self._lock:
            self._end()

    def forget(self) -> None:
        """For a forked child: the process and the lock are its parent's."""
        self._lock = threading.Lock()
        self._process = None

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        process.wait()


WORKER = Worker()
atexit.register(WORKER.close)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=WORKER.forget)
