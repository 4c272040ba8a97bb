"""Consents: nobody else may know of a flag unless the person said so, and each can be taken back."""

from datetime import timedelta

from models.consents import Consent, Recipient, consents_of, say, says_yes_to, set_consents
from models.database import Database
from models.vault import Vault
from tests.models.helpers import NOW, add_flag, add_person


async def test_each_consent_is_given_and_taken_back_alone_with_its_time(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        flag = await add_flag(session, vault, await add_person(session, vault, 1))
        other = await add_flag(session, vault, await add_person(session, vault, 2))
        await set_consents(session, flag.id, [Recipient.STATISTICS, Recipient.POLICE, Recipient.POLICE], NOW)
        assert await consents_of(session, flag.id) == {Recipient.STATISTICS, Recipient.POLICE}
        later = NOW + timedelta(hours=1)
        await say(session, flag.id, Recipient.POLICE, False, later)
        await say(session, flag.id, Recipient.PLATFORM, True, later)
        assert await says_yes_to(session, flag.id, Recipient.POLICE) is False
        assert await consents_of(session, flag.id) == {Recipient.STATISTICS, Recipient.PLATFORM}
        row = await session.get_one(Consent, (flag.id, Recipient.POLICE))
        assert (row.given_at, row.revoked_at) == (NOW, later)
        await say(session, flag.id, Recipient.POLICE, True, later + timedelta(hours=1))
        assert Recipient.POLICE in await consents_of(session, flag.id)
        assert await consents_of(session, other.id) == set()
