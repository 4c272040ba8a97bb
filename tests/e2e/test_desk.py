"""The reviewers' desk at work: filters, history, notes, categories, colleagues, duplicates, consents, reopening."""

from datetime import timedelta

from bot.sandbox import Message, Phone
from handlers import reasons
from handlers.presses import (
    CategoryPress,
    ClosePress,
    ErasePress,
    FlagPress,
    FormPress,
    MergePress,
    NotePress,
    OwnPress,
    QueuePress,
    ReviewPress,
    TalkPress,
    TemplatePress,
)
from models.audit import Action, AuditEntry
from models.behaviours import BEHAVIOURS, FORM_NAMES, Form
from models.consents import Consent, Recipient, set_consents
from models.details import Details, Platform, Reach
from models.flags import OUTCOME_NAMES, OUTCOMES_FOR_REPORTER, Flag, Outcome, Ride, State
from models.new_flags import store_flag
from models.notes import Note
from models.regions import REGIONS
from models.talk import Talk
from models.team import Role
from models.templates import TEXTS, TITLES, Template
from tests.e2e.handles import handle
from tests.e2e.test_form import begin, to_review
from tests.e2e.walking import (
    OFFERED,
    Say,
    appoint,
    assert_sound,
    called,
    flag,
    holds_none_of,
    labels,
    passenger,
    person,
    press,
    presses,
    reviewer,
    say,
    send,
    stored,
    whole,
)
from tests.house import DRIVER, OWNER, House

"""Each language and each kind of database, not all of their pairs."""
ODD = '<b>=HYPERLINK("x")</b> & {name} + 1'
PLATE = "123ABC02"


async def on_vehicle(phone: Phone, _: Say, code: str, plate: str = PLATE) -> None:
    """Report a behaviour, with the plate."""
    await press(phone, _("Add the plate"), await flag(phone, _, code))
    await send(phone, plate)


async def claimed(desk: Phone, _: Say, number: int) -> Message:
    """Open a flag and claim it."""
    shown = await send(desk, f"/flag {number}")
    await press(desk, _("Claim"), shown)
    return shown


async def close(desk: Phone, _: Say, shown: Message, outcome: Outcome, reason: str = reasons.CLOSED[0]) -> None:
    """Close the flag on a screen, whatever else is on the vehicle."""
    await press(desk, _("Set the outcome"), shown)
    if _("« Back") not in labels(shown):  # others on the vehicle come first
        number, others = labels(shown)[-1].removeprefix("« "), numbers(shown)
        for other in others:
            await desk.press_data(ReviewPress(action="open", flag=int(other[1:])).pack(), shown)
        await desk.press_data(ClosePress(action="outcome", flag=int(number[1:])).pack(), shown)
    await press(desk, _(OUTCOME_NAMES[outcome]), shown)
    await press(desk, _(reason), shown)


def numbers(shown: Message) -> list[str]:
    """The flags that a screen has buttons for."""
    return [label for label in labels(shown) if label.startswith("№")]


