"""The files of a model: which of them is ONNX, where it is, and why another can't be run here.

ONNX is told for each asset, by its artifact type, media type or file name; `mlm:framework` names what a model was
trained with and says nothing about its files.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import urljoin, urlsplit

from .bandinfo import LISTS
from .model import Artifact, Link, Note
from .node import Node

MODEL_ROLES = frozenset({"mlm:model", "mlm:weights", "mlm:checkpoint", "mlm:compiled", "model"})
CODE_ROLES = frozenset({"mlm:source_code", "code", "mlm:inference-runtime", "mlm:training-runtime", "runtime"})

KINDS: tuple[tuple[str, str], ...] = (
    (r"safetensors", "safetensors weights"),
    (r"torch\.jit|torchscript", "TorchScript"),
    (r"torch\.export|\.pt2", "an exported PyTorch program"),
    (r"torch|\.pth?$|\.ckpt$", "PyTorch"),
    (r"tf\.keras|tensorflow|\.h5$|\.keras$", "TensorFlow"),
    (r"pickle|\.pkl$|joblib", "a Python pickle"),
    (r"esri|\.dlpk$", "an Esri package"),
    (r"docker|oci\.image", "a container image"),
)
"""What a file is called to the user, by what its artifact type, media type or name contains."""

ARTIFACT_TYPES: tuple[tuple[str, str], ...] = (
    (r"safetensors", "safetensors.torch.save_file"),
    (r"torch\.jit|torchscript", "torch.jit.save"),
    (r"torch\.export|\.pt2", "torch.export.save"),
    (r"torch|\.pth?\b|\.ckpt\b", "torch.save"),
    (r"keras|tensorflow|\.h5\b", "tf.keras.Model.save"),
    (r"pickle|\.pkl\b|joblib", "pickle.dump"),
)
"""Artifact types by what the media type, name or description of a file contains."""

ASSET_WORDS = frozenset(
    ("href", "type", "mlm:artifact_type", "title", "description", "roles", "file:size", "file:checksum", *LISTS)
)
LINK_WORDS = frozenset(("rel", "href", "title", "type"))
STRUCTURAL = frozenset(("self", "root", "parent", "collection", "item", "items", "child"))

_PAGE = (
    (re.compile(r"^https://github\.com/([^/]+/[^/]+)/blob/(.+)$"), r"https://raw.githubusercontent.com/\1/\2"),
    (re.compile(r"^https://huggingface\.co/(.+?)/blob/(.+)$"), r"https://huggingface.co/\1/resolve/\2"),
    (re.compile(r"^https://gitlab\.com/(.+?)/-/blob/(.+)$"), r"https://gitlab.com/\1/-/raw/\2"),
)
_SCHEMES = frozenset({"http", "https", "file", "pkg"})


def artifacts(item: Node, href: str, notes: list[Note]) -> tuple[Artifact, ...]:
    """Return the model files of `item`, the ones that can be run first; `href` is the item's own address."""
    found = [_artifact(key, asset, href, notes) for key, asset in item["assets"].members() if is_model(asset)]
    return tuple(sorted(found, key=lambda a: not a.runnable))


def is_model(asset: Node) -> bool:
    """Whether an asset is the model or its weights, and no code that happens to carry the role as well."""
    if not isinstance(asset.value, dict):
        return False
    roles = set(asset["roles"].texts())
    if roles & CODE_ROLES:
        return _is_onnx(asset)
    return bool(roles & MODEL_ROLES) or asset["mlm:artifact_type"].present or _is_onnx(asset)


def absolute(href: str, base: str) -> str:
    """Return `href` resolved against `base`, the address (URL or path) of the item that holds it."""
    if urlsplit(href).scheme.lower() in _SCHEMES or not base or "://" in href:
        return href
    if urlsplit(base).scheme in ("http", "https", "file"):
        return urljoin(base, href)
    if PurePosixPath(href).is_absolute() or PureWindowsPath(href).is_absolute():
        return href
    return str((Path(base).parent / href).resolve())


def resources(item: Node, href: str, notes: list[Note]) -> tuple[Artifact, ...]:
    """Return the files of `item` that are not the model: its source code, containers, training data."""
    return tuple(
        _resource(key, asset, href, notes)
        for key, asset in item["assets"].members()
        if isinstance(asset.value, dict) and not is_model(asset)
    )


def links(item: Node, href: str, notes: list[Note]) -> tuple[Link, ...]:
    """Return the links that say something about the model, and not where the item stands in its catalog."""
    found = []
    for link in item["links"]:
        if not isinstance(link.value, dict) or not _is_address(link["href"].text()):
            notes.append(Note(link.path, "That is no link, and is ignored.", link.kept(), None))
        elif link["rel"].text() not in STRUCTURAL:
            found.append(_link(link, href))
    return tuple(found)


