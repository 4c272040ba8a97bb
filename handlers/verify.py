"""Checking a certificate: anybody with its number learns whether it's valid, and the first name with an initial.

The same from the QR code on it, whose link opens the bot with the number. An owner of the bot can revoke it here.
"""

from aiogram import Router
from aiogram.filters import CommandObject, StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, Message

from handlers.asking import alone_with_it, ask_second
from handlers.commands import Command
from handlers.home import back_home
from handlers.notices import post_message
from handlers.own import Typed
from handlers.presses import Action, CertificatePress, HomePress, Payload
from handlers.roles import Owns
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, keyboard, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.approvals import Approval, Kind
from models.audit import Action as Audited
from models.certificates import (
    REASON_LIMIT,
    Certificate,
    Standing,
    certificate_of_number,
    read_number,
    revoke_all,
    short_name,
    show_number,
)
from models.outbox import Priority
from models.people import Person
from models.team import Role, role_of
from models.words import N_

STANDINGS = {
    Standing.VALID: N_("✓ The certificate {number} is <b>valid</b>."),
    Standing.EXPIRED: N_("The certificate {number} has <b>expired</b>."),
    Standing.REVOKED: N_("The certificate {number} was <b>revoked</b>. It is not valid."),
}


class Checking(StatesGroup):
    """The number of a certificate is asked for."""

    number = State()


class Revoking(StatesGroup):
    """The reason is asked for; the data holds `number`, and once there is a reason, `reason` and its `draft`.

    The draft is what a button confirms: an older button doesn't confirm a newer reason.
    """

    reason = State()


def router() -> Router:
    """Routes for checking certificates."""
    router = Router(name="verify")
    router.message.register(verify, Command("verify"))
    router.message.register(open_link, Payload("v"))
    router.message.register(take_number, StateFilter(Checking.number), Typed())
    router.message.register(take_reason, StateFilter(Revoking.reason), Typed(), Owns())
    router.callback_query.filter(CertificatePress.filter())
    router.callback_query.register(ask_number, Action("ask"))
    router.callback_query.register(check, Action("check"))
    router.callback_query.register(ask_reason, Action("revoke"), Owns())
    router.callback_query.register(revoke, Action("revoked"), Owns())
    return router


async def verify(message: Message, command: CommandObject, visit: Visit) -> Method:
    """`/verify NUMBER` checks a certificate; without a number, it's asked for."""
    await visit.state.clear()
    if not command.args:
        return await ask_number(message, visit)
    return await _check(message, command.args, visit)


async def open_link(message: Message, payload: str, visit: Visit) -> Method:
    """The link in the QR code of a certificate."""
    await visit.state.clear()
    return await _check(message, payload, visit)


async def ask_number(event: Event, visit: Visit) -> Method:
    """Wait for a number."""
    _ = visit._
    await visit.state.set_state(Checking.number)
    text = _("Please write the number of the certificate: ten digits, for example <code>12345-67890</code>.")
    return show(event, text, [[button(_("Cancel"), HomePress(action="start"))]])


async def take_number(message: Message, visit: Visit) -> Method:
    """Check the number that was typed; the question stays until a certificate is found."""
    return await _check(message, message.text or "", visit)


async def check(query: CallbackQuery, callback_data: CertificatePress, visit: Visit) -> Method:
    """Check a number that a button carries."""
    await visit.state.clear()
    return await _check(query, callback_data.value, visit)


async def _check(event: Event, typed: str, visit: Visit) -> Method:
    _ = visit._
    number = read_number(typed)
    certificate = await certificate_of_number(visit.session, number) if number else None
    if certificate is not None:
        await visit.state.clear()
        return await _verdict(event, certificate, visit)
    if number is None:
        text = _("No certificate has such a number: it has ten digits, and one of them may be a typo.")
    else:
        text = _("There is no certificate with the number {number}.", number=show_number(number))
    again: Row = [button(_("Check another number"), CertificatePress(action="ask"))]
    return show(event, text, [again, back_home(_)])


async def _verdict(event: Event, certificate: Certificate, visit: Visit, note: str = "") -> Method:
    """What anybody learns of a certificate; owners have a button more."""
    _ = visit._
    standing = certificate.standing(visit.now)
    lines = [note, ""] if note else []
    lines += [
        _(STANDINGS[standing], number=show_number(certificate.number)),
        "",
        _("Name: <b>{name}</b>", name=short_name(certificate.name(visit.vault))),
        _("Issued: {date}", date=_.day(certificate.issued_at)),
    ]
    if standing is not Standing.REVOKED:
        lines.append(_("Valid until: {date}", date=_.day(certificate.expires_at)))
    rows: list[Row] = []
    if standing is Standing.VALID:
        lines += ["", _("Please compare the name with the driver's in the app.")]
        if await role_of(visit.session, visit.person.id) is Role.OWNER:
            rows.append([button(_("Revoke"), CertificatePress(action="revoke", value=certificate.number), DANGER)])
    return show(event, "\n".join(lines), [*rows, back_home(_)])