async def test_the_queue_is_filtered_by_buttons_and_keeps_its_filter_over_pages(house: House, language: str) -> None:
    desk, phone, _ = await reviewer(house, language), passenger(house), say(language)
    await send(phone, "/start")
    reporter_id = (await person(house, phone)).id
    async with house.app.database.transaction() as session:
        for number in range(20):
            await store_flag(
                session,
                house.app.vault,
                reporter_id=reporter_id,
                draft=str(number),
                codes=["VB2" if number % 2 else "PH1"],
                ride=Ride.OVER,
                now=house.clock() - timedelta(hours=25 if number == 19 else 0),
                details=Details(
                    platform=Platform.YANDEX if number < 12 else None, region="KZ-75" if number < 4 else "KZ-19"
                ),
            )
    shown = await send(desk, "/queue")
    assert shown.text.splitlines()[1] == _(
        "Open: {open} · overdue: {overdue} · yours: {mine}", open=20, overdue=1, mine=0
    )
    assert numbers(shown)[0] == "№20"  # overdue, before more severe ones that are not
    assert shown.text.count("❗") == 1
    await press(desk, f"▾ {_('Any form')}", shown)
    await press(desk, _(FORM_NAMES[Form.PHYSICAL]), shown)
    await press(desk, "▶", shown)
    assert numbers(shown) == ["№17", "№19"]
    await press(desk, "◀", shown)
    assert numbers(shown) == [f"№{n}" for n in range(1, 17, 2)]
    await press(desk, f"▾ {_('Any app')}", shown)
    await press(desk, "Yandex Go", shown)
    assert numbers(shown) == [f"№{n}" for n in range(1, 13, 2)]
    await press(desk, f"▾ {_('Any region')}", shown)
    await press(desk, _(REGIONS["KZ-75"]), shown)
    assert numbers(shown) == ["№1", "№3"]
    await press(desk, "№3", shown)
    await press(desk, _("Claim"), shown)
    shown = await send(desk, "/queue")
    for view, expected in (
        ("All that are open", None),
        ("Not claimed", None),
        ("Claimed", ["№3"]),
        ("Mine", ["№3"]),
        ("Overdue", ["№20"]),
        ("All that are open", None),
    ):
        assert f"⟳ {_(view)}" in labels(shown)
        if expected is not None:
            assert numbers(shown) == expected
        await press(desk, f"⟳ {_(view)}", shown)
    for forged in ("queue:list:nowhere:XX:99:uber:>9.x.y", "queue:region:::::", f"queue:list:::::<0.{'f' * 13}.1"):
        await desk.press_data(forged, shown)
        assert _("Refresh") in labels(shown) or _("« Queue") in labels(shown)
    await assert_sound(house)


async def test_the_flags_of_a_vehicle_are_seen_together_and_decided_together(house: House, language: str) -> None:
    desk, _ = await reviewer(house, language), say(language)
    phones = [passenger(house), house.phone(DRIVER), house.phone(OWNER)]
    en = say("en")
    await on_vehicle(phones[0], en, "SX1")
    shown = await claimed(desk, _, 1)
    async with house.app.database.transaction() as session:
        await set_consents(session, 1, [Recipient.PLATFORM], house.clock())
    await close(desk, _, shown, Outcome.PASSED_TO_PLATFORM)
    await on_vehicle(phones[1], en, "DR1", "kz 123 авс 02")
    await on_vehicle(phones[2], en, "VB2", "123-abc-02")
    await called(desk, _, 3)
    queue = await send(desk, "/queue")
    third = _("{nth} on this vehicle in {days} days", nth={"en": "3rd", "ru": "3-е", "kk": "3-"}[language], days=90)
    assert [third in line for line in queue.text.splitlines() if "№3" in line] == [True]
    assert [flag.severity for flag in await stored(house, Flag)] == [1, 2, 3]  # what was passed on stays as it was
    shown = await send(desk, "/flag 3")
    passed = _(OUTCOME_NAMES[Outcome.PASSED_TO_PLATFORM])
    assert shown.text.splitlines()[1] == "⚠ " + _("№{number} on this vehicle: {outcome}", number=1, outcome=passed)
    assert third in shown.text
    assert {"№1", "№2"} <= set(labels(shown))
    assert _(FORM_NAMES[Form.DRIVING]) in shown.text
    await press(desk, _("Claim"), shown)
    await press(desk, _("Set the outcome"), shown)
    first = (
        "<b>There are other open flags on this vehicle.</b> Please open each of them first, and decide on all together."
    )
    assert _(first) in shown.text
    assert numbers(shown) == ["№2"]
    await press(desk, "№2", shown)
    assert _(BEHAVIOURS["DR1"].name) in shown.text
    await press(desk, "№3", shown)
    await close(desk, _, shown, Outcome.RECORDED)
    assert _(OUTCOME_NAMES[Outcome.RECORDED]) in shown.text
    await assert_sound(house)


