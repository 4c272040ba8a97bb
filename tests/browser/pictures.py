"""The pictures in docs/, taken from the real thing: `make pictures`.

A driver has gone through the whole course, another one is in a seminar, the trainer's message shows the votes.
"""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from bot.demo import DRIVER, PASSENGER, REVIEWER, demo_sandbox
from models.quiet import next_at_hour
from tests.browser.conftest import find_browser
from tests.e2e.conftest import QUICK
from tests.e2e.rooms import cohort_by, come
from tests.e2e.test_course import certify
from tests.e2e.test_seminar import asked, ballot_on, count_on, open_vote
from tests.e2e.walking import press, say
from tests.house import House, open_house

DOCS = Path(__file__).parent.parent.parent / "docs"
SIZE = {"width": 1440, "height": 900}
ONLY_THREE = "for (const phone of [...document.querySelectorAll('.phone')].slice(3)) phone.remove()"
"""The rest of the room is not in the picture."""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


async def walk(house: House) -> None:
    """Bring the three phones to what the picture shows."""
    driver, other, trainer = (house.sandbox.phone(person) for person in (DRIVER, PASSENGER, REVIEWER))
    house.clock.shift = next_at_hour(house.clock(), 15) - house.clock()
    await certify(house, driver, "kk", say("kk"))
    await trainer.send("/start")
    cohort = await cohort_by(house, trainer, "Almaty, 21 November")
    await come(other, cohort)
    room = [house.phone(2000 + number) for number in range(11)]
    for phone in room:
        await come(phone, cohort)
    live = await open_vote(trainer, cohort)
    options = asked("en").options
    votes = [0] * len(options)
    for at, phone in enumerate([other, *room]):
        option = (1, 1, 2, 1, 0, 1, 1, 2, 1, 0, 1, 2)[at] % len(options)
        votes[option] += 1
        await press(phone, str(option + 1), await ballot_on(phone, "ru" if phone is other else "en"))
    await count_on(house, trainer, live, votes)


async def take(browser_path: str) -> None:
    """Walk, and take the picture in Chromium."""
    sandbox = demo_sandbox()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/pictures.db"
        async with open_house(url, sandbox=sandbox, bot_token=sandbox.token, **QUICK) as house:
            await walk(house)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
                page = await browser.new_page(viewport=SIZE)
                await page.goto(house.app.settings.telegram_api_url)
                await page.evaluate(ONLY_THREE)
                await page.wait_for_timeout(3000)
                await page.screenshot(path=DOCS / "course.png")
                await browser.close()


if __name__ == "__main__":
    path = find_browser()
    if path is None:
        raise SystemExit("No Chromium found: install it, or set CHROMIUM=/path/to/chromium.")
    asyncio.run(take(path))
