"""One HTTP POST of JSON, and nothing else: a thin client on aiohttp.

The SDK's own request machinery costs many times the CPU; benchmarks/bench_client.py measures both
side by side.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
from yarl import URL

from limbeck.errors import AskTimeout, EndpointError, Malformed, Transient, Unreachable

MAX_BODY = 64 << 20  # bytes; an answer that is longer is none
IDLE_SECONDS = 30.0  # servers close idle connections, and a request into a closing one is lost


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the headers (case does not matter), the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """Connections to one server, kept open. `timeout` is the deadline of a whole exchange, from
    connecting to the last byte, in seconds."""

    def __init__(self, base_url: str, headers: Mapping[str, str], *, timeout: float) -> None:
        self._base = base_url
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"limbeck/{version('limbeck')}",
            **headers,
        }
        self._timeout = timeout
        self._urls: dict[str, URL] = {}
        self._proxy = _proxy(base_url)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Send and read the whole answer. Raises EndpointError, Unreachable, AskTimeout, Transient,
        Malformed."""
        session = self._session or self._open()
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = URL(self._base + path)
        try:
            async with session.post(
                url, data=_encoded(body), allow_redirects=False, proxy=self._proxy
            ) as response:
                return Answer(response.status, response.headers, await _whole(response))
        except TimeoutError as error:
            raise AskTimeout(f"no whole answer within {self._timeout:g} s") from error
        except aiohttp.ClientConnectorCertificateError as error:  # asking again changes nothing
            raise EndpointError(
                f"{self._base} has no certificate that this machine trusts, so nothing was sent "
                f"({error.certificate_error}). Check base_url; a certificate of your own goes into "
                "the file that SSL_CERT_FILE names"
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(f"{self._base}: {_detail(error)}") from error
        except (aiohttp.ClientError, OSError) as error:
            failure = Transient(f"the connection broke: {_detail(error)}")
            failure.billed = True  # it may have been read, and answered
            raise failure from error

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        secure = self._base.startswith("https:")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # the gate decides how many are in flight
                keepalive_timeout=IDLE_SECONDS,
                ssl=_certificates() if secure else True,
            ),
            timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=self._timeout),
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )
        return self._session


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    length = response.content_length
    if length is None or "Content-Encoding" in response.headers:  # what comes may be any length
        read = bytearray()
        async for chunk in response.content.iter_any():
            read += chunk
            if len(read) > MAX_BODY:
                raise _too_long()
        return bytes(read)
    if length > MAX_BODY:
        raise _too_long()
    return await response.read()


def _too_long() -> Malformed:
    return Malformed(f"the answer is longer than {MAX_BODY >> 20} MiB")


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # a lone surrogate, an integer above 64 bits
        return json.dumps(body).encode()


def decoded(body: bytes) -> Any:
    """The JSON in a body. Raises ValueError where there is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body)  # takes NaN and lone surrogates, which some servers send
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def _detail(error: Exception) -> str:
    return str(error) or type(error).__name__


def _proxy(base_url: str) -> str | None:
    """The proxy of the environment (HTTPS_PROXY, NO_PROXY ...), looked up once."""
    parts = urlsplit(base_url)
    if parts.hostname is None or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


def _certificates() -> ssl.SSLContext:
    """The system's certificates, and certifi's where they are installed: some systems have none."""
    context = ssl.create_default_context()
    with suppress(ImportError):
        import certifi

        context.load_verify_locations(certifi.where())
    return context
