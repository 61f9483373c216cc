"""QGIS as the worker's network: proxy, certificates, time-outs and authentication are the user's own (Settings >
Options).

QGIS's blocking request does the work. Replies are not handled in Python: PyQt can take a new one for an old one that
had the same place in memory, which ends in a crash when several threads fetch.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Mapping, Optional

from qgis.core import QgsBlockingNetworkRequest, QgsFeedback
from qgis.PyQt.QtCore import QByteArray, QThread, QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from ..core.errors import Cancelled, CatalogUnavailable, OutputNotWritable, UsageError

SCHEMES = ("http", "https")
DEFAULT_MAX_BYTES = 2 * 10**9
MAX_REDIRECTIONS = 10
LOOK_AGAIN_MS = 100
STATUS = QNetworkRequest.Attribute.HttpStatusCodeAttribute


_one = threading.Lock()
"""One fetch at a time: with several, QGIS 3.22 was taken down now and then inside its own request."""


def fetch(params: Mapping[str, Any], feedback: QgsFeedback) -> dict[str, Any]:
    """Answer the worker's `http` question; call it in any thread but the interface's, and cancel `feedback` to give up.

    The body goes to the file `params["to"]`. A status of 400 and above is an answer; no answer at all is an error.
    """
    with _one:
        thread = _Fetch(params, feedback)
        thread.start()
        while not thread.wait(LOOK_AGAIN_MS):
            if feedback.isCanceled():
                # Said again: a request that was only beginning did not listen yet when it was said first.
                feedback.canceled.emit()
    if thread.error is not None:
        raise thread.error
    return thread.answer


class _Fetch(QThread):
    """A thread of Qt's: QGIS's time-outs do not work in one of Python's."""

    def __init__(self, params: Mapping[str, Any], feedback: QgsFeedback) -> None:
        super().__init__()
        self._params, self._feedback = params, feedback
        self.answer: dict[str, Any] = {}
        self.error: Optional[Exception] = None

    def run(self) -> None:
        try:
            self.answer = _followed(self._params, self._feedback)
        except Exception as error:  # raised again in the thread that waits
            self.error = error


def _followed(params: Mapping[str, Any], feedback: QgsFeedback) -> dict[str, Any]:
    """Fetch; QGIS follows redirections by itself, except to relative addresses, which are made absolute here."""
    url = _web_address(QUrl(str(params["url"])))
    for _ in range(MAX_REDIRECTIONS):
        answer, moved = _once(params, url, feedback)
        if moved is None:
            return answer
        url = _web_address(url.resolved(moved))
    raise CatalogUnavailable(f"{url.host()} leads on more than {MAX_REDIRECTIONS} times. Check the address.")


def _once(params: Mapping[str, Any], url: QUrl, feedback: QgsFeedback) -> tuple[dict[str, Any], Optional[QUrl]]:
    """Return one answer, and the relative address that it leads on to, if it does."""
    limit = int(params.get("max_bytes") or DEFAULT_MAX_BYTES)
    request, blocking = QNetworkRequest(url), QgsBlockingNetworkRequest()
    for name, value in (params.get("headers") or {}).items():
        request.setRawHeader(str(name).encode("latin-1"), str(value).encode("latin-1"))
    blocking.setAuthCfg(str(params.get("authcfg") or ""))
    too_large = []

    def watch_size(received: int, _total: int) -> None:
        if received > limit and not too_large:
            too_large.append(received)
            blocking.abort()

    blocking.downloadProgress.connect(watch_size)
    _send(blocking, request, params, feedback)
    reply = blocking.reply()
    if feedback.isCanceled():
        raise Cancelled("Cancelled; nothing was kept.")
    if too_large or reply.content().size() > limit:
        raise CatalogUnavailable(f"{url.host()} sent more than the {limit} bytes expected. It is not read.")
    last = reply.request().url()
    if last.isRelative() and not last.isEmpty():
        return {}, last
    status = reply.attribute(STATUS)
    if status is None:
        why = blocking.errorMessage() or reply.errorString() or "no answer"
        raise CatalogUnavailable(f"{url.host()} can't be reached: {why}. Check the address, network and proxy.")
    _write(params, bytes(reply.content()))
    headers = {bytes(n).decode("latin-1"): bytes(reply.rawHeader(n)).decode("latin-1") for n in reply.rawHeaderList()}
    return {"status": int(status), "headers": headers, "url": (url if last.isEmpty() else last).toString()}, None


def _send(
    blocking: QgsBlockingNetworkRequest, request: QNetworkRequest, params: Mapping[str, Any], feedback: QgsFeedback
) -> None:
    method = str(params.get("method") or "GET").upper()
    if method == "GET":
        blocking.get(request, False, feedback)
    elif method == "HEAD":
        blocking.head(request, False, feedback)
    elif method == "POST":
        blocking.post(request, QByteArray(str(params.get("body") or "").encode("utf-8")), False, feedback)
    else:
        raise UsageError(f"{method} is no request that a catalog needs; GET, HEAD and POST are known.")


def _write(params: Mapping[str, Any], content: bytes) -> None:
    if not params.get("to"):
        return
    path = Path(params["to"])
    try:
        path.write_bytes(content)
    except OSError as error:
        raise OutputNotWritable(f"{path} can't be written ({error.strerror}). Free space there.") from error


def _web_address(url: QUrl) -> QUrl:
    if url.scheme().lower() not in SCHEMES or not url.host():
        raise UsageError(f"{url.toString()} is no web address. Give one that begins with http:// or https://.")
    return url