async def test_earlier_flags_of_a_person_are_a_number_and_never_named(house: House) -> None:
    desk, phone, _ = await reviewer(house), passenger(house), say("en")
    await flag(phone, _, "VB2")
    await close(desk, _, await claimed(desk, _, 1), Outcome.NO_FINDING)
    await phone.until(lambda phone: phone.texts.count(_("There is news for you.")) == 2)  # opened, closed
    await flag(phone, _, "PH1")
    await flag(phone, _, "NV2")
    shown = await send(desk, "/flag 2")
    assert "2 other flags of the same person (No breach established: 1; open: 1)" in shown.text
    assert holds_none_of(whole(shown), ["№1", "№3", "Aigerim", str(phone.id)])
    assert not any(data.startswith("review:open") for data in presses(shown))
    await assert_sound(house)


async def test_notes_and_reasons_are_the_teams_own_and_shown_as_they_were_typed(house: House, language: str) -> None:
    desk, second, phone, _ = (
        await reviewer(house, language),
        house.phone(OWNER),
        passenger(house, "ru"),
        say(language),
    )
    await send(second, "/start")
    await appoint(house, second, Role.REVIEWER)
    await flag(phone, say("ru"))
    await called(desk, _)
    shown = await claimed(desk, _, 1)
    await press(desk, _("Notes: {n}", n=0), shown)
    await press(desk, _("Write a note"), shown)
    too_long = await send(desk, "x" * 4001)
    assert _("Please write it in {limit} characters at most.", limit=4000) in too_long.text
    cry = "help me, he locked the doors"  # a colleague's words are no cry for help
    kept = await send(desk, f"{ODD} {cry}")
    assert _("The note is kept.") in kept.text
    await press(desk, _("Notes: {n}", n=1), kept)
    assert ODD in kept.text
    assert _("you") in kept.text
    await press(desk, _("Write a note"), kept)
    kept = await send(desk, "я" * 4000)
    await press(desk, _("Notes: {n}", n=2), kept)
    assert "я" * 4000 in kept.text
    await press(desk, "◀", kept)
    assert ODD in kept.text
    await press(desk, "« №1", kept)
    await press(desk, _("Set the outcome"), kept)
    await press(desk, _(OUTCOME_NAMES[Outcome.RECORDED]), kept)
    too_long = await send(desk, "y" * 501)
    assert _("Please write it in {limit} characters at most.", limit=500) in too_long.text
    closed = await send(desk, ODD)
    assert ODD in closed.text
    assert _("Closed. The person will be told.") in closed.text
    en = say("en")
    seen = await send(second, "/flag 1")
    await press(second, en("Notes: {n}", n=3), seen)
    assert en("why closed") in seen.text
    await press(second, "◀", seen)
    await press(second, "◀", seen)
    assert en("Colleague {number}", number=(await person(house, desk)).id) in seen.text
    own = await send(phone, "/myreports")
    await phone.press_data(OwnPress(action="open", flag=await handle(house, Flag)).pack(), own)
    assert holds_none_of("\n".join(phone.texts.splitlines()), [ODD, "HYPERLINK", "яяя"])
    assert say("ru")(OUTCOMES_FOR_REPORTER[Outcome.RECORDED]) in own.text
    assert len(await stored(house, Note)) == 3
    denied = [(each.flag_id, each.detail) for each in await stored(house, AuditEntry, action=Action.DENIED)]
    assert denied == [(1, "note too long"), (1, "reason too long")]
    await assert_sound(house)


