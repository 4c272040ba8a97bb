"""Photos and voice messages: sealed each with a key of its own, and gone with the draft or flag they belong to."""

from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import IntegrityError

from models.database import Database
from models.deletion import delete_person
from models.drafts import draft_of, new_draft
from models.evidence import (
    LIMITS,
    Evidence,
    Kind,
    Status,
    add_piece,
    attach,
    content_of,
    forget_of_draft,
    forget_of_lost_drafts,
    locked_piece,
    own_piece,
    pieces_of_draft,
    pieces_of_flag,
    sent_in_talk,
)
from models.flags import forget_ended
from models.talk import say
from models.vault import CannotOpen, Vault
from tests.models.helpers import NOW, add_flag, add_people, add_person, add_stored


async def test_a_piece_waits_with_its_file_is_stored_or_refused_and_never_both(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        of = {"person_id": person.id, "draft": "d", "size": 9, "now": NOW}
        one = await add_piece(session, vault, kind=Kind.PHOTO, file_id="file 1", **of)
        two = await add_piece(session, vault, kind=Kind.VOICE, file_id="file 2", seconds=3, **of)
        assert (one.file_id(vault), two.file_id(vault)) == ("file 1", "file 2")
        one.store(one.seal(vault, b"content"), 7)
        two.refuse()
    async with database.reading() as session:
        one, two = (await session.scalars(select(Evidence).order_by(Evidence.id))).all()
        assert (one.status, one.file_id(vault), one.size) == (Status.STORED, "", 7)
        assert (two.status, two.file_id(vault), two.size) == (Status.REFUSED, "", 0)
        assert await content_of(session, vault, one.id) == b"content"
        assert await content_of(session, vault, two.id) is None
        assert await pieces_of_draft(session, person.id, "d") == [one]


async def test_the_content_of_one_piece_opens_in_no_other(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        one = await add_stored(session, vault, person.id, b"one", draft="d")
        two = await add_stored(session, vault, person.id, b"two", draft="d")
        two.sealed_content = one.seal(vault, b"one")
        await session.flush()
        with pytest.raises(CannotOpen):
            await content_of(session, vault, two.id)


async def test_what_was_sent_for_a_draft_goes_with_it_into_the_flag_and_nobody_elses_does(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        one, other = await add_people(session, vault, 1, 2)
        mine = await add_stored(session, vault, one.id, b"mine", draft="same")
        theirs = await add_stored(session, vault, other.id, b"theirs", draft="same")
        flag = await add_flag(session, vault, one, "same")
        await attach(session, one.id, "same", flag.id)
        assert [piece.id for piece in await pieces_of_flag(session, flag.id)] == [mine.id]
        assert [piece.id for piece in await pieces_of_draft(session, other.id, "same")] == [theirs.id]
        assert await pieces_of_draft(session, one.id, "same") == []


async def test_of_a_dropped_or_forgotten_draft_nothing_is_left(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        await new_draft(session, vault, person.id, "kept", "media", NOW)
        kept = await add_stored(session, vault, person.id, b"1", draft="kept")
        lost = await add_stored(session, vault, person.id, b"2", draft="lost")
        flag = await add_flag(session, vault, person, "sent")
        sent = await add_stored(session, vault, person.id, b"3", flag_id=flag.id)
        await session.flush()
        await forget_of_lost_drafts(session)
        assert await locked_piece(session, lost.id) is None
        assert await locked_piece(session, kept.id) is not None
        await forget_of_draft(session, person.id, "kept")
        assert await draft_of(session, person.id) is not None
        left = (await session.scalars(select(Evidence.id))).all()
        assert left == [sent.id]


async def test_what_was_sent_for_lost_drafts_is_found_by_index(database: Database) -> None:
    asked: list[tuple[str, Any]] = []
    async with database.transaction() as session:
        connection = await session.connection()

        def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        event.listen(connection.sync_connection, "before_cursor_execute", listen)
        await forget_of_lost_drafts(session)
        ((statement, parameters),) = list(asked)
        if not database.is_sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is too small for an index
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plan = str((await connection.exec_driver_sql(explain + statement, parameters)).all())
    assert "ix_evidence_draft" in plan


@pytest.mark.parametrize("how", ["flag", "person"])
async def test_evidence_and_talk_go_with_the_flag_and_with_the_person(
    database: Database, vault: Vault, how: str
) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        flag = await add_flag(session, vault, person)
        said = await say(session, vault, flag, person.id, "x", from_team=False, now=NOW)
        await add_stored(session, vault, person.id, b"1", flag_id=flag.id)
        await add_stored(session, vault, person.id, b"2", flag_id=flag.id, talk_id=said.id)
        flag.withdraw(NOW)
    async with database.transaction() as session:
        if how == "person":
            [person] = await add_people(session, vault, 1)
            await delete_person(session, person)
        else:
            await forget_ended(session, vault, NOW.replace(year=NOW.year + 1), NOW)
    async with database.reading() as session:
        assert (await session.scalars(select(Evidence.id))).all() == []


async def test_what_is_sent_in_the_talk_is_counted_apart_by_its_side(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person, reviewer = await add_people(session, vault, 1, 2)
        flag = await add_flag(session, vault, person)
        for author in (person, reviewer, reviewer):
            said = await say(session, vault, flag, author.id, None, from_team=author is reviewer, now=NOW)
            await add_stored(session, vault, author.id, b"x", flag_id=flag.id, talk_id=said.id)
        await add_stored(session, vault, person.id, b"x", flag_id=flag.id)
        assert await sent_in_talk(session, flag.id, person.id, Kind.PHOTO) == 1
        assert await sent_in_talk(session, flag.id, reviewer.id, Kind.PHOTO) == 2
        assert await sent_in_talk(session, flag.id, reviewer.id, Kind.VOICE) == 0
        assert len(await pieces_of_flag(session, flag.id)) == 1
        assert set(LIMITS) == set(Kind)


async def test_a_piece_belongs_to_a_draft_or_a_flag_says_the_database(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        flag = await add_flag(session, vault, person)

    async def add(**of: Any) -> None:
        async with database.transaction() as session:
            await add_stored(session, vault, person.id, b"x", **of)

    for of in ({}, {"draft": "d", "flag_id": flag.id}):
        with pytest.raises(IntegrityError):
            await add(**of)


async def test_a_piece_is_found_by_its_handle_by_whoever_sent_it_and_any_may_be_asked_for(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        person, other = await add_people(session, vault, 1, 2)
        piece = await add_stored(session, vault, person.id, b"x", draft="d")
        assert await own_piece(session, person.id, piece.handle) is piece
        assert await own_piece(session, other.id, piece.handle) is None
        for handle in ("", str(piece.id), piece.handle[:-1], "A" * 22, "қ" * 22):
            assert await own_piece(session, person.id, handle) is None
