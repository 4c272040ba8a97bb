"""What the tests of the models share: people, flags, and ways to look under the tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.action_plans import Kept, check_pledge, make_plan, newest_plan
from models.appeals import Appeal, Side, appeal_of
from models.approvals import Approval, ask
from models.approvals import Kind as ApprovalKind
from models.broadcasts import draft_of as broadcast_of
from models.broadcasts import new_draft as new_broadcast
from models.cars import cars_of, declare_car
from models.certificates import issue, newest_certificate
from models.cohorts import join_cohort, make_cohort
from models.commitments import COMMITMENTS
from models.database import Database
from models.drafts import Told, draft_of, new_draft
from models.drivers import Given, Hearing, Remedy
from models.evidence import Evidence, Kind, add_piece, content_of, pieces_of_draft
from models.exams import Exam, Sitting, SittingAnswer
from models.flags import Flag, Ride
from models.hearings import answer, hearing_of, read_answer
from models.invites import Invite, invite
from models.limits import What, hold_on_to
from models.markup import Rich
from models.new_flags import store_flag
from models.opt_outs import opt_out
from models.passphrases import keep_passphrase, open_elsewhere
from models.people import Language, Person, load_people
from models.policies import PolicyAcceptance
from models.profiles import Gender, profile_of
from models.recipients import Recipient
from models.reviews import choose_hour, plan_of, remember
from models.schema import metadata
from models.seminars import Scene, vote
from models.team import Member, Role
from models.thanks import KindWord, Thanks, week_of
from models.thanks import plan_of as thanks_plan_of
from models.traces import keep_traces
from models.trials import keep_trial, trial_of
from models.uploads import keep_file_id
from models.vault import Vault

NOW = datetime(2026, 11, 21, 7, 30, 15, 123456, tzinfo=UTC)
OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32


async def add_people(session: AsyncSession, vault: Vault, *telegram_ids: int) -> list[Person]:
    """The persons of these Telegram ids, in this order."""
    languages = dict.fromkeys(telegram_ids, "ru")
    people = await load_people(session, vault, languages, default=Language.KAZAKH, now=NOW)
    return [people[i] for i in telegram_ids]


async def add_person(session: AsyncSession, vault: Vault, telegram_id: int, role: Role | None = None) -> Person:
    """A person, of the team if a role is given."""
    [person] = await add_people(session, vault, telegram_id)
    if role is not None:
        session.add(Member(person_id=person.id, role=role, since=NOW))
        await session.flush()
    return person


async def add_flag(
    session: AsyncSession,
    vault: Vault,
    reporter: Person,
    draft: str = "draft",
    codes: Sequence[str] = ("SX1",),
    now: datetime = NOW,
) -> Flag:
    """A flag of this person, sent after the ride."""
    flag, is_new = await store_flag(
        session, vault, reporter_id=reporter.id, draft=draft, codes=codes, ride=Ride.OVER, now=now
    )
    assert is_new
    return flag


async def add_access(
    session: AsyncSession, vault: Vault, flag: Flag, person: Person, passphrase: str, now: datetime = NOW
) -> None:
    """A passphrase for a flag, which this person tried wrong and then right."""
    keep_passphrase(vault, flag, passphrase)
    await session.flush()
    for typed in ("something else", passphrase):
        opening = await open_elsewhere(
            session, vault, person_id=person.id, receipt=flag.receipt(vault), tidy=typed, now=now
        )
    assert opening.flag is flag


async def add_both_sides(
    session: AsyncSession, vault: Vault, flag: Flag, driver: Person, words: str, now: datetime = NOW
) -> None:
    """The driver of a flag was heard, given a lesson, and asks for a second look; each in the same words."""
    hearing = Hearing(flag_id=flag.id, driver_id=driver.id, asked_at=now, tell_at=now, told_at=now, answer_by=now)
    lesson = Remedy(flag_id=flag.id, driver_id=driver.id, kind=Given.LESSON, lesson=4, given_at=now, tell_at=now)
    appeal = Appeal(flag_id=flag.id, side=Side.DRIVER, person_id=driver.id, made_at=now)
    appeal.write(vault, flag, words)
    session.add_all([hearing, lesson, appeal])
    await session.flush()
    assert answer(vault, flag, hearing, words, now)
    await session.flush()


async def read_both_sides(session: AsyncSession, vault: Vault, flag: Flag) -> set[str | None]:
    """What `add_both_sides` stored; raises CannotOpen."""
    hearing, appeal = await hearing_of(session, flag.id), await appeal_of(session, flag.id, Side.DRIVER)
    assert hearing is not None
    assert appeal is not None
    return {read_answer(vault, flag, hearing), appeal.words(vault, flag)}


class OwnTexts(NamedTuple):
    """What people write themselves, besides a flag that was sent."""

    name: str = "Name"
    """On the certificate."""
    reason: str = "reason"
    """For which the certificate was revoked."""
    pledge: str = "pledge"
    remark: str = "remark"
    trial: str = "trial"
    """The text of a lesson that is being tried."""
    draft: str = "draft"
    """The words of a report that isn't sent yet."""
    label: str = "label"
    """What the team calls a member."""
    invited: str = "invited"
    """What it will call one who is invited."""
    asked: str = "asked"
    """Why a second person's yes was asked for."""
    broadcast: str = "broadcast"
    """What an owner is about to write to many people."""
    evidence: str = "evidence"
    """What a photo of it shows."""
    plate: str = "123ABC02"
    """Of the car, normalised."""


