"""Addresses: what a relative one means, which are local, which may be followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlm_runner.core.catalog import hrefs


@pytest.mark.parametrize(
    ("href", "base", "expected"),
    [
        ("item.json", "https://example.org/a/catalog.json", "https://example.org/a/item.json"),
        ("../b/item.json", "https://example.org/a/catalog.json", "https://example.org/b/item.json"),
        ("/top.json", "https://example.org/a/catalog.json", "https://example.org/top.json"),
        ("//other.org/x.json", "https://example.org/a/c.json", "https://other.org/x.json"),
        ("./b/../item.json", "/models/catalog.json", "/models/item.json"),
        ("item.json", "/models/all.json#water", "/models/item.json"),
        ("sub/item.json", r"C:\models\catalog.json", r"C:\models\sub\item.json"),
        (r"..\item.json", r"\\host\share\a\catalog.json", r"\\host\share\item.json"),
        (r"D:\item.json", "/models/catalog.json", r"D:\item.json"),
        ("model.onnx", "file:///models/item.json", "file:///models/model.onnx"),
        ("https://example.org/x", "/models/catalog.json", "https://example.org/x"),
        ("pkg:pypi/a@1#b", "https://example.org/item.json", "pkg:pypi/a@1#b"),
    ],
)
def test_a_relative_address_is_read_against_its_document(href: str, base: str, expected: str) -> None:
    assert hrefs.absolute(href, base) == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/models/a b.json", "/models/a b.json"),
        ("file:///models/a%20b.json", "/models/a b.json"),
        ("file://localhost/models/a.json", "/models/a.json"),
        ("file:///C:/models/a.json", "C:/models/a.json"),
        ("file://host/share/a.json", "//host/share/a.json"),
        ("https://example.org/a.json", None),
        ("s3://bucket/a.json", None),
    ],
)
def test_local_addresses_become_paths_and_others_none(href: str, expected: str | None) -> None:
    assert hrefs.to_path(href) == (Path(expected) if expected else None)


@pytest.mark.parametrize("href", ["file:///etc/passwd", "/etc/passwd", r"C:\secret.json", "ftp://example.org/a"])
def test_a_document_from_the_network_may_not_lead_into_this_machine(href: str) -> None:
    assert not hrefs.may_follow(href, "https://example.org/catalog.json")


def test_a_local_document_may_lead_anywhere_that_is_read() -> None:
    assert hrefs.may_follow("https://example.org/a.json", "/models/catalog.json")
    assert hrefs.may_follow("/models/a.json", "/models/catalog.json")


def test_a_message_never_shows_a_password() -> None:
    assert hrefs.shown("https://anna:secret@example.org/a.json") == "https://example.org/a.json"


@pytest.mark.parametrize("href", ["http://[::1", "https://[x]/a", "http://exa mple/\x00"])
def test_an_address_that_is_none_is_no_crash(href: str) -> None:
    for function in (hrefs.shown, hrefs.scheme, hrefs.to_path, hrefs.file_name):
        function(href)
    hrefs.absolute("a.json", href)
    hrefs.same_host(href, "https://example.org")


def test_an_id_with_a_slash_stays_one_part_of_the_address() -> None:
    assert hrefs.with_id("/models/all.json", "a/b#c d") == "/models/all.json#a%2Fb%23c d"


@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("https://example.org/a/model%201.onnx?download=true", "model 1.onnx"),
        ("pkg:pypi/name@1.0#folder/model.onnx", "model.onnx"),
        (r"C:\models\model.onnx", "model.onnx"),
        ("/models/model.onnx", "model.onnx"),
    ],
)
def test_a_file_is_named_by_the_end_of_its_address(href: str, name: str) -> None:
    assert hrefs.file_name(href) == name