async def test_a_flag_is_categorised_and_weighed_anew_with_a_reason(house: House, language: str) -> None:
    desk, phone, _ = await reviewer(house, language), passenger(house), say(language)
    await flag(phone, say("en"), "PH1")
    await called(desk, _)
    shown = await claimed(desk, _, 1)
    await press(desk, _("Category"), shown)
    for form, code in ((Form.PHYSICAL, "PH1"), (Form.VERBAL, "VB1"), (Form.SEXUALISED, "SX2")):
        await press(desk, _(FORM_NAMES[form]), shown)
        ticked = ("✓ " if code == "PH1" else "") + _(BEHAVIOURS[code].name)
        await press(desk, ticked, shown)
        await press(desk, _("« Back"), shown)
    assert [each.code for each in (await stored(house, Flag))[0].behaviours] == ["PH1"]  # not before there's a reason
    await press(desk, _(reasons.RECATEGORISED[0]), shown)
    (changed,) = await stored(house, Flag)
    assert [each.code for each in changed.behaviours] == ["SX2", "VB1"]
    assert (changed.severity, changed.form) == (1, Form.SEXUALISED)
    assert _("category changed") in shown.text
    await press(desk, _("Severity"), shown)
    await press(desk, "●●●●", shown)
    weighed = await send(desk, ODD)
    assert "●●●●" in weighed.text
    assert _("severity changed") in weighed.text
    (changed,) = await stored(house, Flag)
    assert changed.severity == 4
    await press(desk, _("Severity"), weighed)
    await press(desk, "●●○○", weighed)
    await press(desk, _(reasons.SEVERITY[-1]), weighed)
    assert (await stored(house, Flag))[0].severity == 2
    details = [
        (entry.action, entry.detail)
        for entry in await stored(house, AuditEntry, flag_id=1)
        if entry.action in {Action.RECATEGORISED, Action.SEVERITY_SET}
    ]
    assert details == [
        (Action.RECATEGORISED, "SX2,VB1"),
        (Action.SEVERITY_SET, "4"),
        (Action.SEVERITY_SET, "2"),
    ]
    for forged in ("category:set:1:9:0", "category:set:1:3:77", "category:form:1:XX:0", "category:save:1::5"):
        await desk.press_data(forged, weighed)
    assert (await stored(house, Flag))[0].severity == 2
    await assert_sound(house)


async def test_a_flag_is_given_to_a_colleague_who_may_review_it(house: House, language: str) -> None:
    desk, second, _, en = house.phone(7003, language), house.phone(OWNER), say(language), say("en")
    for each in (desk, second):
        await send(each, "/start")
        await appoint(house, each, Role.REVIEWER)
    await flag(passenger(house), en)
    await called(desk, _)
    shown = await claimed(desk, _, 1)
    await press(desk, _("Hand over"), shown)
    colleague = (await person(house, second)).id
    await press(desk, f"№{colleague}", shown)
    assert _(OFFERED, number=1, member=f"№{colleague}") in shown.text
    await second.until(lambda phone: en("A colleague asks you to take something over from the queue.") in phone.texts)
    asked = len([message for message in second.messages if labels(message) == [en("Show")]])
    got = next(message for message in reversed(second.messages) if labels(message) == [en("Show")])
    await press(second, en("Show"), got)
    await press(second, en("Claim"), got)
    assert en("You are working on it.") in got.text
    assert f"{en('handed over')} ({en('a colleague')})" in got.text
    for stranger in ((await person(house, passenger(house))).id, 999):
        await second.press_data(FlagPress(action="to", flag=1, member=stranger).pack(), got)
        assert en("They are not of the team. Please choose somebody else.") in got.text
    assert (await stored(house, Flag))[0].reviewer_id == colleague
    for action in ("give", "to", "back"):  # it's no longer theirs to give
        await desk.press_data(FlagPress(action=action, flag=1, member=colleague).pack(), shown)
        assert _("There is no flag with this number that you may open.") in shown.text
    assert (await stored(house, Flag))[0].reviewer_id == colleague
    # Nobody is asked to take a report of their own, and nobody learns by that whose it is.
    await flag(second, en)
    mine = await claimed(desk, _, 2)
    await desk.press_data(FlagPress(action="to", flag=2, member=colleague).pack(), mine)
    assert mine.text == _(OFFERED, number=2, member=f"№{colleague}")
    assert (await stored(house, Flag))[1].state is State.NEW
    assert len([message for message in second.messages if labels(message) == [en("Show")]]) == asked
    await assert_sound(house)


