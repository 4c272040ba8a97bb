"""What Telegram itself shows of the bot: set in every language, for the team its own, and only when it differs."""

from bot.app import open_app
from bot.sandbox import Sandbox
from handlers.menu import DESCRIPTION, EVERYONE, NAME, OWNERS, REVIEWERS, SHORT_DESCRIPTION
from models.database import Database
from models.people import Language, load_people
from models.team import Member, Role
from models.vault import Vault
from tests.house import OWNER, PASSENGER, REVIEWER, TOKEN, House, TestClock, open_house, settings_for
from tests.walks import eventually

TEAM_ONLY = {*REVIEWERS, *OWNERS} - set(EVERYONE)


async def menu_is_set(house: House) -> None:
    texts = house.app.engine.texts
    profile = house.sandbox.world.profile
    await eventually(lambda: profile.text("short_description", "en") == texts[Language.ENGLISH](SHORT_DESCRIPTION))
    await house.sandbox.until(
        lambda: profile.text("short_description", "ru") != profile.text("short_description", "kk")
    )


async def test_commands_and_descriptions_are_set_in_every_language_and_for_all_others(house: House) -> None:
    await menu_is_set(house)
    profile = house.sandbox.world.profile
    for code in ("kk", "ru", "en", "de"):
        language = Language.of(code, Language.KAZAKH)
        _ = house.app.engine.texts[language]
        phone = house.sandbox.phone(language_code=code)
        assert {c["command"]: c["description"] for c in phone.commands} == {n: _(w) for n, w in EVERYONE.items()}
        assert profile.text("name", code) == _(NAME)
        assert profile.text("description", code) == _(DESCRIPTION)
        assert profile.text("short_description", code) == _(SHORT_DESCRIPTION)


async def test_the_team_s_commands_are_seen_by_the_team_alone(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    reviewer, passenger = sandbox.phone(REVIEWER, language_code="ru"), sandbox.phone(PASSENGER, language_code="ru")
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        await reviewer.send("/start")
        await menu_is_set(house)
        await eventually(lambda: {c["command"] for c in reviewer.commands} >= TEAM_ONLY)
    assert not {c["command"] for c in passenger.commands} & TEAM_ONLY
    everything = [c for (scope, _), cs in sandbox.world.profile.commands.items() if scope[:4] != "chat" for c in cs]
    assert not {c["command"] for c in everything} & TEAM_ONLY


async def test_a_reviewer_who_is_no_owner_does_not_see_the_owners_commands(
    database: Database, database_url: str, vault: Vault
) -> None:
    clock = TestClock()
    async with database.transaction() as session:
        people = await load_people(session, vault, {OWNER: "ru"}, default=Language.KAZAKH, now=clock())
        session.add(Member(person_id=people[OWNER].id, role=Role.REVIEWER, since=clock()))
    sandbox = Sandbox(token=TOKEN, clock=clock)
    owner, reviewer = sandbox.phone(REVIEWER, language_code="ru"), sandbox.phone(OWNER, language_code="ru")
    for phone in (owner, reviewer):
        phone.post("/start")  # a bot may not set the menu of who never wrote to it
    async with open_house(database_url, sandbox=sandbox, clock=clock):
        await eventually(lambda: {c["command"] for c in owner.commands} >= TEAM_ONLY)
        await eventually(lambda: {c["command"] for c in reviewer.commands} >= set(REVIEWERS))
    assert not {c["command"] for c in reviewer.commands} & (set(OWNERS) - set(REVIEWERS))


async def test_a_second_start_sets_nothing_that_is_as_it_should_be(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    sandbox.phone(REVIEWER, language_code="kk")
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        await menu_is_set(house)
        await eventually(lambda: {c["command"] for c in sandbox.phone(REVIEWER).commands} >= TEAM_ONLY)
        await sandbox.idle()

    def setting() -> int:
        return sum(times for method, times in sandbox.requests.items() if method.startswith("setMy"))

    def asking() -> int:
        return sum(times for method, times in sandbox.requests.items() if method.startswith("getMy"))

    once, asked = setting(), asking()
    assert once >= 12
    async with open_house(database_url, sandbox=sandbox, clock=clock):
        await eventually(lambda: asking() == 2 * asked)
        await sandbox.idle()
        assert setting() == once


async def test_a_text_that_was_changed_by_hand_is_put_right_at_the_next_start(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        await menu_is_set(house)
    await sandbox.call("setMyName", {"name": "Another bot", "language_code": "ru"})
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        wanted = house.app.engine.texts[Language.RUSSIAN](NAME)
        await eventually(lambda: sandbox.world.profile.text("name", "ru") == wanted)


async def test_a_menu_that_can_not_be_set_keeps_nobody_from_using_the_bot(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    sandbox.faults.too_many(retry_after=3600, times=1000, method="setMyCommands")
    sandbox.faults.broken(times=1000, method="getMyName")
    async with open_house(database_url, sandbox=sandbox, clock=clock):
        await sandbox.phone(PASSENGER).send("/start")


async def test_a_menu_that_breaks_down_does_not_make_the_stop_fail(house: House) -> None:
    """The database was away at the moment when the menu was set."""
    settings = settings_for(house.app.settings.telegram_api_url, house.app.settings.database_url)
    async with open_app(settings) as app:

        async def gone() -> None:
            raise OSError

        app._set_menu = gone  # type: ignore[method-assign]
        app.stop.set()
        await app.run()
