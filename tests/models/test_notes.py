"""Notes and reasons of the team: sealed with the flag, in order, gone with it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from models.database import Database
from models.flags import Flag
from models.notes import Kind, Note, count_notes, newest_reason, note_at, write_note
from models.people import Person
from models.vault import CannotOpen, Vault
from tests.models.helpers import NOW, add_flag, add_people


async def test_notes_are_kept_in_order_each_with_its_author(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter, one, other = await add_people(session, vault, 1, 2, 3)
        flag, bare = [await add_flag(session, vault, reporter, draft) for draft in "ab"]
        told = [(one, Kind.NOTE, "бірінші"), (other, Kind.CLOSED, "<b>=1+1</b>"), (one, Kind.CLOSED, "third 🙂")]
        for author, kind, text in told:
            await write_note(session, vault, flag, author.id, kind, text, NOW)
    async with database.transaction() as session:
        flag, bare = [await session.get_one(Flag, each.id) for each in (flag, bare)]
        notes = [note for at in range(4) if (note := await note_at(session, flag.id, at)) is not None]
        kept = [(note.author_id, note.kind, note.text(vault, flag)) for note in notes]
        assert kept == [(author.id, kind, text) for author, kind, text in told]
        assert (await count_notes(session, flag.id), await count_notes(session, bare.id)) == (3, 0)
        second, beyond = await note_at(session, flag.id, 1), await note_at(session, flag.id, 3)
        assert second is not None
        assert (second.text(vault, flag), beyond) == ("<b>=1+1</b>", None)
        newest = await newest_reason(session, flag.id, Kind.CLOSED)
        assert newest is not None
        assert newest.text(vault, flag) == "third 🙂"
        assert await newest_reason(session, flag.id, Kind.REOPENED) is None


async def test_a_note_opens_only_where_it_was_written(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        [reporter] = await add_people(session, vault, 1)
        flag, other = [await add_flag(session, vault, reporter, draft) for draft in "ab"]
        one, two = [await write_note(session, vault, flag, reporter.id, Kind.NOTE, text, NOW) for text in "xy"]
        with pytest.raises(CannotOpen):
            one.text(vault, other)
        one.sealed_text = two.sealed_text
        with pytest.raises(CannotOpen):
            one.text(vault, flag)
        flag.sealed_words = two.sealed_text
        with pytest.raises(CannotOpen):
            flag.words(vault)


async def test_notes_go_with_their_flag_and_outlive_their_author(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        reporter, author = await add_people(session, vault, 1, 2)
        flag, gone = [await add_flag(session, vault, reporter, draft) for draft in "ab"]
        for each in (flag, gone):
            await write_note(session, vault, each, author.id, Kind.NOTE, "text", NOW)
        await session.execute(delete(Flag).where(Flag.id == gone.id))
        await session.execute(delete(Person).where(Person.id == author.id))
    async with database.transaction() as session:
        [left] = await session.scalars(select(Note))
        assert (left.flag_id, left.author_id) == (flag.id, None)
        assert left.text(vault, await session.get_one(Flag, flag.id)) == "text"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(min_size=1))
def test_any_text_comes_back_as_it_was_typed(vault: Vault, text: str) -> None:
    box, wrapped = vault.new_key("flag 01")
    flag = Flag(uid=b"\x01", wrapped_key=wrapped)
    plain = text.encode("utf-8", "ignore")
    note = Note(uid=b"\x02", sealed_text=box.seal(plain, "note 02"))
    assert note.text(vault, flag) == plain.decode()
