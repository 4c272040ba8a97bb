"""Pictures of the lessons: drawn as SVG, sent as PNG, because Telegram shows no SVG."""

from pathlib import Path


def picture(svg: Path, width: int = 1280) -> bytes:
    """An SVG as PNG on white, `width` pixels wide and as high as its shape asks.

    No font of the machine is used: a picture has shapes, no words. Raises OSError if the file can't be read and
    ValueError if it is no SVG.
    """
    from resvg_py import svg_to_bytes

    # Telegram keeps no transparency in photos: what is not painted would turn black on some phones.
    return svg_to_bytes(svg_string=svg.read_text("utf-8"), width=width, skip_system_fonts=True, background="white")
