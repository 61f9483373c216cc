"""Checksums: every kind of multihash, and a sentence for what can't be checked.

The digests of "abc" are those of `openssl dgst` and, for blake2b, `b2sum`; the codes are the multicodec table's.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mlm_runner.core.catalog import checksums
from mlm_runner.core.errors import ArtifactCorrupt

SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
SHA1 = "a9993e364706816aba3e25717850c26c9cd0d89d"
MD5 = "900150983cd24fb0d6963f7d28e17f72"
SHA512 = (
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
)
OF_ABC = [
    ("sha2-256", f"1220{SHA256}"),
    ("sha1", f"1114{SHA1}"),
    ("md5", f"d50110{MD5}"),
    ("sha2-512", f"1340{SHA512}"),
    (
        "sha2-384",
        "2030cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    ),
    ("sha2-224", "93201c23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
    ("sha3-224", "171ce642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
    ("sha3-256", "16203a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
    ("blake2b-256", "a0e40220bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
    ("blake2s-256", "e0e40220508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"),
    ("sha2-256", SHA256),
    ("sha1", SHA1),
    ("md5", MD5),
    ("sha2-512", SHA512),
    ("sha2-256", f"1220{SHA256}".upper()),
]


@pytest.mark.parametrize(("kind", "text"), OF_ABC, ids=[f"{k}-{len(t)}" for k, t in OF_ABC])
def test_each_kind_of_checksum_is_read_and_computed(kind: str, text: str, tmp_path: Path, watch) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    wanted = checksums.parse(text, "abc")
    assert wanted.kind == kind
    assert checksums.digests(tmp_path / "abc", {kind}, watch) == {kind: wanted.digest}


@pytest.mark.parametrize(
    "text",
    [
        f"1e20{SHA256}",  # blake3, which Python does not compute
        f"1220{SHA256[:-2]}",  # cut
        "mEiC6eBa_jwHP6kFBQN5driIjsANho5YXepy0EP9h8gAVrQ",  # base64 multibase; the extension asks for hexadecimal
        "sha256:abc",
        "00",
        "ff" * 12,
    ],
)
def test_a_checksum_that_cannot_be_checked_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(ArtifactCorrupt, match=r"model\.onnx.*sha2-256 multihash"):
        checksums.parse(text, "model.onnx")


def test_no_checksum_is_none() -> None:
    assert checksums.parse("", "model.onnx") is None
