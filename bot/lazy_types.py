"""Telegram's types are built when they are first used, not all at the start.

aiogram marks its types to be built late, and then builds all of them once imported, since each mentions others by names
that its own module doesn't know. Here each module is told these names instead, and pydantic builds what is used: a
process starts in half the time and holds half the memory.
"""

import sys
from typing import Any

from pydantic import BaseModel

TYPES = "aiogram.types."


def build_when_used() -> None:
    """From now on aiogram's types are built late; to be called before aiogram is imported."""
    rebuild = BaseModel.model_rebuild.__func__  # type: ignore[attr-defined]

    def late(
        cls: type[BaseModel],
        *,
        _parent_namespace_depth: int = 2,
        _types_namespace: dict[str, Any] | None = None,
        **options: bool,
    ) -> Any:
        if _types_namespace is None or not cls.__module__.startswith(TYPES):
            depth = _parent_namespace_depth + 1  # this function is one frame more
            return rebuild(cls, _parent_namespace_depth=depth, _types_namespace=_types_namespace, **options)
        known = vars(sys.modules[cls.__module__])
        known.update({name: known.get(name, value) for name, value in _types_namespace.items()})
        return None

    BaseModel.model_rebuild = classmethod(late)  # type: ignore[arg-type,assignment]
