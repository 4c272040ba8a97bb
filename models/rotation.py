"""Moves everything sealed to the newest master key, a few hundred rows at a time, while the bot goes on working.

Until it's done both keys must stand in SECRET_KEYS; afterwards the older one can go, and what was sealed with it in
old backups can be read by nobody.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from models.action_plans import ActionPlan
from models.approvals import Approval
from models.audit import AuditHead, rewrap_audit_key
from models.base import Base
from models.broadcasts import Broadcast
from models.cars import Car, index_cars
from models.certificates import Certificate
from models.conversation import Conversation
from models.database import Database
from models.drafts import Draft
from models.evidence import Evidence
from models.flags import Flag
from models.invites import Invite
from models.limits import Limit
from models.outbox import Parcel
from models.people import Person
from models.team import Member
from models.trials import Trial
from models.updates import DeadLetter
from models.vault import CannotOpen, Vault

ROWS = 500


class Moved(NamedTuple):
    """What became of a table."""

    table: str
    rows: int
    """How many were gone through."""
    sealed: int = 0
    """How many of them none of the keys opens; they stay as they are."""


async def rotate_keys(database: Database, vault: Vault) -> AsyncIterator[Moved]:
    """Do it, and say table by table how many rows were gone through."""
    async with database.transaction() as session:
        try:
            await rewrap_audit_key(session, vault)
        except CannotOpen:
            yield Moved(AuditHead.__tablename__, 1, 1)
        await index_cars(session, vault)  # before any flag moves: whose car it names is known at every moment
    for table, key, move in _MOVES:
        yield await _move_all(database, vault, table, key, move)


async def _move_all(
    database: Database,
    vault: Vault,
    table: type[Base],
    key: InstrumentedAttribute[int],
    move: Callable[[Any, Vault], None],
) -> Moved:
    done, sealed, last = 0, 0, -1
    while True:
        async with database.transaction() as session:
            query = select(table).where(key > last).order_by(key).limit(ROWS).with_for_update(of=table)
            rows = (await session.scalars(query)).all()
            for row in rows:
                try:
                    move(row, vault)
                except CannotOpen:
                    session.expunge(row)  # with what was moved of it: a row moves whole or not at all
                    sealed += 1
            if not rows:
                return Moved(table.__tablename__, done, sealed)
            done, last = done + len(rows), getattr(rows[-1], key.key)


def _move_person(person: Person, vault: Vault) -> None:
    person.rekey(vault)


def _move_flag(flag: Flag, vault: Vault) -> None:
    flag.rekey(vault)


def _move_evidence(piece: Evidence, vault: Vault) -> None:
    piece.rekey(vault)


def _move_certificate(certificate: Certificate, vault: Vault) -> None:
    certificate.rekey(vault)


def _move_plan(plan: ActionPlan, vault: Vault) -> None:
    plan.rekey(vault)


def _move_conversation(row: Conversation, vault: Vault) -> None:
    row.sealed = vault.rewrap(row.sealed, row.seal_place)


def _move_parcel(parcel: Parcel, vault: Vault) -> None:
    if parcel.sealed is not None:
        parcel.sealed = vault.rewrap(parcel.sealed, parcel.seal_place)


def _move_dead_letter(letter: DeadLetter, vault: Vault) -> None:
    letter.sealed_update = vault.rewrap(letter.sealed_update, letter.seal_place)


def _move_member(member: Member, vault: Vault) -> None:
    member.rekey(vault)


def _move_invite(invite: Invite, vault: Vault) -> None:
    invite.rekey(vault)


def _move_approval(approval: Approval, vault: Vault) -> None:
    approval.rekey(vault)


def _move_draft(draft: Draft, vault: Vault) -> None:
    draft.sealed = vault.rewrap(draft.sealed, draft.seal_place)


def _move_limit(limit: Limit, vault: Vault) -> None:
    limit.rekey(vault)


def _move_car(car: Car, vault: Vault) -> None:
    car.rekey(vault)


def _move_trial(trial: Trial, vault: Vault) -> None:
    trial.sealed_text = vault.rewrap(trial.sealed_text, trial.seal_place)


def _move_broadcast(broadcast: Broadcast, vault: Vault) -> None:
    if broadcast.sealed_texts is not None:
        broadcast.sealed_texts = vault.rewrap(broadcast.sealed_texts, broadcast.seal_place)


_MOVES: tuple[tuple[type[Base], InstrumentedAttribute[int], Callable[[Any, Vault], None]], ...] = (
    (Person, Person.id, _move_person),
    (Conversation, Conversation.person_id, _move_conversation),
    (Flag, Flag.id, _move_flag),
    (Evidence, Evidence.id, _move_evidence),
    (Parcel, Parcel.id, _move_parcel),
    (DeadLetter, DeadLetter.id, _move_dead_letter),
    (Certificate, Certificate.id, _move_certificate),
    (ActionPlan, ActionPlan.id, _move_plan),
    (Draft, Draft.person_id, _move_draft),
    (Trial, Trial.person_id, _move_trial),
    (Member, Member.person_id, _move_member),
    (Invite, Invite.id, _move_invite),
    (Approval, Approval.id, _move_approval),
    (Broadcast, Broadcast.id, _move_broadcast),
    (Car, Car.id, _move_car),
    (Limit, Limit.id, _move_limit),
)
