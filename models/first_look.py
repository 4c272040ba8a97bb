"""How soon somebody should look at a flag, by its severity. The operator may say so; each session carries it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import object_session

FirstLook = Mapping[int, timedelta]
"""By severity, 1 to 4."""
FIRST_LOOK: FirstLook = {
    4: timedelta(minutes=15),
    3: timedelta(hours=4),
    2: timedelta(hours=24),
    1: timedelta(hours=72),
}
"""Where the operator says nothing."""
_NAME = "first look"


def session_info(first_look: FirstLook) -> dict[str, Any]:
    """What a session must carry so that its flags are to be looked at so soon."""
    return {_NAME: first_look}


def first_look(row: object, severity: int) -> timedelta:
    """How soon somebody should look at a thing of this severity, in the session to which this row belongs."""
    session = object_session(row)
    looks: FirstLook = session.info.get(_NAME, FIRST_LOOK) if session is not None else FIRST_LOOK
    return looks[severity]
