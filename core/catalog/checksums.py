"""Checksums as items write them (`file:checksum`, STAC file extension): multihashes in hexadecimal, or a bare digest.

A multihash is the code of its kind and the digest's length, each as a varint, and then the digest (multiformats.io).
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Callable, Optional

from ..errors import ArtifactCorrupt
from ..watch import Watch

CHUNK = 1 << 20

Maker = Callable[[], Any]


def _named(name: str) -> Maker:
    # Old kinds are taken where an item gives no better: they guard against damage, and nothing is signed with them.
    return partial(hashlib.new, name, usedforsecurity=False)


KINDS: dict[int, tuple[str, int, Maker]] = {
    0x11: ("sha1", 20, _named("sha1")),
    0x12: ("sha2-256", 32, _named("sha256")),
    0x13: ("sha2-512", 64, _named("sha512")),
    0x14: ("sha3-512", 64, _named("sha3_512")),
    0x15: ("sha3-384", 48, _named("sha3_384")),
    0x16: ("sha3-256", 32, _named("sha3_256")),
    0x17: ("sha3-224", 28, _named("sha3_224")),
    0x20: ("sha2-384", 48, _named("sha384")),
    0xD5: ("md5", 16, _named("md5")),
    0x1013: ("sha2-224", 28, _named("sha224")),
    **{0xB200 + n: (f"blake2b-{n * 8}", n, partial(hashlib.blake2b, digest_size=n)) for n in range(1, 65)},
    **{0xB240 + n: (f"blake2s-{n * 8}", n, partial(hashlib.blake2s, digest_size=n)) for n in range(1, 33)},
}
"""Code (multicodec table): name, digest's length in bytes, how it is computed; Python computes all of these."""

BARE = {32: 0xD5, 40: 0x11, 64: 0x12, 96: 0x20, 128: 0x13}
"""What a digest without code is taken for, by its number of hexadecimal digits."""

SHA256 = "sha2-256"
_BY_NAME = {name: make for name, _, make in KINDS.values()}


@dataclass(frozen=True)
class Checksum:
    """What a file's digest must be; `digest` is lower-case hexadecimal."""

    kind: str
    digest: str


def parse(text: str, name: str) -> Optional[Checksum]:
    """Return the checksum an item gives for the file `name`, None where it gives none.

    Raises `ArtifactCorrupt` for one that can't be checked: a file that should be verified is not taken unverified.
    """
    said = text.strip().lower()
    if not said:
        return None
    remedy = "Ask the item's publisher for a sha2-256 multihash in hexadecimal (1220...)."
    if len(said) % 2 or set(said) - set(string.hexdigits):
        raise ArtifactCorrupt(f"file:checksum of {name} is {text[:40]!r}, which is no hexadecimal multihash. {remedy}")
    raw = bytes.fromhex(said)
    code, rest = _varint(raw)
    length, digest = _varint(rest)
    if code in KINDS and length == KINDS[code][1] == len(digest):
        return Checksum(KINDS[code][0], digest.hex())
    if len(said) in BARE:
        return Checksum(KINDS[BARE[len(said)]][0], said)
    if code in KINDS:
        kind, wanted, _ = KINDS[code]
        raise ArtifactCorrupt(
            f"file:checksum of {name} is cut: a {kind} has {wanted} bytes, it says {length} and has {len(digest)}. "
            f"{remedy}"
        )
    raise ArtifactCorrupt(
        f"file:checksum of {name}, {text[:40]!r}, is of a kind that is not known here (code {code:#x}), so the file "
        f"can't be verified. {remedy}"
    )


def digests(path: Path, kinds: Iterable[str], watch: Watch) -> dict[str, str]:
    """Return the digests of a file, read once."""
    running = {kind: _BY_NAME[kind]() for kind in kinds}
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            watch.check()
            for digest in running.values():
                digest.update(chunk)
    return {kind: digest.hexdigest() for kind, digest in running.items()}


def _varint(raw: bytes) -> tuple[int, bytes]:
    """Return an unsigned varint and what follows it; what is no varint gives -1, which no table knows."""
    value = 0
    for index, byte in enumerate(raw[:9]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, raw[index + 1 :]
    return -1, b""