async def test_duplicates_are_put_together_closed_together_and_parted(house: House, language: str) -> None:
    desk, en = await reviewer(house), say("en")
    one, other, _ = passenger(house, language), house.phone(DRIVER, language), say(language)
    await on_vehicle(one, _, "VB2")
    await on_vehicle(other, _, "PH1", "777 ABE 05")
    await called(desk, en, 2)
    shown = await claimed(desk, en, 1)
    await press(desk, en("Duplicates"), shown)
    refused = await send(desk, "1")
    assert en("That flag can't be put together with this one.") in refused.text
    first = await send(desk, "№2")
    reason = (
        "Please open №{other} first and read it: together with №{number} it no longer stands in the queue on its own."
    )
    assert en(reason, other=2, number=1) in first.text
    await desk.press_data(MergePress(action="merge", flag=1, other=2).pack(), first)
    assert en(reason, other=2, number=1) in first.text
    assert [(each.state, each.severity) for each in await stored(house, Flag)] == [(State.CLAIMED, 2), (State.NEW, 3)]
    await press(desk, "№2", first)
    await desk.press_data(MergePress(action="list", flag=1).pack(), first)
    asked = await send(desk, "№2")
    warning = en("<b>These are different cars.</b> Put them together only if you are certain.")
    assert warning in asked.text
    assert (await stored(house, Flag))[1].state is State.NEW
    await press(desk, en("Yes, together"), asked)
    assert [each.severity for each in await stored(house, Flag)] == [3, 3]  # the main one is as severe as the worst
    assert en("Looked at together with it: {numbers}", numbers="№2") in asked.text
    await other.until(lambda phone: _("There is news for you.") in phone.texts)
    own = await send(other, "/myreports")
    await other.press_data(OwnPress(action="open", flag=await handle(house, Flag, 2)).pack(), own)
    assert _("It is being looked at together with another report.") in own.text
    assert holds_none_of(whole(own), ["№1", PLATE])
    assert numbers(await send(desk, "/queue")) == ["№1"]
    child = await send(desk, "/flag 2")
    assert en("Looked at together with №{number}.", number=1) in child.text
    await press(desk, en("Look at it on its own"), child)
    assert [each.state for each in await stored(house, Flag)] == [State.CLAIMED, State.NEW]
    await desk.press_data(MergePress(action="merge", flag=1, other=2).pack(), child)
    await close(desk, en, child, Outcome.LESSON)
    assert [(each.state, each.outcome) for each in await stored(house, Flag)] == [(State.CLOSED, Outcome.LESSON)] * 2
    await other.press_data(OwnPress(action="open", flag=await handle(house, Flag, 2)).pack(), own)
    assert _(OUTCOMES_FOR_REPORTER[Outcome.LESSON]) in own.text
    await press(desk, en("Reopen"), child)
    reopened = await send(desk, ODD)
    assert en("You are working on it.") in reopened.text
    assert [each.state for each in await stored(house, Flag)] == [State.CLAIMED, State.MERGED]
    await one.until(lambda phone: phone.texts.count(_("There is news for you.")) == 3)  # opened, closed, opened again
    await one.press_data(
        OwnPress(action="withdrawn", flag=await handle(house, Flag)).pack(), await send(one, "/myreports")
    )
    assert [each.state for each in await stored(house, Flag)] == [State.WITHDRAWN, State.NEW]
    await assert_sound(house)


