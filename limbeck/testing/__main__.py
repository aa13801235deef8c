"""A fake API to try limbeck against, with no key and no cost.

    python -m limbeck.testing --port 8000 --rate 0.2

Serves chat completions and completions at http://127.0.0.1:PORT/v1 until Ctrl-C; `--rate` is the
share of requests that draw one of the faults in limbeck/testing/kinds.py.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import suppress

from limbeck.testing.faults import FaultyServer
from limbeck.testing.kinds import KINDS

# "hang" and "drip" cost seconds each, a "long_body" counts as a million tokens.
SHORT = [kind for kind in KINDS if kind not in ("hang", "drip", "long_body")]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m limbeck.testing", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--rate", type=float, default=0.0, help="share of faulty requests")
    parser.add_argument("--kinds", nargs="*", default=SHORT, choices=list(KINDS), metavar="KIND")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--rpm", type=float, default=None, help="requests a minute")
    parser.add_argument("--capacity", type=int, default=None, help="requests at once")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    server = FaultyServer(
        options.kinds,
        rate=options.rate,
        latency=options.latency,
        rpm=options.rpm,
        capacity=options.capacity,
        seed=options.seed,
        max_requests=1_000_000,
        port=options.port,
    )
    with server, suppress(KeyboardInterrupt):
        sys.stdout.write(f"serving at {server.base_url}\n")
        sys.stdout.flush()
        while True:
            time.sleep(3600)
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(server.injected.items()))
    sys.stdout.write(f"{len(server.bodies)} requests; faults: {faults or 'none'}\n")


if __name__ == "__main__":
    main()
