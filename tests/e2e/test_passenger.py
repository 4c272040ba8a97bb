"""A passenger flags what happened: four taps, no typing, a receipt; and it stays theirs to see and to change."""

import re
from datetime import timedelta
from itertools import product

from sqlalchemy import or_, select

from bot.sandbox import Message
from models.base import Base
from models.behaviours import (
    BEHAVIOURS,
    FORM_NAMES,
    FORMS_OF_HARASSMENT,
    MAX_SEVERITY,
    Form,
    behaviours_of,
    form_name,
)
from models.details import Details
from models.directory import HELP_LINES
from models.flag_rights import flags_of
from models.flags import MOST_PLATES, Flag, Outcome, Ride, State, weight
from models.limits import Limit, What
from models.markup import units
from models.notes import Kind, write_note
from models.people import Person
from tests.e2e.conftest import QUICK
from tests.e2e.test_car import certified, with_car
from tests.e2e.walking import (
    LANGUAGES,
    RIDES,
    assert_sound,
    code_on,
    copied,
    flag,
    holds_none_of,
    labels,
    open_lesson,
    passenger,
    person,
    press,
    presses,
    say,
    send,
    stored,
    take_lesson,
    taps,
    whole,
)
from tests.house import PASSENGER, House, open_house
from tests.models.helpers import add_access, add_both_sides, add_course

NASTY = "<b>жуан</b> & <script>\n\u202eمرحبا\u202c 👩‍👩‍👧 {plate} %s \\ “тырнақша”"
RIDE_NAMES = {Ride.GOING_ON: "reported during the ride", Ride.OVER: "reported after the ride"}


def words_read(message: Message) -> int:
    """How many words a screen says, buttons apart; with them they are few."""
    assert len(re.findall(r"\w+", whole(message))) <= 80, message.text
    return len(message.text.split())


async def assert_fast(house: House, language: str, code: str, ride: Ride) -> None:
    """Flag one behaviour from /start and hold every promise of the fast way."""
    phone, _ = passenger(house, language), say(language)
    phone.clear()
    before, behaviour = taps(house, phone), BEHAVIOURS[code]
    screen = await flag(phone, _, code, ride)
    assert taps(house, phone) - before <= 4
    assert [message.text for message in phone.messages if not message.from_bot] == ["/start"]
    receipt = code_on(screen)
    assert copied(screen) == [receipt]
    thanks = "It was not your fault." if behaviour.form in FORMS_OF_HARASSMENT else "Thank you for telling."
    assert _(f"<b>Your report is saved.</b> {thanks}") in screen.text
    if behaviour.severity == MAX_SEVERITY:
        assert screen.text.startswith("112")
        assert {f"📞 {line.value}" for line in HELP_LINES} <= set(labels(screen))
    assert "112" in screen.text
    (message,) = (each for each in phone.messages if receipt in each.text and each is not screen)
    assert copied(message) == [receipt]
    assert holds_none_of(message.text, [_(behaviour.name), _(FORM_NAMES[behaviour.form])])
    listed = await send(phone, "/myreports")
    assert labels(listed)[0].startswith(receipt)
    opened = await press(phone, labels(listed)[0], listed)
    assert code_on(opened) == receipt
    assert _(behaviour.name) in opened.text
    assert _(RIDE_NAMES[ride]) in opened.text


async def test_every_behaviour_is_flagged_in_four_taps_while_the_ride_goes_on_and_when_it_is_over(
    house: House, language: str
) -> None:
    """The three languages, one of them on PostgreSQL, share the 30 behaviours; what is of no form is sent in each."""
    assert len({behaviour.base for behaviour in BEHAVIOURS.values()}) == 30
    codes = dict.fromkeys([*list(BEHAVIOURS)[LANGUAGES.index(language) :: len(LANGUAGES)], "OT"])
    for code in codes:
        for ride in Ride:
            await assert_fast(house, language, code, ride)
            house.clock.shift += timedelta(hours=3)  # not the same story again
    sent = [([behaviour.code for behaviour in flag.behaviours], flag.ride) for flag in await stored(house, Flag)]
    assert sent == [([code], ride) for code in codes for ride in Ride]
    await assert_sound(house)