# revoking


async def ask_reason(query: CallbackQuery, callback_data: CertificatePress, visit: Visit) -> Method:
    """Wait for the reason, which the driver will read."""
    _ = visit._
    await visit.state.clear()
    certificate = await certificate_of_number(visit.session, callback_data.value)
    if certificate is None or certificate.standing(visit.now) is not Standing.VALID:
        return await _too_late(query, certificate, callback_data.value, visit)
    back = _keep(_("« Back"), certificate.number)
    alone = await alone_with_it(query, Kind.REVOCATION, visit, back, certificate_id=certificate.id)
    if alone is not None:
        return alone
    await visit.state.set_state(Revoking.reason)
    await visit.state.set_data({"number": certificate.number})
    text = _(
        "Please write why the certificate {number} is to be revoked, in at most {limit} characters. "
        "The driver will read it.",
        number=show_number(certificate.number),
        limit=REASON_LIMIT,
    )
    return show(query, text, [_keep(_("Cancel"), certificate.number)])


def _keep(label: str, number: str) -> Row:
    return [button(label, CertificatePress(action="check", value=number))]


async def _too_late(event: Event, certificate: Certificate | None, number: str, visit: Visit) -> Method:
    """What an owner sees where there is nothing to revoke."""
    if certificate is None:
        return await _check(event, number, visit)
    note = visit._("It was revoked already.") if certificate.revoked_at is not None else ""
    return await _verdict(event, certificate, visit, note)


async def take_reason(message: Message, visit: Visit) -> Method:
    """Show what will happen, and make sure."""
    _ = visit._
    number = (await visit.state.get_data())["number"]
    reason = (message.text or "").strip()
    if len(reason) > REASON_LIMIT:
        text = _("That is longer than {limit} characters. Please write it shorter.", limit=REASON_LIMIT)
        return show(message, text, [_keep(_("Cancel"), number)])
    draft = message.message_id
    await visit.state.set_data({"number": number, "reason": reason, "draft": draft})
    return _sure(message, number, reason, draft, _)


def _sure(event: Event, number: str, reason: str, draft: int, _: Texts) -> Method:
    press = CertificatePress(action="revoked", certificate=draft, value=number)
    lines = [
        _("Revoke the certificate {number}?", number=show_number(number)),
        _("<blockquote>{words}</blockquote>", words=reason),
        _(
            "All certificates of this driver that are still valid are revoked with it, and the driver is told. "
            "It can't be undone, so a second person has to agree: a supervisor or another owner."
        ),
    ]
    rows: list[Row] = [
        [button(_("Yes, ask a second person"), press, DANGER)],
        _keep(_("No, keep it"), number),
    ]
    return show(event, "\n".join(lines), rows)


async def revoke(query: CallbackQuery, callback_data: CertificatePress, visit: Visit) -> Method:
    """Ask for a second person's yes to the reason that was confirmed."""
    _ = visit._
    number = callback_data.value
    certificate = await certificate_of_number(visit.session, number)
    if certificate is None or certificate.standing(visit.now) is not Standing.VALID:
        return await _too_late(query, certificate, number, visit)
    data = await visit.state.get_data()
    if visit.raw_state != Revoking.reason.state or "reason" not in data or data["number"] != number:
        return await _verdict(query, certificate, visit)
    reason, draft = data["reason"], data["draft"]
    if draft != callback_data.certificate:
        return _sure(query, number, reason, draft, _)
    await visit.state.clear()
    back = _keep(show_number(number), number)
    return await ask_second(query, Kind.REVOCATION, reason, visit, back, certificate_id=certificate.id)


async def perform(approval: Approval, visit: Visit) -> None:
    """Revoke what a second person agreed to, write it down, and tell the driver that there's news."""
    certificate = await visit.session.get_one(Certificate, approval.certificate_id)
    reason = approval.reason(visit.vault)
    revoked = await revoke_all(visit.session, visit.vault, certificate.person_id, reason, visit.now)
    for each in revoked:
        await visit.record(Audited.REVOKED, actor_id=approval.requester_id, detail=each.number)
    if revoked:
        await _tell_driver(certificate, visit)


async def _tell_driver(certificate: Certificate, visit: Visit) -> None:
    """A notification that says nothing of what it's about."""
    driver = await visit.session.get_one(Person, certificate.person_id)
    _ = visit.texts[driver.language]
    rows: list[Row] = [[button(_("Show"), CertificatePress(action="show"), PRIMARY)]]
    message = SendMessage(chat_id=0, text=_("There is news for you."), reply_markup=keyboard(rows))
    post_message(visit.session, visit.vault, driver, message, priority=Priority.RELAY, now=visit.now)
