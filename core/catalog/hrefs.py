"""Addresses as catalogs write them: URLs, POSIX and Windows paths, and relative ones, read against their document.

Everything here is text work and looks at no disk, so that Windows's rules hold (and are tested) everywhere.
"""

from __future__ import annotations

import ntpath
import posixpath
import re
from pathlib import Path
from typing import Optional
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

WEB = ("http", "https")

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_SAFE_IN_ID = " !$&'()*+,;=:@~"
_SHOWN = 200


def scheme(href: str) -> str:
    """Return the scheme in lower case, or "" for a path; the one letter of a Windows drive is no scheme."""
    found = _SCHEME.match(href)
    return found[1].lower() if found else ""


def is_web(href: str) -> bool:
    """Whether the address is fetched over the network."""
    return scheme(href) in WEB


def is_windows(path: str) -> bool:
    """Whether a path is an absolute one in Windows's manner: a drive or a share."""
    return bool(_DRIVE.match(path)) or path.startswith("\\\\")


def absolute(href: str, base: str) -> str:
    """Return `href`, found in the document at `base`, as an absolute address.

    >>> absolute("../items/a.json", "https://example.org/models/catalog.json")
    'https://example.org/items/a.json'
    """
    if scheme(href) or is_windows(href):
        return href
    if scheme(base):
        try:
            return urljoin(base, href)
        except ValueError:
            return href
    if href.startswith("/"):
        return href
    base = base.split("#", 1)[0]
    rules = ntpath if is_windows(base) else posixpath
    return rules.normpath(rules.join(rules.dirname(base), href))


def to_path(href: str) -> Optional[Path]:
    """Return the local path of a path or file URL, or None for anything else.

    A file URL of another host is a Windows share there and is given as one.
    """
    kind = scheme(href)
    if not kind:
        return Path(href)
    if kind != "file":
        return None
    path = unquote(re.split("[?#]", href[len("file:") :])[0])
    if path.startswith("//"):
        host, slash, path = path[2:].partition("/")
        path = slash + path
        if host not in ("", "localhost"):
            return Path(f"//{host}{path}")
    return Path(path[1:] if _DRIVE.match(path[1:]) else path)


def may_follow(href: str, base: str) -> bool:
    """Whether a document at `base` may send us to `href`: one from the network may not name files of this machine."""
    if is_web(base):
        return is_web(href)
    return scheme(href) in (*WEB, "file", "")


def same_host(href: str, base: str) -> bool:
    """Whether two web addresses are on one host; the port and http or https may differ, as behind proxies they do."""
    try:
        return urlsplit(href).hostname == urlsplit(base).hostname
    except ValueError:
        return False


def with_id(href: str, item_id: str) -> str:
    """Return the address of one item within a document, `HREF#ITEM-ID`."""
    return f"{href}#{quote(item_id, safe=_SAFE_IN_ID)}"


def shown(href: str) -> str:
    """Return the address as a message may show it: without user and password, and not endless."""
    if is_web(href):
        try:
            parts = urlsplit(href)
            href = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        except ValueError:
            href = "an address that is no URL"
    return href if len(href) <= _SHOWN else f"{href[:_SHOWN]}..."


def file_name(href: str) -> str:
    """Return the last part of an address, as a name to show: 'model.onnx'."""
    kind = scheme(href)
    text = href.rpartition("#")[2] if kind == "pkg" else re.split("[?#]", href)[0] if kind else href
    return unquote(re.split(r"[\\/]", text.rstrip("\\/"))[-1])
