"""Cohorts: an owner makes one, people come by its code, and the OSCE's table comes out."""

from datetime import date, timedelta
from itertools import cycle

from bot.sandbox import Message
from models.audit import Action, AuditEntry
from models.cohorts import Cohort, Participant
from models.people import Language, load_people
from models.profiles import UNSAID, Gender, Profile
from models.quiet import local_day
from models.regions import REGIONS
from models.team import Role
from tests.e2e.rooms import cohort_by, come, lines_of
from tests.e2e.walking import (
    appoint,
    assert_sound,
    copied,
    labels,
    passenger,
    person,
    press,
    presses,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import OWNER, House

FORGED = ("list:0:", "new:0:", "place:0:KZ-71", "day:0:today", "open:1:", "beside:1:", "qr:1:", "end:1:", "ended:1:")
NAME = "Almaty <b> & co"
LINK = "https://t.me/{}?start=c{}"


async def test_an_owner_makes_a_cohort_shows_its_code_and_ends_it(small_house: House) -> None:
    desk, _ = await reviewer(small_house), say("en")
    await send(desk, "/cohort")
    screen = await press(desk, _("New cohort"))
    wrong = await send(desk, "x" * 81)
    assert wrong.text == _("Please write one line of at most 80 characters.")
    screen = await send(desk, f" {NAME}\n spring ")
    assert len([label for label in labels(screen) if label in map(_, REGIONS.values())]) == 20
    screen = await send(desk, "Almaty")  # is chosen, not typed
    await press(desk, _("Kostanay"), screen)
    screen = await send(desk, "Taxi park & sons")
    for day in ("31.02.2027", "tomorrow", "1/2/2027"):
        screen = await send(desk, day)
        assert screen.text == _("I can't find that day in the calendar. Please write it like 21.03.2027.")
    screen = await send(desk, "7.3.2027")

    (cohort,) = await stored(small_house, Cohort)
    assert (cohort.name, cohort.organisation) == (f"{NAME} spring", "Taxi park & sons")
    assert (cohort.region, cohort.held_on) == ("KZ-39", date(2027, 3, 7))
    link = LINK.format(small_house.app.address.username, cohort.code)
    for shown in (f"{NAME} spring\nTaxi park & sons", "Kostanay · 07.03.2027", cohort.code, link):
        assert shown in screen.text
    assert _("Nobody has joined yet.") in screen.text
    assert copied(screen) == [link]

    await press(desk, _("QR code"), screen)
    await desk.until(lambda phone: "photo" in phone.last.raw)
    assert desk.last.raw["caption"] == f"{cohort.name}\n{link}"

    await press(desk, _("End"), screen)
    await press(desk, _("« Back"), screen)
    await press(desk, _("End"), screen)
    await press(desk, _("Yes, end it"), screen)
    assert _("This cohort has ended: nobody can join with its code any more.") in screen.text
    assert _("End") not in labels(screen)
    await desk.press_data(f"cohort:ended:{cohort.id}:", screen)  # a second tap
    late = await send(passenger(small_house), cohort.code)
    assert late.text == _(
        "This group has ended; nobody can join it any more. You can take the lessons here without a group."
    )
    assert not await stored(small_house, Participant)

    joined, *entries = await stored(small_house, AuditEntry)
    assert joined.action is Action.JOINED  # the owner whom the settings name
    seen = [Action.COHORT_SEEN] * 3
    assert sorted(entry.action for entry in entries) == sorted([Action.COHORT_MADE, Action.COHORT_ENDED, *seen])
    assert {entry.detail for entry in entries} == {cohort.code}
    await assert_sound(small_house)


async def test_a_cohort_for_several_regions_today_and_taps_that_come_twice_or_late(small_house: House) -> None:
    desk, _ = await reviewer(small_house), say("en")
    await send(desk, "/cohort")
    screen = await press(desk, _("New cohort"))
    await press(desk, _("Cancel"), screen)
    assert _("There is none yet.") in screen.text
    for late in ("place:0:KZ-71", "day:0:today"):  # of a form that was left
        await desk.press_data(f"cohort:{late}", screen)
        assert _("There is none yet.") in screen.text
    await press(desk, _("New cohort"), screen)
    screen = await send(desk, "First")
    await press(desk, _("Several regions"), screen)
    await desk.press_data("cohort:place:0:several", screen)
    assert screen.text == _("Which organisation runs it?")
    screen = await send(desk, "OSCE")
    await press(desk, _("Tomorrow"), screen)
    assert _("Several regions") in screen.text
    await desk.press_data("cohort:day:0:tomorrow", screen)
    (cohort,) = await stored(small_house, Cohort)
    assert (cohort.region, cohort.held_on) == (None, local_day(small_house.clock()) + timedelta(days=1))

    for number in range(8):
        await cohort_by(small_house, desk, f"No. {number}")
    screen = await send(desk, "/cohort")
    first = [label for label in labels(screen) if "·" in label]
    await press(desk, "▶", screen)
    second = [label for label in labels(screen) if "·" in label]
    assert [label.partition(" · ")[0] for label in first + second] == [
        *(f"No. {number}" for number in reversed(range(8))),
        "First",
    ]
    await press(desk, "◀", screen)
    assert [label for label in labels(screen) if "·" in label] == first
    await press(desk, first[0], screen)
    assert screen.text.startswith("No. 7")
    unknown = await send(desk, "/cohort A2A2A2")
    assert unknown.text == _("There is no cohort with this code.")
    await press(desk, _("« Cohorts"), unknown)
    await assert_sound(small_house)


async def test_everybody_but_an_owner_gets_the_answer_to_an_unknown_command(small_house: House) -> None:
    desk = await reviewer(small_house)
    cohort = await cohort_by(small_house, desk)
    phone, colleague = passenger(small_house), small_house.phone(OWNER)
    await send(colleague, "/start")
    await appoint(small_house, colleague, Role.REVIEWER)
    for other in (phone, colleague):
        unknown = await send(other, "/nonsense")
        for command in ("/cohort", f"/cohort {cohort.code}"):
            answer = await send(other, command)
            assert (answer.text, presses(answer)) == (unknown.text, presses(unknown))
        dead = await other.press_data("nonsense", unknown)
        for data in FORGED:
            assert await other.press_data(f"cohort:{data}", unknown) == dead
    await appoint(small_house, desk, Role.REVIEWER)  # no longer an owner
    assert (await send(desk, "/cohort")).text == (await send(desk, "/nonsense")).text
    (same,) = await stored(small_house, Cohort)
    assert same.ended_at is None
    assert {entry.action for entry in await stored(small_house, AuditEntry)} == {Action.JOINED, Action.DENIED}
    await assert_sound(small_house)


async def test_a_person_comes_by_the_link_and_is_asked_two_questions_once_in_a_lifetime(
    house: House, language: str
) -> None:
    desk, _ = await reviewer(house), say(language)
    cohort, second = await cohort_by(house, desk), await cohort_by(house, desk, "Екінші")
    phone = house.phone(2001, language)
    (screen,) = await come(phone, cohort)
    joined = _(
        "You are in: <b>{name}</b>, {organisation}, {date}.",
        name=cohort.name,
        organisation=cohort.organisation,
        date="21.11.2026",
    )
    assert screen.text.startswith(joined)
    await press(phone, _("Man"), screen)
    await press(phone, _("« Back"), screen)
    await press(phone, _("Woman"), screen)
    await phone.press_data(f"cohort:gender:{cohort.id}:woman", screen)  # a second tap
    (profile,) = await stored(house, Profile)
    assert (profile.gender, profile.region) == (Gender.WOMAN, None)
    assert screen.text.startswith(joined)
    await phone.press_data(f"cohort:region:{cohort.id}:KZ-99", screen)  # forged
    await press(phone, _("Aktobe"), screen)
    assert screen.text == joined
    (profile,) = await stored(house, Profile)
    assert (profile.gender, profile.region) == (Gender.WOMAN, "KZ-15")
    await press(phone, _("Lessons for drivers"), screen)

    (again,) = await come(phone, cohort)
    assert again.text == joined
    assert len(await stored(house, Participant)) == 1
    folded = second.code.lower().translate(str.maketrans("acehkmptx", "асенкмртх"))
    elsewhere = await send(phone, folded)
    assert "Екінші" in elsewhere.text
    assert _("Woman") not in labels(elsewhere)
    assert len(await stored(house, Participant)) == 2

    silent = house.phone(2002, language)
    (screen,) = await come(silent, cohort)
    await press(silent, _("Rather not say"), screen)
    await press(silent, _("Rather not say"), screen)
    silent_id = (await person(house, silent)).id
    (profile,) = await stored(house, Profile, person_id=silent_id)
    assert (profile.gender, profile.region) == (Gender.UNSAID, UNSAID)

    sorry = _("I don't know this code. Please look at it once more, or ask your trainer.")
    for text in ("A2A2A2", "/start cA2A2A2", "/start cnonsense", "/start c"):
        unknown = await send(silent, text)
        assert unknown.text == sorry
        assert _("Lessons for drivers") in labels(unknown)
    await silent.press_data(f"cohort:gender:{second.id}:man", unknown)  # of a cohort that this person isn't in
    assert "Екінші" not in unknown.text
    await assert_sound(house)


async def test_the_table_of_the_osce_is_read_on_a_phone_in_each_language(house: House) -> None:
    desk = await reviewer(house)
    cohort = await cohort_by(house, desk)
    answers = [(Gender.WOMAN, "KZ-75")] * 11 + [(Gender.MAN, "KZ-75")] * 37
    await fill(house, cohort, answers, 3000)
    for language in Language:
        _ = say(language)
        desk.set_language(language)
        screen = await send(desk, f"/cohort {cohort.code}")
        heading, row, total = table(screen)
        assert heading == [_("Women"), _("Men"), _("Total")]
        assert (row, total) == ([_("Almaty"), "11", "37", "48"], [_("Total"), "11", "37", "48"])
        assert _("Finished all lessons: {number}", number=0) in screen.text
        assert _("Knowledge gain: shown once 5 people have taken both tests.") in screen.text

    regions = cycle([*REGIONS, UNSAID])
    await fill(house, cohort, [(Gender.MAN, next(regions)) for _man in range(126)], 4000)
    await fill(house, cohort, [(Gender.WOMAN, "KZ-27"), (Gender.UNSAID, UNSAID)], 5000)
    for language in Language:
        _ = say(language)
        desk.set_language(language)
        screen = await send(desk, f"/cohort {cohort.code}")
        heading, *lines = table(screen)
        assert heading == [_("Women"), _("Men"), "?", _("Total")]
        assert [line[-4:] for line in lines if "*" in line] == [
            ["*", "*", "0", "54"],  # Almaty hides the one woman of West Kazakhstan
            ["*", "*", "0", "7"],
            ["0", "6", "*", "*"],  # the total hides the one who said nothing
            ["12", "163", "*", "*"],
        ]
        assert not {"1", "2", "3", "4"} & {number for line in lines for number in line}
        assert max(map(len, lines_of(screen, "pre"))) <= 32
        assert _("hidden, so that nobody can be recognised") in screen.text
    await assert_sound(house)


async def fill(house: House, cohort: Cohort, answers: list[tuple[Gender, str]], first: int) -> None:
    """A participant for each pair of answers, without any walking."""
    async with house.app.database.transaction() as session:
        ids = dict.fromkeys(range(first, first + len(answers)))
        people = await load_people(session, house.app.vault, ids, default=Language.RUSSIAN, now=house.clock())
        for someone, (gender, region) in zip(people.values(), answers, strict=True):
            session.add(Participant(cohort_id=cohort.id, person_id=someone.id, joined_at=house.clock()))
            session.add(Profile(person_id=someone.id, gender=gender, region=region))


def table(message: Message) -> list[list[str]]:
    """The words of each line of the table."""
    return [line.split() for line in lines_of(message, "pre")]