async def test_a_flag_is_passed_on_only_while_a_consent_stands(house: House, language: str) -> None:
    desk, phone, _ = await reviewer(house, language), passenger(house), say(language)
    await flag(phone, say("en"))
    await called(desk, _)
    shown = await claimed(desk, _, 1)
    police = _(OUTCOME_NAMES[Outcome.PASSED_TO_POLICE])
    await press(desk, _("Set the outcome"), shown)
    refused = await desk.press(_("{outcome}: no consent", outcome=police), shown)
    no_consent = _("The person who reported has not agreed to that, or no longer does.")
    assert refused.text == no_consent
    async with house.app.database.transaction() as session:
        await set_consents(session, 1, [Recipient.POLICE], house.clock())
    await press(desk, _("« Back"), shown)
    await press(desk, _("Set the outcome"), shown)
    await press(desk, police, shown)
    async with house.app.database.transaction() as session:  # taken back while the reviewer thinks about why
        consent = await session.get_one(Consent, (1, Recipient.POLICE))
        consent.revoked_at = house.clock()
    await press(desk, _(reasons.CLOSED[0]), shown)
    assert no_consent in shown.text
    assert (await stored(house, Flag))[0].state is State.CLAIMED
    denied = [(each.flag_id, each.detail) for each in await stored(house, AuditEntry, action=Action.DENIED)]
    assert denied == [(1, "passed to police: no consent")] * 2
    async with house.app.database.transaction() as session:
        (await session.get_one(Consent, (1, Recipient.POLICE))).revoked_at = None
    await close(desk, _, shown, Outcome.PASSED_TO_POLICE)
    (closed,) = await stored(house, Flag)
    assert closed.outcome is Outcome.PASSED_TO_POLICE
    await press(desk, _("Reopen"), shown)
    await press(desk, _(reasons.REOPENED[0]), shown)
    assert (await stored(house, Flag))[0].outcome is None
    assert f"{_('reopened')} ({_('you')})" in shown.text
    await assert_sound(house)


async def test_a_ready_reply_comes_in_the_language_of_who_reported_also_when_the_report_is_closed(
    house: House, language: str
) -> None:
    desk, phone = await reviewer(house, language), passenger(house, "kk")
    _, their = say(language), say("kk")
    await flag(phone, their)
    await called(desk, _)
    shown = await send(desk, "/flag 1")
    assert _("Ready replies") not in labels(shown)  # nobody works on it
    await desk.press_data(TemplatePress(action="send", flag=1, name="plate").pack(), shown)
    assert _("This can't be sent to the person now.") in shown.text
    shown = await claimed(desk, _, 1)
    await press(desk, _("Ready replies"), shown)
    await press(desk, _(TITLES[Template.PLATE]), shown)
    assert _(TEXTS[Template.PLATE]) in shown.text
    await press(desk, _("Send"), shown)
    assert _("Sent.") in shown.text
    # The same press once more, as a quick finger gives it.
    await desk.press_data(
        TemplatePress(action="send", flag=1, name="plate").pack(), shown
    )  # a finger that was too quick
    assert _("Sent.") in shown.text
    assert len(await stored(house, Talk)) == 1
    await phone.until(lambda phone: their("There is news for you.") in phone.texts)
    mine = await send(phone, "/myreports")
    await phone.press_data(OwnPress(action="open", flag=await handle(house, Flag)).pack(), mine)
    assert their("There is a message from the team.") in mine.text
    await press(phone, their("Answer"), mine)
    assert their(TEXTS[Template.PLATE]) in mine.text

    # Closed: a last word goes out, a question doesn't, and what is answered to it gets a clear word.
    shown = await send(desk, "/flag 1")
    await close(desk, _, shown, Outcome.ADVICE)
    await press(desk, _("Ready replies"), shown)
    assert labels(shown)[:-1] == [_(TITLES[Template.CLOSED])]  # it was passed on to nobody
    await press(desk, _(TITLES[Template.CLOSED]), shown)
    await press(desk, _("Send"), shown)
    await phone.press_data(TalkPress(action="own", flag=await handle(house, Flag)).pack(), mine)
    assert their(TEXTS[Template.CLOSED]) in mine.text
    closed = "This report is closed, so no more messages can be sent. You can always send a new report."
    assert their(closed) in mine.text
    await desk.press_data(TemplatePress(action="send", flag=1, name="plate").pack(), shown)
    assert _("This can't be sent to the person now.") in shown.text
    assert len(await stored(house, Talk)) == 2
    async with house.app.database.transaction() as session:
        (await session.get_one(Flag, 1)).outcome = Outcome.PASSED_TO_POLICE
    await press(desk, _("Ready replies"), shown := await send(desk, "/flag 1"))
    assert labels(shown)[:-1] == [_(TITLES[each]) for each in (Template.PASSED_ON, Template.CLOSED)]
    await assert_sound(house)


