"""The promise "A stolen database file shows no Telegram id, no text of a flag, no plate, no contact".

Nor anything else that people wrote: no name of a certificate, no words of a plan, no reason, no lesson on trial.
"""

import base64
import json
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from models.audit import Action, record
from models.consents import Recipient, set_consents
from models.conversation import Conversation
from models.course import Attempt
from models.database import Database
from models.duty import set_duty
from models.evidence import Kind, add_piece
from models.flags import Ride
from models.leases import hold
from models.new_flags import store_flag
from models.notes import Kind as NoteKind
from models.notes import write_note
from models.outbox import LEASE, Delivery, Priority, lease, post
from models.people import mark_blocked
from models.receipts import show_receipt
from models.schema import metadata
from models.talk import say
from models.team import Role
from models.updates import set_aside, take_new
from models.vault import Vault
from tests.models.helpers import (
    NOW,
    OwnTexts,
    add_access,
    add_both_sides,
    add_course,
    add_person,
    every_row,
    sqlite_bytes,
)

TELEGRAM_ID, REVIEWER_ID, READER_ID = 6_123_456_789, 5_987_654_321, 6_777_888_999
NAME, USERNAME, PHONE = "Айгерім Тестова", "aigerim_testova", "+77015557799"
WORDS = "Жүргізуші тіземе қолын қойды, he touched my knee, водитель угрожал"
TEXTS = OwnTexts(
    name="Ерлан Сапарғалиұлы Үлгіберген",
    reason="Жолаушыға дөрекілік көрсетті, dismissed after two complaints",
    pledge="Түнде жолаушыдан мекенжайын сұрамаймын, молчу о личном",
    remark="Достарым қолдады, мешала усталость, tiredness got in the way",
    draft="Есікті құлыптап алды, отказался высадить, screamed furiously",
    label="Сәулетай жетекші, старшая Светлана",
    invited="Бауыржанбек мырза, новенький стажёр",
    asked="Прокуратурадан сұрау келді, urgently telephone",
    broadcast="Құрметті жүргізушілер жиналысы, собрание состоится, unannounced gathering",
    evidence="Суретте машинаның нөмірі көрінеді, видно лицо водителя, dashboard",
    plate="909QTZ16",
    trial="# Сыналып жатқан сабақ\n\nНевышедший материал, unpublished paragraph",
)
PASSPHRASE = "жеті құрақ көрпе, seven patchwork quilts"
SIDE = "Мен ондай сөз айтқан жоқпын, ничего подобного, it was remembered otherwise"
SAID = "Командаға жазғаным, переписка с командой, wrote back yesterday"
NOTE = "Екінші рет қоңырау шалып, перезвонила вчера, colleague confirmed everything"
FILE_ID, PLACE = "AgACAgIAAxkBAAIBQ2V4YmRl", (43.238949, 76.889709)
PLATE, PLATE_TYPED = "717XYZ02", "717 xyz 02"
UPDATE = {
    "update_id": 700_100_200,
    "message": {
        "message_id": 11,
        "date": 1_790_000_000,
        "from": {"id": TELEGRAM_ID, "is_bot": False, "first_name": NAME, "username": USERNAME, "language_code": "kk"},
        "chat": {"id": TELEGRAM_ID, "type": "private", "first_name": NAME, "username": USERNAME},
        "text": WORDS,
        "contact": {"phone_number": PHONE, "first_name": NAME, "user_id": TELEGRAM_ID},
    },
}