async def add_course(
    session: AsyncSession, vault: Vault, person: Person, texts: OwnTexts | None = None, now: datetime = NOW
) -> None:
    """A row of the person in every table around the course, with a cohort that they made, drafts, a thanked car."""
    texts = texts or OwnTexts()
    sitting = Sitting(person_id=person.id, exam=Exam.FINAL, items=["1/q1"], started_at=now)
    sitting.finished_at, sitting.questions, sitting.right_answers, sitting.passed = now, 1, 1, True
    profile = await profile_of(session, person.id)
    profile.gender, profile.region = Gender.WOMAN, "KZ-75"
    cohort = await make_cohort(
        session, name="Seminar", organisation="Fleet", region=None, held_on=now.date(), owner_id=person.id, now=now
    )
    scene = Scene(cohort_id=cohort.id, trainer_id=person.id, lesson=1, question="q1", message_id=7, opened_at=now)
    acceptance = PolicyAcceptance(
        person_id=person.id, version=1, hash="5" * 64, language=Language.KAZAKH, accepted_at=now
    )
    session.add_all([sitting, scene, acceptance])
    await session.flush()
    session.add(SittingAnswer(sitting_id=sitting.id, item="1/q1", option="a", right=True, answered_at=now))
    certificate, _ = await issue(session, vault, sitting, texts.name, Language.KAZAKH, now)
    certificate.revoke(vault, texts.reason, now)
    plan = await make_plan(session, vault, person.id, [texts.pledge, *COMMITMENTS[:2]], now)
    plan.remark(vault, 7, texts.remark, now)
    await check_pledge(session, plan, 1, 7, Kept.PARTLY, now)
    await remember(session, person.id, [(1, "q1", True)], now)
    await choose_hour(session, await plan_of(session, person.id), 9, now)
    await join_cohort(session, cohort, person.id, now)
    await vote(session, scene, person.id, "a", now)
    await keep_trial(session, vault, person.id, "lesson.md", Language.KAZAKH, texts.trial, now)
    draft = await new_draft(session, vault, person.id, "draft", "words", now)
    draft.write(vault, Told(words=texts.draft), now)
    await keep_traces(session, [(person.id, 11, now)])
    broadcast = await new_broadcast(session, person.id, now)
    broadcast.write(vault, Language.KAZAKH, Rich(text=texts.broadcast), now)
    session.add(Recipient(broadcast_id=broadcast.id, person_id=person.id, tries=0))
    await opt_out(session, person.id, now)
    await add_stored(session, vault, person.id, texts.evidence.encode(), draft="draft")
    car = await declare_car(session, vault, person.id, texts.plate, now)
    assert car is not None
    session.add(Thanks(car_id=car.id, person_id=person.id, week=week_of(now), kind=KindWord.CALM))
    await thanks_plan_of(session, person.id, now)
    await keep_file_id(session, "lesson-1.png", "file-id", now)
    member = await session.get(Member, person.id) or Member(person_id=person.id, role=Role.REVIEWER, since=now)
    member.write_label(vault, texts.label)
    session.add(member)
    hold_on_to(session, vault, person.telegram_id(vault), What.TRY, [now], now)
    await invite(session, vault, role=Role.SUPERVISOR, label=texts.invited, made_by=person.id, now=now)
    asked = {"requester_id": person.id, "reason": texts.asked, "certificate_id": certificate.id}
    await ask(session, vault, ApprovalKind.REVOCATION, now=now, **asked)


