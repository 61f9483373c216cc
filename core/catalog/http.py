"""The network as this room sees it: one `fetch` with a limit on the bytes that come, by whoever has the network.

In the shell that is `SessionHttp` (requests, with its proxies and netrc); in a worker of QGIS it is QGIS itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Protocol

from ..errors import CatalogUnavailable
from ..watch import Watch
from .hrefs import is_web, shown

if TYPE_CHECKING:
    import requests

CHUNK = 1 << 16
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
AGENT = "mlm-runner"

STATUS = {
    400: "does not understand the question",
    401: "wants a login",
    403: "does not let you in",
    404: "is not there",
    410: "is no longer there",
    429: "has been asked too often; try again later",
    500: "fails (a fault of the server)",
    502: "is not reached by its own proxy; try again later",
    503: "is not available now; try again later",
    504: "did not answer its own proxy in time; try again later",
}
"""What the usual refusals mean, in words that follow an address."""


class TooLarge(CatalogUnavailable):
    """The answer is longer than asked for; never leaves this room, as the process boundary knows no such class."""


@dataclass(frozen=True)
class Response:
    """An answer of any status.

    `url` is where redirects ended, header names are lower case, and the body is in `path` if that was asked for.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    body: bytes = b""
    path: Optional[Path] = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Http(Protocol):
    """Whoever fetches."""

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Optional[Mapping[str, str]] = None,
        body: Optional[bytes] = None,
        to: Optional[Path] = None,
        max_bytes: int,
        watch: Watch,
    ) -> Response:
        """Return the answer of any status, its body in memory or, if it is `ok` and `to` is given, in that file.

        Raises `CatalogUnavailable` where there is no whole answer, `TooLarge` where the body is longer than
        `max_bytes`, `Cancelled` where `watch` says so, and lets an `OSError` of writing `to` through.
        """
        ...


def refusal(response: Response, url: str) -> str:
    """Return the sentence for an answer that is not `ok`."""
    meaning = STATUS.get(response.status, "refuses")
    return f"{shown(url)} {meaning} (HTTP status {response.status})."


def too_large(url: str, max_bytes: int) -> TooLarge:
    """Return the error for an answer that is longer than allowed."""
    return TooLarge(
        f"{shown(url)} sends more than {max_bytes:,} bytes, which is the limit here; it was not read further."
    )


class SessionHttp:
    """Fetches with requests: environment's proxies, netrc, certificates of the system's bundle if so set.

    `connect` and `read` are the seconds to wait for a connection, and for the next bytes.
    """

    def __init__(self, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS) -> None:
        # Imported here because a worker of QGIS has another Http and must not pay for this one at its start.
        import requests

        self._requests = requests
        self._timeout = (connect, read)

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Optional[Mapping[str, str]] = None,
        body: Optional[bytes] = None,
        to: Optional[Path] = None,
        max_bytes: int,
        watch: Watch,
    ) -> Response:
        """See `Http.fetch`."""
        if not is_web(url):
            raise CatalogUnavailable(f"{shown(url)} is no http or https address, and no other is fetched.")
        watch.check()
        asked = {"User-Agent": AGENT, **(headers or {})}
        if to is not None:
            # A model file is wanted as it is stored: its length is then known, and its bytes are the checksum's.
            asked["Accept-Encoding"] = "identity"
        try:
            # A session for each request: requests does not promise that one can be shared between threads.
            with (
                self._requests.Session() as session,
                session.request(method, url, headers=asked, data=body, timeout=self._timeout, stream=True) as answer,
            ):
                return _received(answer, url, to, max_bytes, watch)
        except self._requests.RequestException as error:
            raise CatalogUnavailable(f"{shown(url)} {_reason(error, self._requests)}") from error
        except ValueError as error:
            raise CatalogUnavailable(f"{shown(url)} is no valid address ({error}).") from error


def _received(answer: requests.Response, url: str, to: Optional[Path], max_bytes: int, watch: Watch) -> Response:
    headers = {k.lower(): v for k, v in answer.headers.items()}
    final = answer.url or url
    chunks = _chunks(answer, headers, url, max_bytes, watch)
    if to is None or not answer.ok:
        return Response(answer.status_code, headers, final, body=b"".join(chunks))
    with open(to, "wb") as file:
        for chunk in chunks:
            file.write(chunk)
    return Response(answer.status_code, headers, final, path=to)


def _chunks(
    answer: requests.Response, headers: Mapping[str, str], url: str, max_bytes: int, watch: Watch
) -> Iterator[bytes]:
    """Yield the body, holding its length against `max_bytes` and against what was announced."""
    said = headers.get("content-length", "")
    announced = int(said) if said.isdigit() and "content-encoding" not in headers else None
    if announced is not None and announced > max_bytes:
        raise too_large(url, max_bytes)
    received = 0
    for chunk in answer.iter_content(CHUNK):
        watch.check()
        received += len(chunk)
        if received > max_bytes:
            raise too_large(url, max_bytes)
        yield chunk
        if announced:
            watch.tell(received / announced, f"{received / 1e6:.1f} of {announced / 1e6:.1f} MB")
    if announced is not None and received < announced:
        raise CatalogUnavailable(f"{shown(url)} broke off after {received:,} of {announced:,} bytes. Try again.")


def _reason(error: Exception, requests: Any) -> str:
    """Return why nothing came, in words that follow an address."""
    reasons: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.SSLError, "has a certificate that can't be trusted"),
        (requests.exceptions.ProxyError, "can't be reached through the proxy; check the proxy's settings"),
        (requests.exceptions.ConnectTimeout, "does not answer; check the address and the network"),
        (requests.exceptions.ReadTimeout, "stopped answering; try again later"),
        (requests.exceptions.TooManyRedirects, "sends from one address to the next without end"),
        (requests.exceptions.InvalidSchema, "sends to an address that is neither http nor https"),
        (requests.exceptions.InvalidURL, "is no valid address"),
        (requests.exceptions.ChunkedEncodingError, "broke off in the middle; try again"),
        (requests.exceptions.ContentDecodingError, "is packed in a way that can't be read"),
        (requests.exceptions.ConnectionError, "can't be reached; check the address and the network"),
    )
    words = next((text for kind, text in reasons if isinstance(error, kind)), "can't be fetched")
    return f"{words} ({type(error).__name__})."
