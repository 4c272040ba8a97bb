"""Keys: what is sealed in the database, and how it's found without being read.

Every master key of `SECRET_KEYS` gives two keys by HKDF: one that seals (AES-256-GCM) and one that makes
blind indexes (HMAC-SHA-256). The newest master key seals; any of them opens. What belongs to one flag is
sealed with a key of that flag alone, which lies in the row sealed by the vault: forget it, and the flag is gone.

A sealed value is `version (1 byte) | key id (4) | nonce (12) | ciphertext and tag`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
VERSION = b"\x01"
_ID, _NONCE = 4, 12
_HEADER = len(VERSION) + _ID + _NONCE


class CannotOpen(Exception):
    """A sealed value was changed, moved to another place, or sealed with a key we don't have."""


def _derive(master: bytes, use: str, length: int = KEY_BYTES) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"qurmet/{use}/1".encode()).derive(master)


class Box:
    """One sealing key. `place` names where a value lives, so that it opens nowhere else."""

    def __init__(self, key: bytes) -> None:
        self.id = _derive(key, "id", _ID)
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, place: str) -> bytes:
        """Seal bytes for a place."""
        nonce = secrets.token_bytes(_NONCE)
        return VERSION + self.id + nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Open what this box sealed for this place; raises CannotOpen for anything else."""
        if not sealed.startswith(VERSION + self.id) or len(sealed) <= _HEADER:
            raise CannotOpen(f"{place}: not sealed in this version with this key")
        nonce = sealed[len(VERSION) + _ID : _HEADER]
        try:
            return self._cipher.decrypt(nonce, sealed[_HEADER:], place.encode())
        except InvalidTag:
            raise CannotOpen(f"{place}: changed, moved, or sealed with another key") from None


@dataclass(frozen=True)
class _Master:
    box: Box
    index_key: bytes


class Vault:
    """The master keys, newest first (each 32 bytes)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError("the vault needs at least one key, each of 32 bytes")
        self._masters = [_Master(Box(_derive(key, "seal")), _derive(key, "index")) for key in keys]

    def seal(self, plain: bytes, place: str) -> bytes:
        """Seal with the newest key."""
        return self._masters[0].box.seal(plain, place)

    def open(self, sealed: bytes, place: str) -> bytes:
        """Open with whichever key sealed it; raises CannotOpen."""
        key_id = sealed[len(VERSION) : len(VERSION) + _ID]
        for master in self._masters:
            if hmac.compare_digest(master.box.id, key_id):
                return master.box.open(sealed, place)
        raise CannotOpen(f"{place}: sealed with a key that SECRET_KEYS doesn't hold")

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed this value."""
        return sealed[len(VERSION) : len(VERSION) + _ID] == self._masters[0].box.id

    def index(self, value: bytes, use: str) -> bytes:
        """The blind index (32 bytes) under the newest key: equal values of one use give equal indexes."""
        return self.indexes(value, use)[0]

    def indexes(self, value: bytes, use: str) -> list[bytes]:
        """The blind index under every key, newest first: to look up while keys are being rotated."""
        message = use.encode() + b"\x00" + value
        return [hmac.digest(master.index_key, message, hashlib.sha256) for master in self._masters]

    def new_key(self, place: str) -> tuple[Box, bytes]:
        """A fresh key of its own for one thing: the box, and the key wrapped for storage."""
        key = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
        return Box(key), self.seal(key, place)

    def unwrap(self, wrapped: bytes, place: str) -> Box:
        """The box of a wrapped key; raises CannotOpen."""
        return Box(self.open(wrapped, place))

    def rewrap(self, sealed: bytes, place: str) -> bytes:
        """The same value sealed with the newest key."""
        return sealed if self.is_current(sealed) else self.seal(self.open(sealed, place), place)