async def test_what_is_added_to_a_duplicate_raises_its_main_flag_and_the_team_is_told(house: House) -> None:
    desk, one, other, _ = await reviewer(house), passenger(house), house.phone(DRIVER, "en"), say("en")
    await flag(one, _, "SX1")
    await flag(other, _, "VB2")
    await called(desk, _, 2)
    shown = await claimed(desk, _, 1)
    await desk.press_data(ReviewPress(action="open", flag=2).pack(), shown)
    await desk.press_data(MergePress(action="merge", flag=1, other=2).pack(), shown)
    assert [each.severity for each in await stored(house, Flag)] == [2, 2]
    await other.until(lambda phone: phone.texts.count(_("There is news for you.")) == 2)  # opened, and together
    screen = await begin(other, _)
    await press(other, "Skip", screen)
    for text in ("Rude or threatening words", "Threats", "Insults, shaming, shouting"):
        await press(other, text, screen)
    await other.press_data(FormPress(action="go", step="words").pack(), screen)
    await to_review(other, _, await send(other, "He followed me on"))
    screen = other.messages[-1]
    await press(other, "Send", screen)
    await press(other, "Yes, add it to that report", screen)
    main, duplicate = await stored(house, Flag)
    assert (main.state, duplicate.state, duplicate.merged_into_id) == (State.CLAIMED, State.MERGED, main.id)
    assert (main.severity, duplicate.severity) == (3, 3)
    [raised] = await stored(house, AuditEntry, action=Action.SEVERITY_SET)
    assert (raised.flag_id, raised.detail) == (main.id, "duplicate 2")
    await called(desk, _, 3)
    await assert_sound(house)


async def test_a_person_who_wants_no_questions_is_asked_none_and_of_a_duplicate_its_own_person_is_asked(
    house: House,
) -> None:
    desk, first, second, _ = await reviewer(house), passenger(house), house.phone(DRIVER), say("en")
    await flag(first, _, "VB2")
    await flag(second, _, "VB2")
    await called(desk, _, 2)
    await send(desk, "/flag 2")
    shown = await claimed(desk, _, 1)
    await desk.press_data(MergePress(action="merge", flag=1, other=2).pack(), shown)
    shown = await send(desk, "/flag 2")
    await press(desk, _("Ask the person"), shown)
    shown = await send(desk, "Was it in the evening?")
    await second.until(lambda phone: _("There is news for you.") in phone.texts)
    mine = await send(second, "/myreports")
    await second.press_data(TalkPress(action="own", flag=await handle(house, Flag, 2)).pack(), mine)
    assert "Was it in the evening?" in mine.text
    await send(second, "At nine")
    await desk.until(lambda phone: _("There is an answer to one of your flags.") in phone.texts)
    assert len(await stored(house, Talk, flag_id=1)) == 0

    async with house.app.database.transaction() as session:
        (await session.get_one(Flag, 2)).reach = Reach.ANONYMOUS
    shown = await send(desk, "/flag 2")
    assert _("Ask the person") not in labels(shown)
    await press(desk, _("Ready replies"), shown)
    assert labels(shown)[:-1] == [_(TITLES[Template.LOOKING])]  # neither closed nor passed on yet
    await assert_sound(house)


