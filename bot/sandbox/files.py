"""Files that people and the bot have sent, and the little that Telegram looks at inside a picture."""

import itertools
import struct
from dataclasses import dataclass, field

from .errors import Json, bad

PHOTO_BYTES = 10 * 1024 * 1024
DOCUMENT_BYTES = 50 * 1024 * 1024
DOWNLOAD_BYTES = 20 * 1024 * 1024
_THUMBNAIL_SIDE = 90


@dataclass(frozen=True, slots=True)
class File:
    """One stored file; `path` is what getFile calls file_path."""

    file_id: str
    unique_id: str
    path: str
    name: str
    mime: str
    data: bytes

    def described(self) -> Json:
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.data)}


@dataclass(slots=True)
class Files:
    """The newest files, up to `limit` bytes together; older ones are forgotten."""

    limit: int = 256 * 1024 * 1024
    _by_id: dict[str, File] = field(default_factory=dict)
    _by_path: dict[str, File] = field(default_factory=dict)
    _bytes: int = 0
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(self, folder: str, name: str, mime: str, data: bytes) -> File:
        """Store `data` under `folder` ("photos", "documents", "voice", "stickers")."""
        number = next(self._numbers)
        suffix = name.rsplit(".", 1)[-1] if "." in name else "bin"
        file = File(
            file_id=f"SandboxFile{number:08d}-{folder}",
            unique_id=f"SBX{number:08d}",
            path=f"{folder}/file_{number}.{suffix}",
            name=name,
            mime=mime,
            data=data,
        )
        self._by_id[file.file_id] = self._by_path[file.path] = file
        self._bytes += len(data)
        while self._bytes > self.limit and len(self._by_id) > 1:
            oldest = self._by_id.pop(next(iter(self._by_id)))
            del self._by_path[oldest.path]
            self._bytes -= len(oldest.data)
        return file

    def get(self, file_id: str) -> File | None:
        return self._by_id.get(file_id)

    def at(self, path: str) -> File | None:
        return self._by_path.get(path)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, GIF or JPEG, read from its header; None for anything else."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data[:4] == b"GIF8" and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    return _jpeg_size(data) if data[:2] == b"\xff\xd8" else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding before a marker
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return None


def without_metadata(data: bytes) -> bytes:
    """A photo as Telegram passes it on: a JPEG without what the camera wrote into it (place, time, device)."""
    if data[:2] != b"\xff\xd8":
        return data
    kept = [data[:2]]
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
        if not (0xE1 <= data[at + 1] <= 0xEF or data[at + 1] == 0xFE):
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])


def photo_sizes(files: Files, name: str, data: bytes) -> list[Json]:
    """Store a photo and describe it as Telegram does: a thumbnail and the picture, smallest first."""
    if len(data) > PHOTO_BYTES:
        raise bad("file is too big")
    data = without_metadata(data)
    size = picture_size(data)
    if size is None:
        raise bad("IMAGE_PROCESS_FAILED")
    width, height = size
    if not width or not height or width + height > 10_000 or max(size) > 20 * min(size):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    mime = "image/png" if data[:1] == b"\x89" else "image/gif" if data[:1] == b"G" else "image/jpeg"
    file = files.add("photos", name, mime, data)
    full = {**file.described(), "width": width, "height": height}
    if max(size) <= _THUMBNAIL_SIDE:
        return [full]
    scale = _THUMBNAIL_SIDE / max(size)
    small = files.add("thumbnails", name, mime, data)  # the same bytes: nobody looks at a thumbnail's pixels
    shrunk = {"width": max(1, round(width * scale)), "height": max(1, round(height * scale))}
    return [{**small.described(), **shrunk}, full]
