"""QGIS as the worker's network: proxy, certificates, time-outs and authentication are the user's own (Settings >
Options).

Redirections are followed here and not by QGIS, whose older versions know no relative ones: an authentication is meant
for one host
and never sent to another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO, Mapping, Optional

from qgis.core import QgsApplication, QgsFeedback, QgsNetworkAccessManager
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QByteArray, QEventLoop, QThread, QTimer, QUrl
from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest

from ..core.errors import Cancelled, CatalogUnavailable, MlmRunnerError, OutputNotWritable, UsageError

SCHEMES = ("http", "https")
DEFAULT_MAX_BYTES = 2 * 10**9
MAX_REDIRECTIONS = 10
LOOK_AGAIN_MS = 100
CHUNK = 1 << 20

STATUS = QNetworkRequest.Attribute.HttpStatusCodeAttribute
REDIRECTION = QNetworkRequest.Attribute.RedirectionTargetAttribute
POLICY = QNetworkRequest.Attribute.RedirectPolicyAttribute
MANUAL = QNetworkRequest.RedirectPolicy.ManualRedirectPolicy


def fetch(params: Mapping[str, Any], feedback: QgsFeedback) -> dict[str, Any]:
    """Answer the worker's `http` question; call it in any thread but the interface's, and cancel `feedback` to give up.

    The body goes to the file `params["to"]`. A status of 400 and above is an answer; no answer at all is an error.
    """
    thread = _Fetch(params, feedback)
    thread.start()
    thread.wait()
    if thread.error is not None:
        raise thread.error
    return thread.answer


class _Fetch(QThread):
    """A thread of Qt's, with an event loop and timers, which one of Python's does not have."""

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
    """Fetch, and go on to where the server says the page has gone."""
    asked = url = _web_address(QUrl(str(params["url"])))
    method, body = str(params.get("method") or "GET").upper(), params.get("body")
    for _ in range(MAX_REDIRECTIONS):
        same_host = (url.scheme(), url.authority()) == (asked.scheme(), asked.authority())
        answer, moved = _once(params, url, method, body, same_host, feedback)
        if moved is None:
            return answer
        target = _web_address(url.resolved(moved))
        if url.scheme() == "https" and target.scheme() == "http":
            raise CatalogUnavailable(f"{url.host()} leads on to {target.toString()}, which is not encrypted.")
        if answer["status"] in (301, 302, 303) and method == "POST":
            method, body = "GET", None
        url = target
    raise CatalogUnavailable(f"{asked.toString()} leads on more than {MAX_REDIRECTIONS} times. Check the address.")


def _once(
    params: Mapping[str, Any], url: QUrl, method: str, body: Any, same_host: bool, feedback: QgsFeedback
) -> tuple[dict[str, Any], Optional[QUrl]]:
    """Return one answer, and where it leads on to, if it does."""
    manager = QgsNetworkAccessManager.instance()
    request, authcfg = QNetworkRequest(url), str(params.get("authcfg") or "") if same_host else ""
    request.setAttribute(POLICY, getattr(MANUAL, "value", MANUAL))  # PyQt 6 has no number in an enum's member
    for name, value in (params.get("headers") or {}).items():
        if same_host or str(name).lower() not in ("authorization", "cookie"):
            request.setRawHeader(str(name).encode("latin-1"), str(value).encode("latin-1"))
    if authcfg and not QgsApplication.authManager().updateNetworkRequest(request, authcfg):
        raise CatalogUnavailable(f"The authentication {authcfg} can't be used. Check it in the options.")
    reply = _sent(manager, request, method, body)
    if authcfg:
        QgsApplication.authManager().updateNetworkReply(reply, authcfg)
    try:
        _received(reply, params, feedback)
        status, moved = reply.attribute(STATUS), reply.attribute(REDIRECTION)
        if status is None:
            why = reply.errorString() or "no answer"
            raise CatalogUnavailable(f"{url.host()} can't be reached: {why}. Check the address, network and proxy.")
        names = [bytes(name) for name in reply.rawHeaderList()]
        headers = {name.decode("latin-1"): bytes(reply.rawHeader(name)).decode("latin-1") for name in names}
        return {"status": int(status), "headers": headers, "url": url.toString()}, moved
    finally:
        # Now, and not later: Qt may give its place in memory to the next reply, and PyQt would take that for this one.
        sip.delete(reply)


def _sent(manager: QgsNetworkAccessManager, request: QNetworkRequest, method: str, body: Any) -> QNetworkReply:
    if method == "GET":
        return manager.get(request)
    if method == "HEAD":
        return manager.head(request)
    if method == "POST":
        return manager.post(request, QByteArray(str(body or "").encode("utf-8")))
    raise UsageError(f"{method} is no request that a catalog needs; GET, HEAD and POST are known.")


def _received(reply: QNetworkReply, params: Mapping[str, Any], feedback: QgsFeedback) -> None:
    """Write the body to its file as it comes, until it has ended, is too long, or nobody wants it any more."""
    limit, host = int(params.get("max_bytes") or DEFAULT_MAX_BYTES), reply.url().host()
    path = Path(params["to"]) if params.get("to") else None
    problem: Optional[MlmRunnerError] = None
    count = 0

    def stop(error: MlmRunnerError) -> None:
        nonlocal problem
        problem = problem or error
        reply.abort()

    def take(file: Optional[BinaryIO]) -> None:
        nonlocal count
        while problem is None and reply.bytesAvailable():
            piece = bytes(reply.read(CHUNK))
            count += len(piece)
            if count > limit:
                stop(CatalogUnavailable(f"{host} sent more than the {limit} bytes expected. It is not read."))
            elif file is not None:
                try:
                    file.write(piece)
                except OSError as error:
                    stop(OutputNotWritable(f"{path} can't be written ({error.strerror}). Free space there."))

    def look() -> None:
        if feedback.isCanceled():
            stop(Cancelled("Cancelled; nothing was kept."))

    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(look)
    reply.finished.connect(loop.quit)
    file = path.open("wb") if path is not None else None
    try:
        reply.readyRead.connect(lambda: take(file))
        timer.start(LOOK_AGAIN_MS)
        if not reply.isFinished():
            loop.exec()
        timer.stop()
        take(file)
    finally:
        if file is not None:
            file.close()
    if problem is not None:
        if path is not None:
            path.unlink()
        raise problem


def _web_address(url: QUrl) -> QUrl:
    if url.scheme().lower() not in SCHEMES or not url.host():
        raise UsageError(f"{url.toString()} is no web address. Give one that begins with http:// or https://.")
    return url