async def test_a_closed_report_is_decided_on_anew_when_its_vehicle_is_reported_again_whatever_for(
    house: House, language: str
) -> None:
    desk, first, second, _ = await reviewer(house), passenger(house, language), house.phone(DRIVER), say("en")
    their = say(language)
    await on_vehicle(first, their, "SX1")
    await called(desk, _)
    await close(desk, _, await claimed(desk, _, 1), Outcome.RECORDED)
    news, heard = their("There is news for you."), 2
    await first.until(lambda phone: phone.texts.count(news) == heard)  # opened, closed
    house.clock.shift += timedelta(days=3)

    await on_vehicle(second, _, "DR1")
    await called(desk, _, 2)
    old, new = await stored(house, Flag)
    assert (old.state, old.severity, old.outcome) == (State.NEW, 2, None)
    assert (new.state, new.severity) == (State.NEW, 2)
    assert first.texts.count(news) == heard  # not before some hours have passed
    house.clock.shift += timedelta(hours=12)
    await first.until(lambda phone: phone.texts.count(news) > heard)
    mine = await send(first, "/myreports")
    await first.press_data(OwnPress(action="open", flag=await handle(house, Flag)).pack(), mine)
    assert their("{time}: opened once more", time="").strip() in mine.text
    assert their(OUTCOMES_FOR_REPORTER[Outcome.RECORDED]) not in mine.text
    queue = await send(desk, "/queue")
    assert set(numbers(queue)) == {"№1", "№2"}
    shown = await claimed(desk, _, 2)
    assert "2nd on this vehicle in 90 days" in shown.text
    for forged in (ClosePress(action="close", flag=2, outcome="advice"), ClosePress(action="outcome", flag=2)):
        await desk.press_data(forged.pack(), shown)
        assert "There are other open flags on this vehicle." in shown.text
        assert (await stored(house, Flag))[1].state is State.CLAIMED
    await press(desk, "№1", shown)
    await press(desk, "№2", shown)
    await close(desk, _, shown, Outcome.LESSON)
    assert [each.state for each in await stored(house, Flag)] == [State.NEW, State.CLOSED]
    await assert_sound(house)


async def test_a_main_flag_that_its_person_deletes_gives_the_others_back_to_the_queue(house: House) -> None:
    desk, first, second, _ = await reviewer(house), passenger(house), house.phone(DRIVER), say("en")
    await flag(first, _, "VB2")
    await flag(second, _, "VB2")
    await called(desk, _, 2)
    await send(desk, "/flag 2")
    shown = await claimed(desk, _, 1)
    await desk.press_data(MergePress(action="merge", flag=1, other=2).pack(), shown)
    assert [each.state for each in await stored(house, Flag)] == [State.CLAIMED, State.MERGED]
    mine = await send(first, "/myreports")
    await first.press_data(ErasePress(action="erase", flag=await handle(house, Flag)).pack(), mine)
    [left] = await stored(house, Flag)
    assert (left.id, left.state, left.merged_into_id) == (2, State.NEW, None)
    assert left.alert_at is not None
    await assert_sound(house)


async def test_every_press_of_the_desk_is_refused_to_others_and_to_who_is_a_party(small_house: House) -> None:
    desk, phone, _ = await reviewer(small_house), passenger(small_house), say("en")
    await flag(desk, _)
    menu, own = await send(phone, "/start"), await send(desk, "/queue")
    forged = [
        *(ReviewPress(action=each, flag=1) for each in ("open", "read", "claim", "release", "outcome", "close")),
        *(ClosePress(action=each, flag=1, outcome="advice") for each in ("outcome", "why", "close", "reopen")),
        ClosePress(action="reopened", flag=1),
        *(CategoryPress(action=each, flag=1, value="VB1") for each in ("show", "form", "toggle", "save", "levels")),
        *(CategoryPress(action=each, flag=1, value="3") for each in ("level", "set")),
        *(MergePress(action=each, flag=1, other=1) for each in ("list", "ask", "merge", "part")),
        *(FlagPress(action=each, flag=1, member=1) for each in ("give", "to", "back")),
        *(NotePress(action=each, flag=1) for each in ("list", "ask")),
        *(TemplatePress(action=each, flag=1, name="plate") for each in ("list", "preview", "send")),
    ]
    for data in (each.pack() for each in forged):
        await desk.press_data(data, own)
        assert own.text == _("There is no flag with this number that you may open."), data
        answer = await phone.press_data(data, menu)
        assert answer.text == _("That button no longer works. Here is the menu."), data
    for data in (QueuePress(action="list").pack(), QueuePress(action="form").pack(), "search:ask::", "search:turn::"):
        answer = await phone.press_data(data, menu)
        assert answer.text == _("That button no longer works. Here is the menu."), data
    assert [each.state for each in await stored(small_house, Flag)] == [State.NEW]
    assert await stored(small_house, Note) == []
    await assert_sound(small_house)
