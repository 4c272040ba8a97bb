"""A seminar: the trainer opens a scenario, the room votes on its phones, the trainer's message shows how, then why."""

from datetime import timedelta

from bot.sandbox import Message, Phone
from handlers.lesson_screens import numbered
from models.cohorts import Cohort, Participant
from models.lessons import Question
from models.outbox import Parcel
from models.seminars import Scene, Vote
from models.team import Role
from tests.e2e.rooms import cohort_by, come
from tests.e2e.walking import (
    COURSE,
    LANGUAGES,
    appoint,
    assert_sound,
    labels,
    passenger,
    press,
    presses,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import OWNER, House

LESSON = 2
ROOM = 30


def asked(language: str, at: int = 0) -> Question:
    """A question of the lesson, in a language."""
    return COURSE.lesson(LESSON, language).questions[at]


async def open_vote(desk: Phone, cohort: Cohort, at: int = 0, language: str = "en") -> Message:
    """Open a question of the lesson; gives the trainer's live message."""
    _ = say(language)
    screen = await send(desk, f"/cohort {cohort.code}")
    await press(desk, _("Seminar"), screen)
    await press(desk, f"{LESSON}. {COURSE.lesson(LESSON, language).title}", screen)
    return await press(desk, str(at + 1), screen)


async def ballot_on(phone: Phone, language: str, at: int = 0) -> Message:
    """Wait for the scenario on a phone."""
    question = asked(language, at)

    def there(phone: Phone) -> Message | None:
        found = (message for message in reversed(phone.messages) if question.screen.text in message.text)
        return next(found, None)

    await phone.until(there)
    message = there(phone)
    assert message is not None
    return message


def bars(message: Message) -> list[int]:
    """The number of votes beside each bar."""
    return [int(line.split()[1]) for line in message.text.split("\n") if line.startswith(("▰", "▱"))]


async def told(phone: Phone, question: Question) -> None:
    """Wait until the answer to a question has come."""
    await phone.until(lambda phone: question.answer.why.text in phone.texts)


async def count_on(house: House, desk: Phone, message: Message, votes: list[int]) -> None:
    """The trainer's message comes to show these votes; nobody waits for its second to pass."""
    house.clock.shift += timedelta(seconds=2)
    house.app.sender.wake()
    await desk.until(lambda _: bars(message) == votes)


async def test_a_room_votes_in_three_languages_and_learns_why(small_house: House) -> None:
    desk, _ = await reviewer(small_house), say("en")
    cohort = await cohort_by(small_house, desk)
    phones = {language: small_house.phone(2000 + at, language) for at, language in enumerate(LANGUAGES)}
    for phone in phones.values():
        await come(phone, cohort)
    outsider = passenger(small_house)
    await send(outsider, "/start")
    live = await open_vote(desk, cohort)
    assert live.text.startswith(asked("en").scenario.text)
    assert bars(live) == [0] * len(asked("en").options)
    (scene,) = await stored(small_house, Scene)
    assert scene.message_id == live.id

    right = asked("en").options.index(asked("en").answer)
    wrong = 1 if right == 0 else 0
    for language, phone in phones.items():
        ballot, there = await ballot_on(phone, language), say(language)
        assert there("Your vote is seen as a count only.") in ballot.text
        await press(phone, str(right + 1), ballot)
        assert there("Your vote:") in ballot.text
        assert f"✓ {right + 1}" in labels(ballot)
        await phone.press_data(presses(ballot)[right], ballot)  # a double tap
        if language != "en":
            await press(phone, str(wrong + 1), ballot)  # another thought
            assert f"✓ {wrong + 1}" in labels(ballot)
    expected = [0] * len(asked("en").options)
    expected[right], expected[wrong] = 1, 2
    await count_on(small_house, desk, live, expected)
    assert "2 · 67 %" in live.text
    assert "3 votes" in live.text

    late = small_house.phone(2010, "ru")  # who comes later sees it at once
    await come(late, cohort, expect=2)
    late_ballot = await ballot_on(late, "ru")
    forged = presses(late_ballot)[0]
    dead = await outsider.press_data("nonsense")
    assert await outsider.press_data(forged) == dead  # not in this room
    await late.press_data(f"{forged.rpartition(':')[0]}:nonsense", late_ballot)  # no option
    await late.press_data("scene:vote:999:0::polite", late_ballot)  # no scene
    late_ballot = (await come(late, cohort, expect=2))[1]

    before = {language: len(phone.messages) for language, phone in phones.items()}
    await press(desk, _("Show the answer"), live)
    assert bars(live) == expected
    assert f"✓ {numbered(asked('en'), asked('en').answer)}" in live.text
    assert asked("en").answer.why.text in live.text
    assert _("Show the answer") not in labels(live)
    for language, phone in phones.items():
        question = asked(language)
        await told(phone, question)
        assert (question.options[wrong].why.text in phone.last.text) is (language != "en")
        assert phone.last.text.count(question.answer.why.text) == 1
        assert len(phone.messages) == before[language] + 1
    assert not any(asked("ru").answer.why.text in message.text for message in late.messages)  # who did not vote
    await press(late, str(right + 1), late_ballot)
    assert say("ru")("This vote is closed. Here is the answer:") in late_ballot.text
    assert asked("ru").answer.why.text in late_ballot.text
    assert len(await stored(small_house, Vote)) == 3
    orders = len(await stored(small_house, Parcel))
    await desk.press_data(f"scene:answer:{scene.id}:0::", live)  # a double tap: nobody is told twice
    assert len(await stored(small_house, Parcel)) == orders
    await press(desk, _("Next scenario"), live)
    await press(desk, "2", live)
    for language, phone in phones.items():
        await ballot_on(phone, language, 1)
    await assert_sound(small_house)


async def test_thirty_who_vote_at_once_are_thirty(house: House) -> None:
    desk, question = await reviewer(house), asked("en")
    cohort = await cohort_by(house, desk)
    live = await open_vote(desk, cohort)
    phones = [house.phone(3000 + at) for at in range(ROOM)]
    for phone in phones:
        phone.post(f"/start c{cohort.code}")
    for phone in phones:
        await phone.until(lambda phone: len([message for message in phone.messages if message.from_bot]) == 2)
    options = len(question.options)
    for at, phone in enumerate(phones):
        phone.tap(str(at % options + 1))
        phone.tap(str(at % options + 1))
    for phone in phones:
        await phone.until(lambda phone: "✓" in str(labels(phone.last)))
    await count_on(house, desk, live, [ROOM // options] * options)
    assert len(await stored(house, Vote)) == ROOM == len(await stored(house, Participant))
    phones[0].tap("2")
    await count_on(house, desk, live, [ROOM // options - 1, ROOM // options + 1] + [ROOM // options] * (options - 2))
    for phone in phones:
        phone.tap("1")
    await press(desk, say("en")("Show the answer"), live)  # in the middle of it
    for phone in phones:
        await told(phone, question)
    votes = [vote.option for vote in await stored(house, Vote)]
    assert len(votes) == ROOM
    await desk.until(lambda _: bars(live) == [votes.count(option.key) for option in question.options])
    await desk.until(lambda _: question.answer.why.text in live.text)
    await assert_sound(house)


async def test_one_scene_at_a_time_and_every_way_back_to_it(small_house: House) -> None:
    desk, _ = await reviewer(small_house), say("en")
    cohort, empty = await cohort_by(small_house, desk), await cohort_by(small_house, desk, "Empty")
    phone = small_house.phone(2001)
    await come(phone, cohort)
    live = await open_vote(desk, cohort)
    await desk.press_data(f"scene:open:{cohort.id}:{LESSON}:{asked('en').key}:", live)  # a double tap
    assert len(await stored(small_house, Scene)) == 1
    ballot = await ballot_on(phone, "en")
    await press(phone, "1", ballot)
    await count_on(small_house, desk, live, [1] + [0] * (len(asked("en").options) - 1))

    await press(desk, _("« Cohort"), live)
    beside = desk.last
    assert beside.id != live.id
    await press(desk, _("Seminar"), beside)
    await press(desk, _("The current vote"), beside)
    await press(phone, "2", ballot)
    await count_on(small_house, desk, beside, [0, 1] + [0] * (len(asked("en").options) - 2))

    second = await open_vote(desk, cohort, 1)
    first, scene = await stored(small_house, Scene)
    assert first.closed_at is not None
    assert scene.closed_at is None
    await told(phone, asked("en"))
    await ballot_on(phone, "en", 1)
    await press(phone, "3", ballot)
    assert _("This vote is closed. Here is the answer:") in ballot.text
    await desk.until(lambda _: asked("en").answer.why.text in beside.text)  # the first one's message shows its end
    third = await press(desk, _("« Cohort"), second)
    assert bars(third) == [0] * len(asked("en", 1).options)

    colleague = small_house.phone(OWNER)  # another owner takes over
    await send(colleague, "/start")
    for data in ("lessons:1:0::", "lesson:1:2::", f"open:1:2:{asked('en').key}:", "look:2:0::", "answer:2:0::"):
        assert (await colleague.press_data(f"scene:{data}")).text == _("That button no longer works. Here is the menu.")
    await appoint(small_house, colleague, Role.OWNER)
    screen = await send(colleague, f"/cohort {cohort.code}")
    await press(colleague, _("Seminar"), screen)
    await press(colleague, _("The current vote"), screen)
    await press(phone, "1", await ballot_on(phone, "en", 1))
    await count_on(small_house, colleague, screen, [1] + [0] * (len(asked("en", 1).options) - 1))
    await press(colleague, _("Show the answer"), screen)

    await press(desk, _("Seminar"), await send(desk, f"/cohort {empty.code}"))
    assert _("The current vote") not in labels(desk.last)  # another cohort's
    for data in (
        "lessons:99:0::",
        "lesson:99:2::",
        "lesson:2:99::",
        "open:2:2:nonsense:",
        "look:99:0::",
        "answer:99:0::",
    ):
        await desk.press_data(f"scene:{data}", desk.last)
    assert len(await stored(small_house, Scene)) == 2
    await assert_sound(small_house)
