"""Pictures of lessons become PNG of the width asked, on white; what cannot be drawn is said."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from handlers.drawings.pictures import picture

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50"><circle cx="50" cy="25" r="10" fill="#00afca"/></svg>'
)


def test_a_picture_has_the_width_asked_and_a_white_ground(tmp_path: Path) -> None:
    svg = tmp_path / "lesson.svg"
    svg.write_text(SVG)
    drawn = Image.open(BytesIO(picture(svg)))
    assert drawn.format == "PNG"
    assert drawn.size == (1280, 640)
    assert drawn.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)
    assert drawn.convert("RGB").getpixel((640, 320)) == (0, 0xAF, 0xCA)
    assert Image.open(BytesIO(picture(svg, width=200))).size == (200, 100)


def test_no_letters_are_borrowed_from_the_machine(tmp_path: Path) -> None:
    svg = tmp_path / "words.svg"
    svg.write_text(
        SVG.replace(
            "<circle", '<text x="10" y="40" font-size="40" font-family="DejaVu Sans">A</text><circle fill-opacity="0"'
        )
    )
    assert Image.open(BytesIO(picture(svg))).convert("L").getextrema() == (255, 255)


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "broken.svg"
    broken.write_text("<svg")
    with pytest.raises(ValueError, match=r".+"):
        picture(broken)
    with pytest.raises(OSError, match=r"nowhere\.svg"):
        picture(tmp_path / "nowhere.svg")