def _link(link: Node, base: str) -> Link:
    return Link(
        rel=link["rel"].text(),
        href=absolute(link["href"].text(), base),
        title=link["title"].text(),
        type=link["type"].text(),
        more={k: v.kept() for k, v in link.members() if k not in LINK_WORDS and v.present},
    )


def _resource(key: str, asset: Node, base: str, notes: list[Note]) -> Artifact:
    described = _described(key, asset, base, notes)
    roles = tuple(r for r in described.roles if r != "mlm:model")
    if roles != described.roles:
        notes.append(Note(f"{asset.path}.roles", "That is no model, whatever its role says.", described.roles, roles))
    return replace(described, roles=roles)


def _artifact(key: str, asset: Node, base: str, notes: list[Note]) -> Artifact:
    described = _described(key, asset, base, notes)
    if not described.href:
        raise asset["href"].required().wrong("an address or a path")
    kind = described.artifact_type or _kind(asset)
    roles = described.roles if "mlm:model" in described.roles else ("mlm:model", *described.roles)
    for word, old, new in (("mlm:artifact_type", described.artifact_type, kind), ("roles", described.roles, roles)):
        if old != new:
            text = f"{word} of a model's file is required since MLM 1.4; it is told from what the asset says."
            notes.append(Note(f"{asset.path}.{word}", text, old or None, new))
    runnable, why_not = _runnable(asset)
    if runnable:
        why_not = _unreachable(described.href, base)
        runnable = not why_not
    return replace(described, artifact_type=kind, roles=roles, runnable=runnable, why_not=why_not)


def _described(key: str, asset: Node, base: str, notes: list[Note]) -> Artifact:
    href = asset["href"].text()
    if not _is_address(href):
        raise asset["href"].wrong("an address or a path")
    for page, raw in _PAGE:
        if page.match(href) and is_model(asset):
            better = page.sub(raw, href)
            notes.append(Note(asset["href"].path, "That is a web page about the file, not the file.", href, better))
            href = better
    return Artifact(
        key=key,
        href=absolute(href, base) if href else "",
        type=asset["type"].text(),
        artifact_type=asset["mlm:artifact_type"].text(),
        title=asset["title"].text(),
        description=asset["description"].text(),
        roles=asset["roles"].texts(),
        size=asset["file:size"].integer(),
        checksum=asset["file:checksum"].text().lower(),
        more={k: v.kept() for k, v in asset.members() if k not in ASSET_WORDS and v.present},
    )


def _kind(asset: Node) -> str:
    """Return the artifact type of a model's file that has none, in the words that the specification suggests."""
    if _is_onnx(asset):
        return "onnx"
    said = " ".join((asset["type"].text(), asset["href"].text(), asset["description"].text())).lower()
    return next((kind for pattern, kind in ARTIFACT_TYPES if re.search(pattern, said)), "unknown")


def _unreachable(href: str, base: str) -> str:
    """Return why a model's file can't be had from its address, or an empty string.

    An item from the web must not name files of this machine: it would have them read, and their contents told.
    """
    scheme = urlsplit(href).scheme.lower()
    if _is_web(base) and not _is_web(href) and scheme != "pkg":
        return (
            f"The item comes from the web and names a file of this machine ({href[:80]}), which is not opened for it."
        )
    if len(scheme) > 1 and scheme not in _SCHEMES:
        return f"The model's file is at a {scheme}:// address, which can't be fetched. Download it and give its path."
    return ""


def _is_web(address: str) -> bool:
    return urlsplit(address).scheme.lower() in ("http", "https")


def _runnable(asset: Node) -> tuple[bool, str]:
    if _is_onnx(asset):
        return True, ""
    said = " ".join((asset["mlm:artifact_type"].text(), asset["type"].text(), asset["href"].text())).lower()
    kind = next((name for pattern, name in KINDS if re.search(pattern, said)), "a file of unknown kind")
    return False, f"The model comes as {kind}, and only ONNX runs here. Ask its publisher for an ONNX export."


def _is_onnx(asset: Node) -> bool:
    if asset["mlm:artifact_type"].text().lower() in ("onnx", "onnx.save", "torch.onnx.export"):
        return True
    if re.search(r"framework=onnx|application=onnx|/(x-)?onnx", asset["type"].text().lower()):
        return True
    href = asset["href"].text().split("#")[-1]
    return _is_address(href) and urlsplit(href).path.lower().endswith(".onnx")


def _is_address(href: str) -> bool:
    """Whether `href` can be taken apart; a host in unbalanced brackets can't."""
    try:
        urlsplit(href)
    except ValueError:
        return False
    return True
