"""The worker's network is QGIS, which fetches with the user's own proxy, certificates and logins.

Only the question and the answer's head go through the pipe; the body goes through a file, whose length is checked here
again.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Optional

from ..catalog.http import Response, too_large
from ..errors import CatalogUnavailable, UsageError
from ..watch import Watch

Ask = Callable[[str, Mapping[str, Any], Watch], Mapping[str, Any]]
"""Puts a question (method, params) to the client and waits for its answer; raises its error, or `Cancelled`."""


@dataclass(frozen=True)
class AskedHttp:
    """An `Http` (core/catalog/http.py) answered by the client; `authcfg` is an id of QGIS's, never a secret."""

    ask: Ask
    authcfg: str = ""

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
        watch.check()
        question = {
            "method": method,
            "url": url,
            "headers": dict(headers or {}),
            "body": _text(body),
            "authcfg": self.authcfg,
            "max_bytes": max_bytes,
        }
        if to is not None:
            return self._answer(question, to, keep=True, watch=watch)
        with tempfile.TemporaryDirectory(prefix="mlm-runner-http-") as folder:
            return self._answer(question, Path(folder) / "body", keep=False, watch=watch)

    def _answer(self, question: Mapping[str, Any], to: Path, keep: bool, watch: Watch) -> Response:
        url, limit = str(question["url"]), int(question["max_bytes"])
        answer = self.ask("http", {**question, "to": str(to)}, watch)
        try:
            status = int(answer["status"])
            headers = {str(k).lower(): str(v) for k, v in dict(answer["headers"]).items()}
            final = str(answer["url"])
        except (KeyError, TypeError, ValueError) as error:
            raise CatalogUnavailable(f"QGIS gave no usable answer for {url} ({error!r}). Try again.") from error
        length = to.stat().st_size if to.exists() else 0
        if length > limit:
            to.unlink()
            raise too_large(url, limit)
        if keep and 200 <= status < 300:
            to.touch()  # an answer without a body is an empty file, as everywhere
            return Response(status, headers, final, path=to)
        content = to.read_bytes() if length else b""
        to.unlink(missing_ok=True)
        return Response(status, headers, final, body=content)


def _text(body: Optional[bytes]) -> Optional[str]:
    """Return a request's body as the text that it is in all protocols used here."""
    try:
        return None if body is None else body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("A request's body must be text (UTF-8) to be sent through QGIS.") from error
