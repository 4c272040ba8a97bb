"""A folder in memory: what tests write there waits for no disk, and no other process waits for what they write."""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ENOUGH = 2 * 2**30
"""Bytes; the tests need less than half of it. A container often has 64 MB there."""


def in_memory() -> str | None:
    """The path of a folder in memory that has room enough, else None: then the usual folder is as good, but slower."""
    if os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH:
        return str(_MEMORY)
    return None
