"""What the tests of catalogs share: a real HTTP server on the loopback address, and a small Item for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Union
from urllib.parse import urlsplit

import pytest

from mlm_runner.core.catalog.http import SessionHttp
from mlm_runner.core.watch import Watch

Reply = Union[bytes, dict, tuple]
"""A body, an object to be sent as JSON, or (status, headers, body); a callable of the request gives one of these."""


@dataclass
class Request:
    """What the server was asked."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """A running server: `routes` maps a path to its reply, `asked` is what came."""

    url: str
    routes: dict[str, Union[Reply, Callable[[Request], Any]]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def _reply(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        request = Request(self.command, parts.path, parts.query, dict(self.headers), body)
        known: Server = self.server.known
        known.asked.append(request)
        reply = known.routes.get(parts.path, (404, {}, b"nothing here"))
        if callable(reply):
            reply = reply(request)
        status, headers, content = reply if isinstance(reply, tuple) else (200, {}, reply)
        if isinstance(content, dict):
            content, headers = json.dumps(content).encode(), {"Content-Type": "application/json", **headers}
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # the client has heard enough, as it should of what is too long

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that answers from its `routes`."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    listening.daemon_threads = True
    listening.known = Server(f"http://127.0.0.1:{listening.server_address[1]}")
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    yield listening.known
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def http() -> SessionHttp:
    """The network, with the patience of a test."""
    return SessionHttp(connect=1, read=1)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def item() -> Callable[..., dict[str, Any]]:
    """Build a complete MLM 1.5 Item of one band and two classes."""

    def build(
        item_id: str = "water", bands: tuple[str, ...] = ("nir",), href: str = "model.onnx", **properties: Any
    ) -> dict:
        described = {
            "mlm:name": item_id,
            "mlm:architecture": "U-Net",
            "mlm:tasks": ["semantic-segmentation"],
            "mlm:input": [
                {
                    "name": "image",
                    "bands": list(bands),
                    "input": {
                        "shape": [-1, len(bands), 64, 64],
                        "dim_order": ["batch", "bands", "height", "width"],
                        "data_type": "float32",
                    },
                }
            ],
            "mlm:output": [
                {
                    "name": "classes",
                    "tasks": ["semantic-segmentation"],
                    "result": {
                        "shape": [-1, 2, 64, 64],
                        "dim_order": ["batch", "class", "height", "width"],
                        "data_type": "float32",
                    },
                    "classification:classes": [{"value": 0, "name": "land"}, {"value": 1, "name": "lake"}],
                }
            ],
            **properties,
        }
        return {
            "type": "Feature",
            "stac_version": "1.1.0",
            "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.0/schema.json"],
            "id": item_id,
            "geometry": None,
            "properties": described,
            "links": [],
            "assets": {"model": {"href": href, "roles": ["mlm:model"], "mlm:artifact_type": "onnx"}},
        }

    return build


@pytest.fixture
def put() -> Callable[[Path, Any], Path]:
    """Write an object as JSON, or bytes as they are, with the folders that are needed."""

    def write(path: Path, content: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def catalog(*links: tuple[str, str], kind: str = "Catalog", **fields: Any) -> dict[str, Any]:
    """A Catalog or Collection with links of (relation, address)."""
    listed = [{"rel": rel, "href": href} for rel, href in links]
    return {"type": kind, "stac_version": "1.1.0", "id": "c", "description": "", "links": listed, **fields}


@pytest.fixture(name="catalog")
def catalog_builder() -> Callable[..., dict[str, Any]]:
    """Build a Catalog or Collection."""
    return catalog
