"""Where a person is in a conversation: kept as it was written, sealed, theirs alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from models.conversation import Conversation
from models.database import Database
from models.vault import CannotOpen, Vault
from tests.models.helpers import NOW, add_people, add_person

TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.none() | TEXT, st.dictionaries(TEXT, JSON, max_size=4))
def test_state_and_data_come_back_as_they_were_written(state: str | None, data: dict[str, object]) -> None:
    vault = Vault([b"k" * 32])
    conversation = Conversation(person_id=7)
    conversation.write(vault, state, data, NOW)
    assert conversation.read(vault) == (state, data)


def test_a_conversation_moved_to_another_person_does_not_open() -> None:
    vault = Vault([b"k" * 32])
    mine, yours = Conversation(person_id=7), Conversation(person_id=8)
    mine.write(vault, "Adding:words", {"flag": 3}, NOW)
    yours.sealed = mine.sealed
    with pytest.raises(CannotOpen):
        yours.read(vault)


async def test_a_conversation_survives_a_restart_and_each_person_has_their_own(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        for number, person in enumerate(await add_people(session, vault, 1, 2)):
            person.conversation = Conversation(person_id=person.id)
            person.conversation.write(vault, "Adding:plate", {"flag": number}, NOW)
    again = Database(database.url.render_as_string(hide_password=False))
    async with again.transaction() as session:
        people = await add_people(session, vault, 1, 2)
        read = [person.conversation.read(vault) for person in people if person.conversation]
    await again.close()
    assert read == [("Adding:plate", {"flag": 0}), ("Adding:plate", {"flag": 1})]


async def test_an_ended_conversation_leaves_no_row(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        person.conversation = Conversation(person_id=person.id)
        person.conversation.write(vault, None, {"a": 1}, NOW)
    async with database.transaction() as session:
        (await add_person(session, vault, 1)).conversation = None
    async with database.reading() as session:
        assert (await session.scalars(select(Conversation))).all() == []