async def test_the_fast_way_asks_nobody_to_read_more_than_120_words_buttons_counted_apart(
    house: House, language: str
) -> None:
    """With its buttons no screen has more than 80.

    A passenger is counted from the first screen on, a driver who was harassed from /report on, and who has scanned
    a car from where they choose to report: the screen before is for whoever looks who drives.
    """
    phone, _ = passenger(house, language), say(language)
    car = await with_car(house, await certified(house, language), _)
    ride = RIDES[Ride.GOING_ON]
    ways = {
        "/start": (["Report an incident", ride], FORM_NAMES.values()),
        f"/start q{car}": (["Report an incident", ride], FORM_NAMES.values()),
        "/report": (
            ["I am the driver, it is about a passenger", "Yes, in the car"],
            [form_name(form, by_passenger=True) for form in Form if behaviours_of(form, by_passenger=True)],
        ),
    }
    for command, (texts, forms) in ways.items():
        screen, read = await send(phone, command), []
        for text in texts:
            read.append(words_read(screen))
            await press(phone, _(text), screen)
        read = read[1:] if command.startswith("/start q") else read
        read.append(words_read(screen))
        for form in forms:
            await press(phone, _(form), screen)
            assert any(data.startswith("report:send") for data in presses(screen))
            assert sum([*read, words_read(screen)]) <= 120, (command, form)
            await press(phone, _("« Back"), screen)


