"""What people send is looked into before it's kept: by its content, never by what it's said to be.

A photo becomes a fresh JPEG that holds its pixels and nothing else: no place, no time, no device. Slow, so done off the
event loop.
"""

from io import BytesIO

LONGEST_SIDE = 2048
"""Pixels."""
MOST_PIXELS = 50_000_000
"""More than Telegram lets through; unpacked, a picture takes three bytes for each."""
_RATE = 48_000
_HEADER = 27


def clean_photo(content: bytes) -> bytes | None:
    """The picture as a fresh JPEG, upright and without metadata; None if it can't be read as a picture."""
    from PIL import Image, ImageOps

    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return None
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            pixels = upright.convert("RGBA") if upright.has_transparency_data else upright.convert("RGB")
            fresh = Image.new("RGB", pixels.size, "white")
            fresh.paste(pixels, mask=pixels if pixels.mode == "RGBA" else None)
    except Exception:  # whatever a decoder says about it: it's no picture that we can read
        return None
    written = BytesIO()
    fresh.save(written, "JPEG", quality=85, optimize=True)
    return written.getvalue()


def seconds_of_voice(content: bytes) -> float | None:
    """The length in seconds of a voice message; None if it isn't Opus in Ogg from its first byte to its last."""
    at, samples, first = 0, 0, True
    while at < len(content):
        header = content[at : at + _HEADER]
        if len(header) < _HEADER or not header.startswith(b"OggS\x00"):
            return None
        sizes = content[at + _HEADER : at + _HEADER + header[26]]
        body = at + _HEADER + header[26]
        if first and content[body : body + 8] != b"OpusHead":
            return None
        first, at = False, body + sum(sizes)
        position = int.from_bytes(header[6:14], "little", signed=True)
        samples = max(samples, position)
    return None if first or at != len(content) else samples / _RATE
