"""Who is called when somebody asks for a second look: all of the team who may decide on it."""

from handlers.notices import tell_of_second_look
from handlers.visit import Visit
from models.appeals import Appeal, Side, appeal_of, who_may_decide
from models.flags import Flag, State


async def called_again(appeal: Appeal, visit: Visit) -> None:
    """Tell all who may decide on an appeal; if there's nobody, the owners, who can find somebody.

    Nobody as long as the flag is open: it's looked at again anyway.
    """
    flag = await visit.session.get_one(Flag, appeal.flag_id)
    if flag.state is State.CLOSED:
        them = await who_may_decide(visit.session, appeal)
        await tell_of_second_look(visit.session, visit.vault, visit.texts, them, visit.now)


async def still_asked(flag: Flag, visit: Visit) -> None:
    """A flag was closed anew: tell of the second looks that were asked for before and nobody has given."""
    for side in Side:
        appeal = await appeal_of(visit.session, flag.id, side)
        if appeal is not None and appeal.decided_at is None:
            await called_again(appeal, visit)
