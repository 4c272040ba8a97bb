"""What is kept of a photo is its pixels, and a voice message is what it says it is."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handlers.cleaning import LONGEST_SIDE, clean_photo, seconds_of_voice
from tests.media import MADE_WITH, photo, voice


def opened(content: bytes | None) -> Image.Image:
    assert content is not None
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_a_jpeg_without_anything_that_the_camera_wrote(kind: str) -> None:
    sent = photo(kind=kind)
    assert MADE_WITH in sent
    kept = clean_photo(sent)
    picture = opened(kept)
    assert (picture.format, picture.size) == ("JPEG", (64, 48))
    assert MADE_WITH not in (kept or b"")
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert dict(picture.getexif()) == {}


def test_a_photo_that_was_taken_sideways_stands_upright() -> None:
    picture = opened(clean_photo(photo((64, 48), turned=True)))
    assert picture.size == (48, 64)
    red, _, blue = picture.getpixel((24, 4))  # type: ignore[misc]
    assert red > 200 > 60 > blue


def test_a_large_photo_is_made_smaller_and_keeps_its_shape() -> None:
    assert opened(clean_photo(photo((5000, 2500)))).size == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_what_can_be_seen_through_becomes_white() -> None:
    written = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(written, "PNG")
    assert opened(clean_photo(written.getvalue())).getpixel((4, 4)) == (255, 255, 255)


def test_a_picture_that_would_unpack_to_gigabytes_is_refused_before_it_does() -> None:
    written = BytesIO()
    Image.new("1", (12_000, 12_000)).save(written, "PNG")
    assert len(written.getvalue()) < 100_000
    assert clean_photo(written.getvalue()) is None


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"%PDF-1.7", photo()[:400], b"\xff\xd8\xff\xe0", b"<svg/>", voice()], ids=range(7)
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    assert clean_photo(content) is None


@given(st.binary(max_size=300), st.integers(0, 300))
def test_no_bytes_raise_anything(noise: bytes, at: int) -> None:
    for whole in (photo(), voice()):
        damaged = whole[:at] + noise + whole[at + len(noise) :]
        clean_photo(damaged)
        seconds_of_voice(damaged)
    clean_photo(noise)
    seconds_of_voice(noise)


@pytest.mark.parametrize("seconds", [0.5, 2, 299, 4000])
def test_a_voice_message_is_as_long_as_its_last_page_says(seconds: float) -> None:
    assert seconds_of_voice(voice(seconds)) == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"OggS",
        voice() + b"more",
        voice()[:-1],
        voice().replace(b"OpusHead", b"\x01vorbis"),
        photo(),
        b"ID3" + voice(),
    ],
    ids=range(7),
)
def test_what_is_no_voice_message_is_refused(content: bytes) -> None:
    assert seconds_of_voice(content) is None