async def test_what_the_bot_can_and_cannot_promise_is_said_before_sending(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    for form, name in FORM_NAMES.items():
        screen = await send(phone, "/report")
        for text in (RIDES[Ride.GOING_ON], name):
            assert not any(data.startswith("report:send") for data in presses(screen)), "nothing is sent before"
            if text == name:
                said = screen.text.splitlines()[2:]
                assert said == [
                    _("People read it, and answer here."),
                    _("The team doesn't see your account; only the bot knows it."),
                    _(
                        "“{clear}” deletes this chat's last 48 hours, not your report. Telegram keeps the rest.",
                        clear=_("✕ Clear chat"),
                    ),
                    _("We call nobody for you. In danger, call 112."),
                ]
            await press(phone, _(text), screen)
        assert any(data.startswith("report:send") for data in presses(screen)), form
        assert _("By sending, you say it is true as far as you know.") in screen.text


async def test_where_life_may_be_in_danger_help_comes_before_the_choice_to_save(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    for form, ride in product(set(FORM_NAMES) - {Form.OTHER}, Ride):
        name = FORM_NAMES[form]
        screen = await send(phone, "/report")
        for text in (RIDES[ride], name):
            await press(phone, _(text), screen)
        dangerous = any(weight([each.code], ride, Details()) == MAX_SEVERITY for each in behaviours_of(form))
        first = labels(screen)[: len(HELP_LINES) + 1]
        calls = [*(f"📞 {line.value}" for line in HELP_LINES), _("A text for somebody you trust")]
        assert (first == calls) is dangerous, form
        assert screen.text.startswith(_("In danger? Call 112 first; saving can wait.")) is dangerous
    assert not await stored(house, Flag)
    await assert_sound(house)


async def test_what_is_dangerous_by_now_shows_the_help_lines_first_too(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await flag(phone, _, "PH1", Ride.GOING_ON)  # severity 3, raised because the ride goes on
    assert [flag.severity for flag in await stored(house, Flag)] == [MAX_SEVERITY]
    assert screen.text.startswith("112")
    assert "📞 112" in labels(screen)


async def test_tapping_twice_on_two_phones_or_on_an_old_screen_gives_the_same_receipt(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await send(phone, "/start")
    for text in ("Report an incident", "Yes, I am in the car", "Touch or force"):
        await press(phone, _(text), screen)
    again = next(data for data in presses(screen) if ":PH1:" in data)
    other = phone.another()
    phone.tap_data(again, screen)
    other.tap_data(again, screen)
    await phone.press_data(again, screen)
    receipt = code_on(screen)
    await phone.until(lambda phone: phone.texts.count(receipt) == 2)
    await phone.press_data(again, screen)
    assert code_on(screen) == receipt
    assert len(await stored(house, Flag)) == 1
    assert phone.texts.count(receipt) == 2
    await assert_sound(house)


async def test_what_is_typed_after_another_report_was_sent_changes_no_earlier_one(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    old = await send(phone, "/report")
    for text in ("No, it is over", "Touch or force"):
        await press(phone, text, old)
    await press(phone, "Add your words", await flag(phone, _, "VB2"))
    await press(phone, "Hitting, grabbing", old)
    await send(phone, "This is about the second ride")
    assert [each.words(small_house.app.vault) for each in await stored(small_house, Flag)] == [None, None]
    await assert_sound(small_house)


async def test_the_help_lines_arrive_as_contacts_that_a_phone_can_dial(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await send(phone, "/sos")
    for line in HELP_LINES:
        await phone.press(f"📞 {line.value}", screen, expect=1)
        contact = phone.last.raw["contact"]
        assert contact["phone_number"] == line.value
        assert contact["first_name"].startswith(line.value)
        assert _(line.name)[:20] in contact["first_name"]
    await assert_sound(house)


async def test_help_works_in_the_middle_of_everything_and_the_question_stays_asked(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await flag(phone, _)
    for asked, answer in (("Add the plate", "123 ABC 02"), ("Add your words", "All of it.")):
        await press(phone, _(asked), screen)
        assert "112" in (await send(phone, "/sos")).text
        screen = await send(phone, answer)
        assert answer.replace(" ", "") in screen.text.replace(" ", "")
        await press(phone, _("« My reports"), screen)
        await press(phone, labels(screen)[0], screen)
    await assert_sound(house)


async def test_a_plate_is_kept_however_it_is_typed(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    odd = _("Saved. It does not look like a plate of Kazakhstan; if it's a slip, you can change it below.")
    for code, typed, kept, looks_odd in (
        ("VB2", "123 abc 02", "123ABC02", False),
        ("SX1", "kz 777 аве 05", "777ABE05", False),  # Cyrillic look-alikes
        ("NV1", "A123BCD", "A123BCD", False),
        ("SX5", "🚗 456 def 05 🚓", "456DEF05", False),
        ("PH1", "01 KG 123 ABC", "01KG123ABC", True),
        ("ST1", "не помню, 77", "HEПOMHЮ77", True),
        ("DI1", "<i>1</i>", "I1I", True),
    ):
        screen = await flag(phone, _, code)
        await press(phone, _("Add the plate"), screen)
        screen = await send(phone, typed)
        assert kept in screen.text
        assert (odd in screen.text) is looks_odd
        assert (await stored(house, Flag))[-1].plate(house.app.vault) == kept
    await assert_sound(house)


async def test_a_slip_in_the_plate_is_corrected_but_one_report_asks_after_few_cars(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await flag(phone, _)
    stays = _("The plate was changed several times and stays now. Please write the right one in your own words.")
    plates = [f"{number}23ABC02" for number in range(MOST_PLATES + 2)]
    for number, typed in enumerate(plates):
        await press(phone, _("Change the plate" if number else "Add the plate"), screen)
        screen = await send(phone, typed)
        assert (stays in screen.text) is (number >= MOST_PLATES)
        (flag_,) = await stored(house, Flag)
        assert flag_.plate(house.app.vault) == plates[min(number, MOST_PLATES - 1)]
    await press(phone, _("Change the plate"), screen)
    assert stays not in (await send(phone, plates[MOST_PLATES - 1])).text  # the same once more
    await assert_sound(house)


async def test_what_can_be_no_plate_is_asked_for_again_until_it_is_cancelled(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await flag(phone, _)
    receipt = code_on(screen)
    await press(phone, _("Add the plate"), screen)
    for junk in ("?!", "🚗", "— — —"):
        asked = await send(phone, junk)
        assert asked.text == _("There are no letters or digits in that. Please write the plate once more.")
    await press(phone, _("Cancel"), asked)
    assert code_on(asked) == receipt
    await send(phone, "123 ABC 02")  # nothing is asked any more
    (flag_,) = await stored(house, Flag)
    assert flag_.plate(house.app.vault) is None
    await assert_sound(house)


LONG = ["я" * 4096, "👩" * 2048, "<" * 4096, "&amp;" * 800, "مرحبا " * 500]


async def test_own_words_are_kept_to_the_letter_and_shown_as_they_were_typed(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await flag(phone, _)
    for words in ("First words", NASTY, *LONG, "1. /sos - no command\n/start"):
        ask = "Add your words" if words == "First words" else "Change your words"
        await press(phone, _(ask), screen)
        screen = await send(phone, words)
        (flag_,) = await stored(house, Flag)
        assert flag_.words(house.app.vault) == words.strip()
        assert words.strip()[:700] in screen.text
        (quoted,) = (entity for entity in screen.entities if entity["type"] == "blockquote")
        assert quoted["length"] in {units(words.strip()), 1499, 1500}  # an emoji is never cut in two
        formatted = {entity["type"] for entity in screen.entities if entity["offset"] > quoted["offset"]}
        assert formatted <= {"bot_command"}  # Telegram's own doing
    await assert_sound(house)


async def test_commands_work_in_the_middle_of_typing(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    home = (await send(phone, "/start")).text
    screen = await flag(phone, _)
    for asked in ("Add the plate", "Add your words"):
        await press(phone, _(asked), screen)
        assert (await send(phone, "/start")).text == home
        assert (await send(phone, "hello")).text == _("I did not understand that. Here is what I can do:")
        screen = await send(phone, "/myreports")
        await press(phone, labels(screen)[0], screen)
    (flag_,) = await stored(house, Flag)
    assert flag_.plate(house.app.vault) is None
    assert flag_.words(house.app.vault) is None
    await assert_sound(house)


async def test_the_question_survives_a_restart_of_the_bot(database_url: str, language: str) -> None:
    _ = say(language)
    async with open_house(database_url, **QUICK) as house:
        phone = passenger(house, language)
        await press(phone, _("Add your words"), await flag(phone, _))
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        assert "Кейінірек жазамын" in (await send(phone, "Кейінірек жазамын")).text
        (flag_,) = await stored(house, Flag)
        assert flag_.words(house.app.vault) == "Кейінірек жазамын"


async def test_a_choice_of_language_ends_what_was_asked_because_it_is_no_longer_on_the_screen(
    small_house: House,
) -> None:
    phone, _ = passenger(small_house), say("en")
    await press(phone, _("Add your words"), await flag(phone, _))
    await send(phone, "/language")
    await press(phone, "Русский")
    await send(phone, "Алло?")
    (flag_,) = await stored(small_house, Flag)
    assert flag_.words(small_house.app.vault) is None


async def test_a_report_is_withdrawn_only_after_it_was_confirmed(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    receipt = code_on(await flag(phone, _))
    screen = await send(phone, "/myreports")
    await press(phone, labels(screen)[0], screen)
    await press(phone, _("Withdraw"), screen)
    assert [flag.state for flag in await stored(house, Flag)] == [State.NEW]
    await press(phone, _("No, keep it"), screen)
    assert code_on(screen) == receipt
    await press(phone, _("Withdraw"), screen)
    await press(phone, _("Yes, withdraw"), screen)
    assert [flag.state for flag in await stored(house, Flag)] == [State.WITHDRAWN]
    assert _("withdrawn") in screen.text
    assert _("Withdraw") not in labels(screen)
    assert _("withdrawn") in labels(await send(phone, "/myreports"))[0]
    await assert_sound(house)


async def test_an_ended_report_can_no_longer_be_changed(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    for number, (ended, code) in enumerate({State.CLOSED: "VB2", State.WITHDRAWN: "DR1"}.items(), 1):
        await press(phone, _("Add the plate"), await flag(phone, _, code))
        async with house.app.database.transaction() as session:
            own = await session.get_one(Flag, number)
            if ended is State.CLOSED:
                own.claim(own.reporter_id)
                own.close(own.reporter_id, Outcome.RECORDED, house.clock())
            else:
                own.withdraw(house.clock())
        screen = await send(phone, "123 ABC 02")
        for action in ("plate", "words", "withdraw", "withdrawn"):
            await phone.press_data(f"own:{action}:{number}", screen)
        await send(phone, "too late")
        after = (await stored(house, Flag))[-1]
        assert (after.sealed_plate, after.sealed_words, after.state) == (None, None, ended)
    await assert_sound(house)


async def test_another_persons_report_shows_nothing_of_itself(house: House, language: str) -> None:
    phone, stranger, _ = passenger(house, language), house.phone(PASSENGER + 50, language), say(language)
    receipt = code_on(await flag(phone, _, "PH4"))
    await press(phone, _("Add your words"))
    await send(phone, "Secret words")
    (flag_,) = await stored(house, Flag)
    screen = await send(stranger, "/start")
    for action in ("open", "plate", "words", "withdraw", "withdrawn"):
        await stranger.press_data(f"own:{action}:{flag_.id}", screen)
        shown = whole(screen)
        await send(stranger, "999 ZZZ 09")
        assert holds_none_of(shown, [receipt, _(BEHAVIOURS["PH4"].name), "Secret words"])
    (after,) = await stored(house, Flag)
    assert (after.plate(house.app.vault), after.state) == (None, State.NEW)
    assert after.words(house.app.vault) == "Secret words"
    await assert_sound(house)


async def test_the_newest_reports_come_first(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    receipts = [code_on(await flag(phone, _, code)) for code in ("SX1", "VB1", "DR1")]
    listed = labels(await send(phone, "/myreports"))[:3]
    assert [label.partition(" ")[0] for label in listed] == receipts[::-1]


async def ids_of(house: House, gone: Person) -> dict[str, list[int]]:
    """The ids of a person's rows by table: of what belongs to the person, and of what belongs to that."""
    ids = {"people": [gone.id]}
    async with house.app.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            columns = [
                (key.parent, ids[key.column.table.name])
                for key in table.foreign_keys
                if key.column.table.name in ids and key.ondelete == "CASCADE"
            ]
            if columns and "id" in table.c:
                belongs = or_(*(column.in_(values) for column, values in columns))
                ids[table.name] = list(await session.scalars(select(table.c.id).where(belongs)))
    return ids


async def everything_of(house: House, ids: dict[str, list[int]]) -> dict[str, int]:
    """How many rows of each table are, or hang on, those with these ids."""
    found: dict[str, int] = {}
    async with house.app.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            columns = [
                (key.parent, ids[key.column.table.name]) for key in table.foreign_keys if key.column.table.name in ids
            ]
            columns += [(table.c.id, ids[table.name])] if table.name in ids else []
            for column, values in columns:
                rows = (await session.execute(table.select().where(column.in_(values)))).all()
                found[table.name] = found.get(table.name, 0) + len(rows)
    return found


async def test_deletedata_leaves_nothing_of_a_person_and_the_next_start_is_the_first(house: House) -> None:
    phone, other, _ = passenger(house, "ru"), house.phone(PASSENGER + 50), say("ru")
    await flag(other, say("en"))
    await take_lesson(phone, "ru")
    await press(phone, _("Go through it again"))
    await flag(phone, _, "PH6")
    screen = await press(phone, _("Add the plate"), await flag(phone, _, "SX1"))
    await press(phone, _("Write to the team"), await press(phone, _("Cancel"), screen))
    screen = await send(phone, "Вспомнилось ещё одно")
    await press(phone, _("Add the plate"), await press(phone, _("« My report"), screen))
    await send(phone, "/privacy")
    gone = await person(house, phone)
    async with house.app.database.transaction() as session:
        await add_course(session, house.app.vault, gone, now=house.clock())
        [sent, *_others] = await flags_of(session, gone.id)
        await write_note(session, house.app.vault, sent, gone.id, Kind.NOTE, "note", house.clock())
        await add_access(session, house.app.vault, sent, gone, "a few words", house.clock())
        await add_both_sides(session, house.app.vault, sent, gone, "words", house.clock())
    ids = await ids_of(house, gone)
    before = await everything_of(house, ids)
    assert {name for name, count in before.items() if not count} <= {"team", "duty", "dead_letters"}
    await press(phone, _("Delete my data"))
    await press(phone, _("No, keep it"))
    after = await everything_of(house, ids)
    assert after == before | {"conversations": 0, "traces": after["traces"]}  # the chat goes on
    await send(phone, "/deletedata")
    screen = await press(phone, _("Yes, delete everything"))
    left = (
        "Everything about you is deleted, except what limits need (/privacy says what). "
        "Of reports only numbered records stay, without content. You can also clear this chat in Telegram. "
        "All the best to you."
    )
    assert screen.text == _(left)
    assert {row.what for row in await stored(house, Limit)} == {What.REPORT, What.TRY}
    assert set((await everything_of(house, ids)).values()) == {0}
    await press(phone, _("« Menu"), screen)
    assert (await person(house, phone)).id != gone.id
    assert _("Report an incident") in labels(await send(phone, "/myreports"))
    assert not any(label.startswith(("✓", "▶")) for label in labels(await send(phone, "/learn")))
    assert (await open_lesson(phone, "ru")).text
    assert len(await stored(house, Flag)) == 1  # the other person's
    async with house.app.database.transaction() as session:
        (await session.get_one(Person, (await person(house, other)).id)).barred_at = house.clock()
    screen = await press(other, "Yes, delete everything", await send(other, "/deletedata"))
    assert screen.text == left  # as everybody reads
    assert {row.what for row in await stored(house, Limit)} == set(What)
    await assert_sound(house)


async def test_privacy_names_the_operator_where_one_is_set(sqlite_url: str) -> None:
    async with open_house(sqlite_url, operator_name="ЖШС <Құрмет> & Ко", **QUICK) as house:
        for language in LANGUAGES:
            phone = house.phone(PASSENGER + 50 + LANGUAGES.index(language), language)
            assert "ЖШС <Құрмет> & Ко" in (await send(phone, "/privacy")).text
            assert "/deletedata" in phone.last.text
        await assert_sound(house)
