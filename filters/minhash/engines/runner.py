"""The door to daft and Ray: started quietly, and sending nothing home."""

from __future__ import annotations

import os
from typing import Any, Literal

from limbeck.errors import MissingExtra, UserError

Engine = Literal["local", "daft", "ray"]
ENGINES: tuple[Engine, ...] = ("local", "daft", "ray")

_QUIET = {
    "DO_NOT_TRACK": "true",  # daft
    "DAFT_ANALYTICS_ENABLED": "0",
    "SCARF_NO_ANALYTICS": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "DAFT_PROGRESS_BAR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_STARTED: list[Engine] = []


def daft_on(engine: Literal["daft", "ray"], address: str | None = None) -> Any:
    """The module daft, on its own runner or on the Ray cluster at `address` (None: that of the
    variable RAY_ADDRESS, else a new one on this machine).

    Raises MissingExtra where daft or Ray is not installed, UserError for a second engine in one
    process, which daft does not allow, and for a cluster that does not answer.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import daft
    except ImportError as error:
        raise MissingExtra("daft", "scale") from error
    if _STARTED and _STARTED[0] != engine:
        raise UserError(f"this process has begun on {_STARTED[0]}; start another one for {engine}")
    if not _STARTED:
        if engine == "ray":
            _start_ray(address)
            daft.set_runner_ray(noop_if_initialized=True)
        else:
            daft.set_runner_native()
        _STARTED.append(engine)
    return daft


def _start_ray(address: str | None) -> None:
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("ray", "scale") from error
    if ray.is_initialized():
        return
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is None and "RAY_ADDRESS" not in os.environ:  # a new one, for this machine alone
            ray.init(include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UserError(f"no Ray cluster at {address or 'this machine'}: {error}") from error
