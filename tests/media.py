"""Photos and voice messages as phones send them, made by hand."""

import struct
from io import BytesIO

from PIL import Image

MADE_WITH = b"SecretCamera 3000"


def photo(
    size: tuple[int, int] = (64, 48),
    *,
    turned: bool = False,
    kind: str = "JPEG",
    left: str = "red",
    right: str = "blue",
) -> bytes:
    """A picture whose left half is red and whose right half is blue, with all that a camera writes beside it."""
    picture = Image.new("RGB", size, right)
    picture.paste(Image.new("RGB", (size[0] // 2, size[1]), left))
    exif = Image.Exif()
    exif[0x010F] = MADE_WITH.decode()
    exif[0x0112] = 6 if turned else 1
    exif.get_ifd(0x8825).update({1: "N", 2: (43.0, 14.0, 20.0), 3: "E", 4: (76.0, 53.0, 22.0)})
    written = BytesIO()
    more = {"comment": MADE_WITH, "xmp": b"<x:xmpmeta>" + MADE_WITH + b"</x:xmpmeta>"} if kind == "JPEG" else {}
    picture.save(written, kind, exif=exif, **more)
    return written.getvalue()


def _page(body: bytes, position: int, number: int) -> bytes:
    sizes = bytes([255] * (len(body) // 255) + [len(body) % 255])
    header = struct.pack("<4sBBqIIIB", b"OggS", 0, 0 if number else 2, position, 1, number, 0, len(sizes))
    return header + sizes + body


def voice(seconds: float = 2, size: int = 0) -> bytes:
    """A voice message of so many seconds: Opus in Ogg; padded to `size` bytes at least."""
    head = _page(b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0), 0, 0)
    pages = [head, _page(b"OpusTags" + bytes(8), 0, 1)]
    filled = -(-max(0, size - sum(map(len, pages)) - 128) // 60_000)
    for number in range(filled):
        pages.append(_page(bytes(60_000 - 27 - 236), -1, number + 2))
    return b"".join([*pages, _page(b"\x58" * 60, round(seconds * 48_000), len(pages))])
