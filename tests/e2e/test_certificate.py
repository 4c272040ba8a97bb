"""From the passed test to a certificate that anybody can check: plan, name, paper, verdict, revoking, renewal."""

import base64
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta

import pytest

from bot.sandbox import Message, Phone
from handlers.certificate import FAULTS
from handlers.presses import ExamPress
from handlers.texts import load_texts
from models.action_plans import ActionPlan, Kept, PledgeCheck, PledgeRemark
from models.approvals import KIND_NAMES, Kind
from models.audit import Action, AuditEntry
from models.certificates import NAME_LIMIT, Certificate, NameFault, new_number, show_number
from models.commitments import COMMITMENTS
from models.course import Attempt
from models.exams import Exam, Sitting
from models.outbox import Delivery, Parcel
from models.people import Language
from models.quiet import at_hour, local_day
from models.team import Role
from tests.e2e.walking import (
    COURSE,
    Say,
    appoint,
    assert_sound,
    copied,
    labels,
    person,
    press,
    presses,
    say,
    send,
    stored,
)
from tests.house import DRIVER, OWNER, PASSENGER, REVIEWER, House
from tests.models.test_stolen_file import spellings, whole
from tests.walks import count, eventually

NAME, SHORT, SURNAME = "Ерлан О’Смагулов", "Ерлан О.", "Смагулов"
OWN = "I wait <b>until</b> the door of the house has opened & closed"
REASON = "Three passengers wrote <i>he is following me</i>"
DAY = timedelta(days=1)
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_TEXTS = load_texts()