async def live(database: Database, vault: Vault) -> str:
    """A full day of the bot in every table; the receipt that was given."""
    async with database.transaction() as session:
        person = await add_person(session, vault, TELEGRAM_ID)
        reviewer = await add_person(session, vault, REVIEWER_ID, Role.OWNER)
        flag, _ = await store_flag(
            session, vault, reporter_id=person.id, draft="q7Tz", codes=["PH2", "VB3"], ride=Ride.GOING_ON, now=NOW
        )
        flag.write_words(vault, "a first version: " + WORDS)
        flag.write_words(vault, WORDS)
        flag.write_plate(vault, PLATE)
        flag.write_contact(vault, f"{NAME}, {PHONE}, @{USERNAME}")
        await set_consents(session, flag.id, [Recipient.LEGAL_AID], NOW)
        await set_duty(session, reviewer.id, True, NOW)
        flag.write_place(vault, PLACE)
        said = await say(session, vault, flag, person.id, SAID, from_team=False, now=NOW)
        of = {"person_id": person.id, "flag_id": flag.id, "talk_id": said.id, "size": 1, "now": NOW}
        await add_piece(session, vault, kind=Kind.PHOTO, file_id=FILE_ID, **of)
        flag.claim(reviewer.id)
        await write_note(session, vault, flag, reviewer.id, NoteKind.CLOSED, NOTE, NOW)
        receipt = flag.receipt(vault)
        person.conversation = Conversation(person_id=person.id)
        person.conversation.write(vault, "Adding:words", {"flag": flag.id, "draft": WORDS, "plate": PLATE_TYPED}, NOW)
        session.add(Attempt(person_id=person.id, lesson=1, version="1", place="card-1", started_at=NOW))
        for content in (show_receipt(receipt), WORDS, PLATE):
            post(session, vault, person.id, "sendMessage", {"text": content}, priority=Priority.RECEIPT, now=NOW)
        await record(session, vault, Action.OPENED, now=NOW, actor_id=reviewer.id, flag_id=flag.id)
        await take_new(session, [1], NOW)
        await set_aside(session, vault, UPDATE, person.id, "KeyError at own.py:7", NOW)
        await hold(session, "outbox", "replica", NOW, LEASE)
        await add_course(session, vault, person, TEXTS)
        await add_both_sides(session, vault, flag, reviewer, SIDE)
        await add_access(session, vault, flag, await add_person(session, vault, READER_ID), PASSPHRASE)
    async with database.transaction() as session:
        [(sent, _), (refused, _), _] = await lease(session, NOW, 10)
        sent.settle(Delivery.SENT, NOW)
        refused.settle(Delivery.UNREACHABLE, NOW, "Forbidden")
        await mark_blocked(session, [person.id], NOW)
    return receipt


