"""QGIS as the worker's network: proxy, certificates and authentication are the user's own (Settings > Options)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from qgis.core import QgsBlockingNetworkRequest, QgsFeedback
from qgis.PyQt.QtCore import QByteArray, QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from ..core.errors import CatalogUnavailable, UsageError

SCHEMES = ("http", "https")
DEFAULT_MAX_BYTES = 2 * 10**9


def fetch(params: Mapping[str, Any], feedback: QgsFeedback) -> dict[str, Any]:
    """Answer the worker's `http` question; call it in any thread, and cancel `feedback` to give up.

    The body goes to the file `params["to"]`. A status of 400 and above is an answer; no answer at all is an error.
    """
    url = QUrl(str(params["url"]))
    if url.scheme().lower() not in SCHEMES:
        raise UsageError(f"{params['url']} is no web address. Give one that begins with http:// or https://.")
    request = QNetworkRequest(url)
    for name, value in (params.get("headers") or {}).items():
        request.setRawHeader(str(name).encode("latin-1"), str(value).encode("latin-1"))
    limit = int(params.get("max_bytes") or DEFAULT_MAX_BYTES)
    blocking = QgsBlockingNetworkRequest()
    blocking.setAuthCfg(str(params.get("authcfg") or ""))
    too_large = []

    def watch_size(received: int, _total: int) -> None:
        if received > limit and not too_large:
            too_large.append(received)
            blocking.abort()

    blocking.downloadProgress.connect(watch_size)
    _send(blocking, request, params, feedback)
    reply = blocking.reply()
    content = reply.content()
    if too_large or content.size() > limit:
        raise CatalogUnavailable(
            f"{url.host()} sent more than the {limit} bytes expected of {url.toString()}. It is not read."
        )
    status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
    if status is None:
        why = blocking.errorMessage() or reply.errorString() or "no answer"
        raise CatalogUnavailable(
            f"{url.host()} can't be reached: {why}. Check the address, your network and proxy settings."
        )
    if params.get("to"):
        Path(params["to"]).write_bytes(bytes(content))
    headers = {bytes(n).decode("latin-1"): bytes(reply.rawHeader(n)).decode("latin-1") for n in reply.rawHeaderList()}
    return {"status": int(status), "headers": headers, "url": _final_url(reply, url)}


def _send(
    blocking: QgsBlockingNetworkRequest, request: QNetworkRequest, params: Mapping[str, Any], feedback: QgsFeedback
) -> None:
    method = str(params.get("method") or "GET").upper()
    if method == "GET":
        blocking.get(request, False, feedback)
    elif method == "HEAD":
        blocking.head(request, False, feedback)
    elif method == "POST":
        body = params.get("body") or ""
        data = body if isinstance(body, bytes) else str(body).encode("utf-8")
        blocking.post(request, QByteArray(data), False, feedback)
    else:
        raise UsageError(f"{method} is no request that a catalog needs; GET, HEAD and POST are known.")


def _final_url(reply: Any, asked: QUrl) -> str:
    """Return where the answer came from, after redirections."""
    url = reply.request().url()
    return (url if url.isValid() and not url.isEmpty() else asked).toString()