@pytest.fixture
def quick_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers that need no drawing, for what is not about them."""
    monkeypatch.setattr("handlers.certificate.as_pdf", lambda *_: b"%PDF")
    monkeypatch.setattr("handlers.certificate.as_png", lambda *_: DOT)


async def passes(house: House, phone: Phone, exam: Exam = Exam.FINAL) -> None:
    """Let the driver have passed a test just now."""
    now, person_id = house.clock(), (await person(house, phone)).id
    async with house.app.database.transaction() as session:
        session.add(
            Sitting(
                person_id=person_id,
                exam=exam,
                items=[],
                started_at=now,
                finished_at=now,
                right_answers=15,
                questions=15,
                passed=True,
            )
        )


async def finishes(house: House, phone: Phone, lessons: Sequence[int]) -> None:
    """Let the driver have finished these lessons just now."""
    now, person_id = house.clock(), (await person(house, phone)).id
    async with house.app.database.transaction() as session:
        session.add_all(
            Attempt(
                person_id=person_id,
                lesson=number,
                version="1",
                place="end",
                started_at=now,
                finished_at=now,
                right_answers=3,
                questions=4,
            )
            for number in lessons
        )


async def certify(house: House, driver: Phone, _: Say, name: str = NAME) -> Message:
    """Go the whole way from the passed test to the certificate; gives its screen."""
    await driver.send("/start")
    await passes(house, driver)
    screen = await send(driver, "/certificate")
    await press(driver, _("My action plan »"), screen)
    for number in ("1", "4", "9"):
        await press(driver, number, screen)
    await press(driver, _("Done"), screen)
    screen = await send(driver, name)
    await press(driver, _("Yes, issue it"), screen)
    await driver.until(lambda phone: len(papers(phone)) == 2, 60)
    return screen


def papers(phone: Phone) -> list[str]:
    """The kinds of files that came."""
    return sorted(kind for each in phone.messages for kind in ("document", "photo") if kind in each.raw)


async def number_of(house: House, phone: Phone, at: int = -1) -> str:
    """The number of a person's certificate, as it's shown; the newest unless told."""
    return show_number((await stored(house, Certificate, person_id=(await person(house, phone)).id))[at].number)


async def move_on(house: House, day_of: datetime) -> None:
    """Set the clock to noon of a day, as nobody is reminded at night, and wait until all that is due then has come."""
    house.clock.shift += at_hour(local_day(day_of), 12) - house.clock()
    house.app.sender.wake()
    waiting = (Parcel.status == Delivery.WAITING, Parcel.due_at <= house.clock() + DAY)  # or being sent
    await eventually(lambda: is_zero(count(house.app.database, Parcel, *waiting)), 60)


async def is_zero(number: Awaitable[int]) -> bool:
    return await number == 0


async def test_a_driver_goes_from_the_passed_test_to_a_certificate_that_a_passenger_can_check(
    house: House, language: str
) -> None:
    house, _, texts = house, say(language), _TEXTS[Language(language)]
    driver, stranger = house.phone(DRIVER, language), house.phone(PASSENGER, language)
    await driver.send("/start")
    await passes(house, driver)

    screen = await send(driver, "/certificate")
    await press(driver, _("My action plan »"), screen)
    for each in COMMITMENTS:
        assert _(each.text) in screen.text
    assert _("Done") not in labels(screen)
    take = presses(screen)[1]
    for _twice in range(2):
        await driver.press_data(take, screen)
    await press(driver, "5", screen)
    await press(driver, "✓ 5", screen)
    await press(driver, "8", screen)
    await press(driver, _("In my own words"), screen)
    too_long = await send(driver, "x" * 201)
    assert too_long.text == _("That is longer than {limit} characters. Please write it shorter.", limit=200)
    screen = await send(driver, OWN)
    assert f"✓ 10. {OWN}" in screen.text
    answer = await driver.press("3", screen)
    assert answer.text == _("Three are enough. To change one, tap its number first.")
    done = next(data for data in presses(screen) if data.startswith("pledge:done"))
    for _twice in range(2):
        await driver.press_data(done, screen)
        assert OWN not in screen.text
    (plan,) = await stored(house, ActionPlan)
    chosen = [pledge.chosen(house.app.vault) for pledge in plan.pledges]
    assert chosen == [COMMITMENTS[1], COMMITMENTS[7], OWN]

    screen = await send(driver, f" {NAME}  ")
    assert "Ерлан О'Смагулов" in screen.text
    assert SHORT in screen.text
    issue = presses(screen)[0]
    for _twice in range(2):
        await driver.press_data(issue, screen)
    (certificate,) = await stored(house, Certificate)
    number = show_number(certificate.number)
    assert copied(screen) == [number]
    assert "Ерлан О'Смагулов" in screen.text
    assert _("Valid until: {date}", date=texts.day(certificate.expires_at)) in screen.text
    for line in (_(COMMITMENTS[1].text), _(COMMITMENTS[7].text), OWN):
        assert line in screen.text
    assert certificate.language is Language(language)

    await driver.until(lambda phone: papers(phone) == ["document", "photo"], 60)
    assert (await send(driver, "/certificate")).text == screen.text
    await press(driver, _("PDF"), screen)
    await driver.until(lambda phone: papers(phone) == ["document", "document", "photo"], 60)
    (pdf, *_others) = [each.raw["document"] for each in driver.messages if "document" in each.raw]
    assert number in pdf["file_name"]
    file = house.sandbox.world.files.get(pdf["file_id"])
    assert file is not None
    assert file.data.startswith(b"%PDF")
    assert f"/Lang ({language})".encode() in file.data

    await stranger.send("/start")
    checked = await send(stranger, f"/verify {number}")
    assert _("✓ The certificate {number} is <b>valid</b>.", number=number) in checked.text
    assert SHORT in checked.text
    for at in (certificate.issued_at, certificate.expires_at):
        assert texts.day(at) in checked.text
    assert (await send(stranger, f"/start v{certificate.number}")).text == checked.text
    assert SURNAME not in stranger.texts
    await assert_sound(house)
    stolen = await whole(house.app.database)
    for secret in (SURNAME, "Ерлан", OWN):
        assert not any(spelling in stolen for spelling in spellings(secret)), secret


@pytest.mark.usefixtures("quick_papers")
async def test_what_can_not_stand_on_a_certificate_is_asked_for_again(small_house: House) -> None:
    house, _ = small_house, say("kk")
    driver = house.phone(DRIVER, "kk")
    await driver.send("/start")
    await passes(house, driver)
    screen = await send(driver, "/certificate")
    await press(driver, _("My action plan »"), screen)
    for number in ("1", "2", "3"):
        await press(driver, number, screen)
    await press(driver, _("Done"), screen)
    wrong = {
        "<b>Ерлан</b>": NameFault.SIGNS,
        "Ерлан 🚗": NameFault.SIGNS,
        "Ерлан 007": NameFault.DIGITS,
        "Ы" * 200: NameFault.LONG,
        "---": NameFault.EMPTY,
    }
    for typed, fault in wrong.items():
        answer = await send(driver, typed)
        assert answer.text == _(FAULTS[fault], limit=NAME_LIMIT)
        assert labels(answer) == [_("Cancel")]
    (kindly,) = await driver.sticker()
    assert kindly.text == _("Please send it as text. To stop, press Cancel above or go to /start.")
    assert await stored(house, Certificate) == []

    first = await send(driver, "Асель Ким")
    await press(driver, _("Change the name"), first)
    second = await send(driver, "Әсел Ким")
    third = await send(driver, "Әсел Кім")
    await press(driver, _("Yes, issue it"), second)  # which shows the newer name first
    assert "Әсел Кім" in second.text
    assert await stored(house, Certificate) == []
    await press(driver, _("Yes, issue it"), third)
    (certificate,) = await stored(house, Certificate)
    assert certificate.name(house.app.vault) == "Әсел Кім"
    await press(driver, _("Yes, issue it"), second)  # and now the certificate, the same as ever
    assert copied(second) == copied(third) == [show_number(certificate.number)]
    assert len(await stored(house, Certificate)) == 1
    await assert_sound(house)


async def test_without_a_passed_test_a_driver_sees_what_is_missing_and_gets_nothing(small_house: House) -> None:
    house, _ = small_house, say("ru")
    driver = house.phone(DRIVER, "ru")
    await driver.send("/start")
    total = len(COURSE.numbers)
    screen = await send(driver, "/certificate")
    assert _("lessons: {done} of {total}", done=0, total=total) in screen.text
    assert presses(screen)[0].startswith("learn:list")
    await finishes(house, driver, COURSE.numbers[:-1])
    screen = await send(driver, "/certificate")
    assert f"○ {_('lessons: {done} of {total}', done=total - 1, total=total)}" in screen.text
    assert presses(screen)[0].startswith("learn:list")
    await finishes(house, driver, COURSE.numbers[-1:])
    screen = await send(driver, "/certificate")
    missing = screen.text
    assert f"✓ {_('lessons: {done} of {total}', done=total, total=total)}" in missing
    assert presses(screen)[0].startswith("exam:offer:final")
    forged = ["cert:begin:0:", "cert:show:7:", "cert:name:0:", "cert:issue:0:", "cert:picture:1:", "cert:pdf:1:"]
    forged += ["pledge:begin:0:0:0:", "pledge:take:0:0:0:mirror", "pledge:own:0:0:0:", "pledge:done:0:0:0:"]
    forged += ["pledge:ask:1:1:7:", "pledge:kept:1:1:7:yes", "pledge:kept:1:9:9:yes"]
    for data in forged:
        await driver.press_data(data, screen)
        assert screen.text == missing, data
    assert await stored(house, Certificate) == await stored(house, ActionPlan) == []
    await assert_sound(house)


@pytest.mark.usefixtures("quick_papers")
async def test_a_forged_or_unknown_number_shows_nobody(small_house: House) -> None:
    house, _ = small_house, say("en")
    driver, stranger = house.phone(DRIVER), house.phone(PASSENGER)
    await certify(house, driver, _)
    await stranger.send("/start")
    number = (await stored(house, Certificate))[0].number
    slip = number[:-1] + str((int(number[-1]) + 1) % 10)
    impossible = _("No certificate has such a number: it has ten digits, and one of them may be a typo.")
    for typed in (slip, number[:-1], number * 2, "<b>", "'", "' OR 1=1 --", "9" * 4000):
        assert (await send(stranger, f"/verify {typed}")).text == impossible
    for payload in (slip, "1", "x" * 60):
        assert (await send(stranger, f"/start v{payload}")).text == impossible
    unknown = new_number()
    absent = _("There is no certificate with the number {number}.", number=show_number(unknown))
    assert (await send(stranger, f"/verify {unknown}")).text == absent
    assert "Ерлан" not in stranger.texts

    # The question stays until a certificate is found, however its number is typed.
    await send(stranger, "/verify")
    for typed in (slip, "hello", unknown):
        assert (await send(stranger, typed)).text in (impossible, absent)
    typed = "№ " + " - ".join(chr(0x660 + int(digit)) for digit in number)
    assert SHORT in (await send(stranger, typed)).text
    assert (await send(stranger, "hello")).text == _("I did not understand that. Here is what I can do:")

    # What was deleted is as if it had never been.
    await send(driver, "/deletedata")
    await press(driver, _("Yes, delete everything"))
    gone = await send(stranger, f"/verify {number}")
    assert gone.text == _("There is no certificate with the number {number}.", number=show_number(number))
    await assert_sound(house)


@pytest.mark.usefixtures("quick_papers")
async def test_an_owner_revokes_with_a_reason_and_nobody_else_does(house: House) -> None:
    _ = say("en")
    driver, owner, stranger = house.phone(DRIVER, "ru"), house.phone(OWNER), house.phone(PASSENGER)
    second, ru = house.phone(REVIEWER), say("ru")
    await certify(house, driver, ru)
    for phone in (owner, stranger, second):
        await phone.send("/start")
    await appoint(house, owner, Role.OWNER)
    number = await number_of(house, driver)
    digits = number.replace("-", "")

    await appoint(house, stranger, Role.REVIEWER)
    screen = await send(stranger, f"/verify {number}")
    assert _("Revoke") not in labels(screen)
    for data in (f"cert:revoke:0:{digits}", f"cert:revoked:0:{digits}"):
        assert (await stranger.press_data(data, screen)).text == _("That button no longer works. Here is the menu.")

    screen = await send(owner, f"/verify {number}")
    await press(owner, _("Revoke"), screen)
    too_long = await send(owner, "x" * 301)
    assert too_long.text == _("That is longer than {limit} characters. Please write it shorter.", limit=300)
    sure = await send(owner, REASON)
    assert REASON in sure.text
    confirm = next(data for data in presses(sure) if data.startswith("cert:revoked"))
    await press(owner, _("No, keep it"), sure)
    assert "valid" in sure.text
    await owner.press_data(confirm, sure)  # an old button: nothing was kept of the reason
    assert (await stored(house, Certificate))[0].revoked_at is None

    # A role that ends in the middle ends the matter.
    await press(owner, _("Revoke"), screen := await send(owner, f"/verify {number}"))
    await appoint(house, owner, None)
    assert REASON not in (await send(owner, REASON)).text
    await owner.press_data(confirm, screen)
    assert (await stored(house, Certificate))[0].revoked_at is None

    await appoint(house, owner, Role.OWNER)
    await press(owner, _("Revoke"), await send(owner, f"/verify {number}"))
    earlier = await send(owner, "Nothing much")
    sure = await send(owner, REASON)
    confirm = presses(sure)[0]
    await press(owner, _("Yes, ask a second person"), earlier)  # an older button shows the newer reason first
    assert REASON in earlier.text
    assert (await stored(house, Certificate))[0].revoked_at is None
    await owner.press_data(confirm, sure)
    assert sure.text.startswith("Asked.")
    await owner.press_data(confirm, sure)  # pressed twice, it's asked once
    assert (await stored(house, Certificate))[0].revoked_at is None
    await second.until(lambda phone: _("Something waits for a second person.") in phone.texts)
    assert number not in second.texts
    request = await press(second, _("Show"))
    await press(second, f"1. {_(KIND_NAMES[Kind.REVOCATION])}", request)
    assert REASON in request.text
    assert number in request.text
    await press(second, _("Approve"), request)
    await owner.until(lambda phone: _("There is an answer to what you asked for.") in phone.texts)
    assert _("Approved and done.") in (await press(owner, _("Show"))).text
    await owner.press_data(confirm, sure)
    assert _("It was revoked already.") in sure.text
    (certificate,) = await stored(house, Certificate)
    assert certificate.reason(house.app.vault) == REASON
    entries = [entry.detail for entry in await stored(house, AuditEntry, action=Action.REVOKED)]
    assert entries == [digits]

    revoked = await send(stranger, f"/verify {number}")
    assert _("The certificate {number} was <b>revoked</b>. It is not valid.", number=number) in revoked.text
    assert SHORT in revoked.text
    assert REASON not in stranger.texts
    await driver.until(lambda phone: ru("There is news for you.") in phone.texts)
    assert REASON not in driver.texts
    news = next(each for each in driver.messages if each.text == ru("There is news for you."))
    old = next(each for each in driver.messages if ru("Picture") in labels(each))
    await press(driver, ru("Show"), news)
    assert REASON in news.text
    await press(driver, ru("Picture"), old)
    assert REASON in old.text
    assert ru("Picture") not in labels(old)
    values = {"certificate": certificate.id, "form": "pdf"}
    assert await house.app.sender.make("certificate", await person(house, driver), values) is None
    stolen = await whole(house.app.database)
    assert not any(spelling in stolen for spelling in spellings(REASON))
    await assert_sound(house)


@pytest.mark.usefixtures("quick_papers")
async def test_after_7_and_30_days_a_driver_is_asked_what_became_of_the_plan(house: House) -> None:
    _ = say("en")
    driver, other = house.phone(DRIVER), house.phone(PASSENGER)
    for phone in (driver, other):
        await certify(house, phone, _)
    parked = _("Please read it when you are parked.")
    assert parked not in driver.texts
    await move_on(house, house.clock() + 8 * DAY)
    for phone in (driver, other):
        await phone.until(lambda phone: parked in phone.texts)
    asked = next(each for each in driver.messages if each.text.startswith(parked))
    assert all(_(COMMITMENTS[at].text) in asked.text for at in (0, 3, 8))
    yes = presses(asked)[0]
    await press(driver, _("Yes"), asked)
    await driver.press_data(yes, asked)
    await press(driver, _("No"), asked)
    await press(driver, _("« Back"), asked)
    await press(driver, _("« Back"), asked)
    await press(driver, _("Partly"), asked)
    assert _("Number {position}: did it work out?", position=3) in asked.text
    await press(driver, _("Yes"), asked)
    await driver.press_data(yes, asked)
    assert _("What helped, or got in the way? You can write it in a few words.") in asked.text
    assert parked not in (await send(driver, "A note on the dashboard")).text
    await driver.press_data(yes, asked)
    assert asked.text == _("Thank you, it's saved. Each ride is a new chance.")
    (mine, others) = await stored(house, ActionPlan)
    kept = [check.kept for check in await stored(house, PledgeCheck, plan_id=mine.id, after_days=7)]
    assert kept == [Kept.PARTLY, Kept.NO, Kept.YES]
    (remark,) = await stored(house, PledgeRemark)
    assert remark.words(house.app.vault) == "A note on the dashboard"

    # Somebody else's plan can't be answered.
    await other.press_data(yes, other.last)
    assert await stored(house, PledgeCheck, plan_id=others.id) == []

    # A plan that was replaced is no longer asked about; one that wasn't, is.
    async with house.app.database.transaction() as session:
        session.add(ActionPlan(person_id=others.person_id, made_at=house.clock(), pledges=[], remarks=[]))
    await move_on(house, house.clock() + 24 * DAY)
    await driver.until(lambda phone: any("30" in each.text and parked in each.text for each in phone.messages))
    month = next(each for each in driver.messages if each.text.startswith(parked) and "30" in each.text)
    followup = ExamPress(action="begin", exam=Exam.FOLLOWUP).pack()
    assert any(followup in presses(each) for each in driver.messages)
    for answer in ("Yes", "Yes", "Yes", "Skip"):
        await press(driver, _(answer), month)
    assert month.text == _("Thank you, it's saved. Each ride is a new chance.")
    assert len(await stored(house, PledgeCheck, plan_id=mine.id)) == 6
    values = {"plan": others.id, "days": 30}
    assert await house.app.sender.make("pledge check", await person(house, other), values) is None
    values = {"plan": mine.id, "days": 30}
    assert await house.app.sender.make("pledge check", await person(house, driver), values) is None  # all answered
    await assert_sound(house)


@pytest.mark.usefixtures("quick_papers")
async def test_a_certificate_is_renewed_by_a_short_test_and_the_old_one_stays_valid_to_its_end(
    small_house: House,
) -> None:
    house, _ = small_house, say("en")
    driver, stranger = house.phone(DRIVER), house.phone(PASSENGER)
    screen = await certify(house, driver, _)
    await stranger.send("/start")
    assert _("To the short test »") not in labels(screen)
    old = await number_of(house, driver)
    (first,) = await stored(house, Certificate)
    await passes(house, driver)  # once more, and far too early
    assert copied(await send(driver, "/certificate")) == [old]  # even when the time has come

    await move_on(house, first.expires_at - 59 * DAY)
    assert _("To the short test »") in labels(await send(driver, "/certificate"))
    await move_on(house, first.expires_at - 30 * DAY + DAY)
    ends = _("Your certificate is valid until: {date}", date=_TEXTS[Language.ENGLISH].day(first.expires_at))
    await driver.until(lambda phone: ends in phone.texts)
    await passes(house, driver, Exam.RENEWAL)
    screen = await send(driver, "/start")
    await driver.press_data("cert:begin:0:", screen)
    assert "Ерлан О'Смагулов" in screen.text  # the plan stays, and the name if it's still right
    await press(driver, _("Yes, issue it"), screen)
    new = await number_of(house, driver)
    assert new != old
    assert copied(screen) == [new]
    for number in (old, new):
        assert "valid." in (await send(stranger, f"/verify {number}")).text
    assert len(await stored(house, ActionPlan)) == 1

    await move_on(house, first.expires_at + DAY)
    expired = await send(stranger, f"/verify {old}")
    assert _("The certificate {number} has <b>expired</b>.", number=old) in expired.text
    assert "valid." in (await send(stranger, f"/verify {new}")).text
    assert copied(await send(driver, "/certificate")) == [new]
    assert driver.texts.count(ends) == 1
    values = {"certificate": first.id}
    assert await house.app.sender.make("renewal", await person(house, driver), values) is None
    await assert_sound(house)