def spellings(secret: str) -> Iterator[bytes]:
    """How a text may lie in a file: as it is, in pieces, escaped, encoded."""
    plain = {secret, secret.lower(), secret.upper(), json.dumps(secret).strip('"')}
    if any(sign.isdigit() for sign in secret):
        digits = "".join(sign for sign in secret if sign.isalnum())
        plain |= {digits, f"{digits[:3]} {digits[3:6]} {digits[6:]}", f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"}
    for each in plain:
        for raw in {each.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")}:
            yield raw
            yield raw.hex().encode()
            yield raw.hex().upper().encode()
            for shift in range(3):  # base64 looks different at each offset of its three bytes
                encoded = base64.b64encode(bytes(shift) + raw).rstrip(b"=")
                certain = encoded[(0, 2, 3)[shift] : len(encoded) - ((shift + len(raw)) % 3 > 0)]
                yield certain
                yield certain.translate(bytes.maketrans(b"+/", b"-_"))


def number_spellings(number: int) -> Iterator[bytes]:
    """How a number may lie in a file, besides its digits."""
    yield f"{number:x}".encode()
    yield f"{number:X}".encode()
    for order in ("little", "big"):
        for size in (5, 6, 8):  # SQLite keeps integers of this size in six bytes
            yield number.to_bytes(size, order)


def secrets_of(receipt: str) -> set[bytes]:
    texts = [str(TELEGRAM_ID), str(REVIEWER_ID), NAME, USERNAME, PHONE, PHONE[1:], PLATE, PLATE_TYPED, receipt, WORDS]
    texts += [*TEXTS, PASSPHRASE, str(READER_ID), SAID, SIDE, NOTE, FILE_ID, *map(str, PLACE)]
    spoken = (WORDS, PASSPHRASE, SAID, SIDE, NOTE, *TEXTS)
    texts += [word.strip(",") for each in spoken for word in each.split() if len(word) > 5]
    found = {spelling for secret in texts for spelling in spellings(secret)}
    return found.union(*map(number_spellings, (TELEGRAM_ID, REVIEWER_ID, READER_ID)))


async def whole(database: Database) -> bytes:
    """Every byte that a thief of the database sees."""
    if database.is_sqlite:
        return sqlite_bytes(database)
    parts: list[bytes] = []
    async with database.reading() as session:
        columns = "SELECT table_schema, table_name, column_name FROM information_schema.columns"
        for schema, table, column in await session.execute(
            text(f"{columns} WHERE table_schema NOT IN ('pg_catalog', 'information_schema')")
        ):
            where = f'SELECT "{column}", "{column}"::text FROM "{schema}"."{table}"'
            for value, as_text in await session.execute(text(where)):
                parts += [value] if isinstance(value, bytes) else []
                parts += [str(as_text).encode()]
    return b"\n".join(parts)


async def test_a_stolen_database_shows_no_telegram_id_no_contact_no_plate_and_no_text_of_anybody(
    database: Database, vault: Vault
) -> None:
    receipt = await live(database, vault)
    async with database.reading() as session:
        rows = await every_row(session)
    untold = {"answers"}
    assert {name for name, found in rows.items() if found} == set(metadata.tables) - untold
    stolen = await whole(database)
    assert len(stolen) > 3000
    assert [secret for secret in secrets_of(receipt) if secret in stolen] == []


ENCODINGS: list[Callable[[str], bytes]] = [
    str.encode,
    lambda secret: secret.encode("utf-16-le"),
    lambda secret: secret.encode().hex().encode(),
    lambda secret: base64.b64encode(secret.encode()),
    lambda secret: base64.urlsafe_b64encode(b"." + secret.encode()),
    lambda secret: json.dumps({"text": secret}).encode(),
]


@pytest.mark.parametrize("encode", ENCODINGS)
def test_the_search_for_secrets_finds_them_in_every_spelling(encode: Callable[[str], bytes]) -> None:
    """Proves the test above, together with the next."""
    receipt = "482155039174"
    for secret in (
        str(TELEGRAM_ID),
        WORDS,
        PLATE,
        PHONE,
        NAME,
        USERNAME,
        NOTE,
        receipt,
        show_receipt(receipt),
        PASSPHRASE,
        SAID,
        SIDE,
        FILE_ID,
        *TEXTS,
    ):
        lying = b"..." + encode(secret) + b"..."
        assert any(found in lying for found in secrets_of(receipt)), secret


async def test_the_search_for_secrets_looks_into_every_column(database: Database, vault: Vault) -> None:
    receipt = await live(database, vault)
    async with database.transaction() as session:
        plain = {"bytes": f"it says {PLATE}".encode(), "text": f"of {TELEGRAM_ID}"}
        await session.execute(text("UPDATE dead_letters SET sealed_update = :bytes, error = :text"), plain)
    stolen = await whole(database)
    assert {PLATE.encode(), str(TELEGRAM_ID).encode()} <= {found for found in secrets_of(receipt) if found in stolen}


@pytest.mark.parametrize("failure", ["UPDATE people SET nothing = :secret", "SELECT 1 WHERE :secret = missing"])
async def test_an_error_of_the_database_does_not_quote_what_was_to_be_stored(
    database: Database, vault: Vault, failure: str
) -> None:
    with pytest.raises(Exception, match=r"hidden|nothing|missing") as caught:
        async with database.transaction() as session:
            await session.execute(text(failure), {"secret": WORDS})
    assert WORDS not in f"{caught.value} {caught.value!r}"