async def read_course(session: AsyncSession, vault: Vault, person: Person) -> OwnTexts:
    """What `add_course` stored for this person; raises CannotOpen."""
    certificate, plan = await newest_certificate(session, person.id), await newest_plan(session, person.id)
    trial = await trial_of(session, vault, person.id)
    draft = await draft_of(session, person.id)
    member = await session.get_one(Member, person.id)
    invites = await session.scalars(select(Invite).where(Invite.made_by == person.id))
    approvals = await session.scalars(select(Approval).where(Approval.requester_id == person.id))
    broadcast = await broadcast_of(session, person.id)
    assert broadcast is not None
    assert draft is not None
    (piece,) = await pieces_of_draft(session, person.id, "draft")
    assert certificate is not None
    assert plan is not None
    assert trial is not None
    return OwnTexts(
        name=certificate.name(vault),
        reason=certificate.reason(vault) or "",
        pledge=str(plan.pledges[0].chosen(vault)),
        remark=plan.remarks[0].words(vault),
        trial=trial[-1],
        draft=draft.read(vault).words or "",
        label=member.label(vault) or "",
        invited=invites.one().label(vault),
        asked=approvals.one().reason(vault),
        broadcast=broadcast.texts(vault)[Language.KAZAKH].text,
        evidence=(await content_of(session, vault, piece.id) or b"").decode(),
        plate=(await cars_of(session, person.id))[0].plate(vault),
    )


async def add_stored(
    session: AsyncSession, vault: Vault, person_id: int, content: bytes, kind: Kind = Kind.PHOTO, **of: Any
) -> Evidence:
    """A piece whose content is stored, of a draft, a flag or a message of its talk."""
    seconds = 7 if kind is Kind.VOICE else None
    piece = await add_piece(
        session, vault, person_id=person_id, kind=kind, file_id="file-id", size=1, seconds=seconds, now=NOW, **of
    )
    piece.store(piece.seal(vault, content), len(content))
    await session.flush()
    return piece


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that the writing engine executes inside the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def somebody_waits(database: Database) -> None:
    """Return once a transaction on PostgreSQL waits for a lock of another."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while True:
        async with database.reading() as session:
            if await session.scalar(waiting):
                return


async def every_row(session: AsyncSession) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, by the table's name."""
    return {
        table.name: [tuple(row) for row in await session.execute(select(table))] for table in metadata.sorted_tables
    }


def sqlite_bytes(database: Database) -> bytes:
    """What a thief of the files gets: the database with its write-ahead log."""
    path = Path(database.url.database or "")
    return b"".join(part.read_bytes() for part in sorted(path.parent.glob(f"{path.name}*")))
