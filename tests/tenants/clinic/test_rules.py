from __future__ import annotations

import io

import pytest
from PIL import Image

from saas.errors import Invalid
from tenants.clinic.rules import (
    BadLogo,
    Note,
    PolicyRequest,
    Profile,
    clean_brand,
    clean_policy,
    clean_profile,
    read_logo,
    safe_html,
)


def image(kind: str, size: tuple[int, int] = (20, 20)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "#2f6f6b").save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind, type_", [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_a_logo_is_known_by_its_content(kind: str, type_: str) -> None:
    found = read_logo(image(kind))
    assert found.type == type_
    assert len(found.hash) == 16


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\x89PNG\r\n\x1a\n" + b"junk" * 10,
        image("PNG")[:60],
        image("GIF"),
        image("BMP"),
        b"x" * (512 * 1024 + 1),
        image("PNG", (4097, 4)),
    ],
)
def test_what_is_no_logo_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(BadLogo) as refused:
        read_logo(content)
    assert refused.value.fields["logo"].startswith("Choose")


def test_a_picture_that_would_fill_the_memory_is_refused_unread() -> None:
    header = image("PNG", (8, 8))
    wide = header[:16] + (60_000).to_bytes(4, "big") * 2 + header[24:]
    with pytest.raises(BadLogo):
        read_logo(wide)


@pytest.mark.parametrize("typed, kept", [("#2F6F6B", "#2f6f6b"), (" #7d4a78 ", "#7d4a78")])
def test_a_colour_is_kept_in_lower_case(typed: str, kept: str) -> None:
    assert clean_brand(typed) == kept


@pytest.mark.parametrize("typed", ["", "red", "#fff", "#2f6f6", "#2f6f6b;}", "#２f6f6b", "url(x)", "#2f6f6b\n#fff"])
def test_what_is_no_colour_never_reaches_a_stylesheet(typed: str) -> None:
    with pytest.raises(Invalid):
        clean_brand(typed)


@pytest.mark.parametrize(
    "typed, gone",
    [
        ("<p onclick='x()'>a</p>", "onclick"),
        ("<script>alert(1)</script><p>a</p>", "script"),
        ("<style>p{}</style><p>a</p>", "style"),
        ("<a href='javascript:x()'>a</a>", "javascript"),
        ("<img src=x onerror=x()>a", "img"),
        ("<iframe src='https://example.com'></iframe>a", "iframe"),
        ("<p style='color:red' class='x' id='main'>a</p>", "="),
        ("<!-- note -->a", "note"),
        ("<svg><a xlink:href='javascript:x()'>x</a></svg><p>a</p>", "svg"),
    ],
)
def test_a_document_keeps_its_words_and_loses_its_tricks(typed: str, gone: str) -> None:
    kept = safe_html(typed)
    assert gone not in kept
    assert "a" in kept


def test_a_documents_links_open_as_strangers() -> None:
    kept = safe_html('<h2>Who</h2><p>See <a href="https://example.com/" target="_top">there</a></p>')
    assert 'href="https://example.com/"' in kept
    assert "noopener" in kept
    assert "target" not in kept
    assert "<h2>Who</h2>" in kept


def test_a_profile_is_cleaned() -> None:
    kept = clean_profile(
        Profile(headline=" Calm\x00 ", address="1 Quay\r\n\r\nGalway ", phone="091 555 014", email="A@Example.com",
                promises=(Note(" You can stop ", "At any moment"),)),
        country="IE",
    )  # fmt: skip
    assert kept.headline == "Calm"
    assert kept.address == "1 Quay\n\nGalway"
    assert kept.phone == "+35391555014"
    assert kept.email == "a@example.com"
    assert kept.promises[0].title == "You can stop"


def test_a_profiles_problems_are_told_all_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        clean_profile(
            Profile(headline="x" * 161, phone="12", email="nobody", map_url="javascript:x()",
                    promises=(Note("", "x" * 301),)),
            country="IE",
        )  # fmt: skip
    assert set(refused.value.fields) == {
        "headline", "phone", "email", "map_url", "promises-0-title", "promises-0-text",
    }  # fmt: skip


@pytest.mark.parametrize("url", ["http://x.example", "https://", "https://a b", "https://[", "//x.example"])
def test_a_map_address_is_https_or_refused(url: str) -> None:
    with pytest.raises(Invalid):
        clean_profile(Profile(map_url=url), country="IE")


@pytest.mark.parametrize("terms", [PolicyRequest(-1, 50, 100), PolicyRequest(24, 101, 100), PolicyRequest(24, 50, -1)])
def test_a_policy_keeps_its_bounds(terms: PolicyRequest) -> None:
    with pytest.raises(Invalid):
        clean_policy(terms)
