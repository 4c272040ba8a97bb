"""The sandbox page in a real browser: what a person sees, presses and sends. The tests play the bot."""

import re
import struct
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error, FilePayload, Locator, Page, async_playwright, expect

from bot.sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRIVER, PASSENGER, REVIEWER = 101, 102, 103
WEEK = 7 * 86400


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox() -> Sandbox:
    """Three people; the driver has already started the bot and been greeted."""
    sandbox = Sandbox(name="Құрмет", username="qurmet_bot")
    await called(sandbox, "setMyDescription", description="Respect on the road")
    commands = [
        {"command": "report", "description": "Flag an incident"},
        {"command": "help", "description": "Help now"},
    ]
    await called(sandbox, "setMyCommands", commands=commands)
    sandbox.phone(DRIVER, "Arman", "en", title="Driver")
    sandbox.phone(PASSENGER, "Алия", "ru", title="Passenger")
    sandbox.phone(REVIEWER, "Dana", "kk", title="Reviewer")
    sandbox.phone(DRIVER).post("/start")
    await update(sandbox)
    await say(sandbox, "Welcome!")
    return sandbox


@pytest_asyncio.fixture(loop_scope="module")
async def problems() -> list[str]:
    """Errors of the browser's console; a test that expects one takes it out."""
    return []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tab(browser: Browser) -> Page:
    """One tab for all tests, which saves a third of their time; `page` makes it as new."""
    return await browser.new_page(locale="en-GB", reduced_motion="reduce")


@pytest_asyncio.fixture(loop_scope="module")
async def page(tab: Page, sandbox: Sandbox, problems: list[str]) -> AsyncIterator[Page]:
    """The page at 1440 x 900; a test fails in which the browser's console shows an unexpected error."""

    def logged(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(message.text)

    def raised(error: Error) -> None:
        problems.append(str(error))

    tab.on("console", logged)
    tab.on("pageerror", raised)
    await tab.set_viewport_size({"width": 1440, "height": 900})
    await tab.emulate_media(color_scheme="light")
    async with sandbox.serve() as url:
        await tab.goto(url)
        await expect(tab.locator("[data-phone]")).to_have_count(3)
        yield tab
        await tab.goto("about:blank")
    tab.remove_listener("console", logged)
    tab.remove_listener("pageerror", raised)
    assert problems == []


# the bot's part


async def called(sandbox: Sandbox, method: str, **params: Any) -> Any:
    answer = await sandbox.call(method, params)
    assert answer["ok"], answer
    return answer["result"]


async def say(sandbox: Sandbox, text: str, **params: Any) -> int:
    """Write to the driver; returns the message_id."""
    message = await called(sandbox, "sendMessage", chat_id=DRIVER, text=text, **params)
    return int(message["message_id"])


async def update(sandbox: Sandbox) -> Any:
    """The next update, taken and confirmed as a polling bot does."""
    [first, *_] = await called(sandbox, "getUpdates", timeout=10)
    await called(sandbox, "getUpdates", offset=first["update_id"] + 1, timeout=0)
    return first


def keys(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [[button] for button in buttons]}


# the person's part


def phone(page: Page, person: int) -> Locator:
    return page.locator(f'[data-phone="{person}"]')


def bubble(page: Page, message_id: int) -> Locator:
    return page.locator(f'[data-message-id="{message_id}"]')


def png(width: int, height: int) -> bytes:
    """A teal picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x07\x7d\x96" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def test_three_phones_with_their_people_their_chats_and_their_languages(page: Page) -> None:
    await expect(phone(page, DRIVER)).to_contain_text("Driver")
    await expect(phone(page, DRIVER)).to_contain_text("Arman")
    await expect(phone(page, DRIVER).locator(".bubble").last).to_contain_text("Welcome!")
    await expect(phone(page, DRIVER).get_by_placeholder("Message")).to_be_visible()
    await expect(phone(page, PASSENGER)).to_contain_text("Что умеет этот бот?")
    await expect(phone(page, PASSENGER)).to_contain_text("Respect on the road")
    await expect(phone(page, REVIEWER).get_by_role("button", name="БАСТАУ")).to_be_visible()
    boxes = [await phone(page, person).bounding_box() for person in (DRIVER, PASSENGER, REVIEWER)]
    assert len({box["y"] for box in boxes if box}) == 1, "side by side"


async def test_an_empty_chat_starts_with_start(page: Page, sandbox: Sandbox) -> None:
    await phone(page, REVIEWER).get_by_role("button", name="БАСТАУ").click()
    await expect(phone(page, REVIEWER).locator(".own")).to_contain_text("/start")
    assert (await update(sandbox))["message"]["text"] == "/start"


async def test_what_is_typed_is_sent_with_enter_and_a_command_is_offered_after_a_slash(
    page: Page, sandbox: Sandbox
) -> None:
    field = phone(page, DRIVER).get_by_label("Message", exact=True)
    await field.fill("Сәлем 👋")
    await field.press("Enter")
    assert (await update(sandbox))["message"]["text"] == "Сәлем 👋"
    await expect(phone(page, DRIVER).locator(".own").last).to_contain_text("Сәлем 👋")
    await field.press_sequentially("/re")
    await expect(phone(page, DRIVER).locator(".suggestion")).to_have_text(["/reportFlag an incident"])
    await field.press("ArrowDown")
    await field.press("Enter")
    assert (await update(sandbox))["message"]["text"] == "/report"
    await expect(field).to_have_value("")


async def test_a_command_in_a_text_is_sent_by_a_press(page: Page, sandbox: Sandbox) -> None:
    message_id = await say(sandbox, "Need help? /help")
    await bubble(page, message_id).get_by_role("button", name="/help").click()
    assert (await update(sandbox))["message"]["text"] == "/help"


async def test_a_pressed_button_waits_until_the_bot_answers_and_then_shows_its_toast(
    page: Page, sandbox: Sandbox
) -> None:
    message_id = await say(sandbox, "Ready?", reply_markup=keys({"text": "Yes", "callback_data": "yes"}))
    button = bubble(page, message_id).get_by_role("button", name="Yes")
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    query = (await update(sandbox))["callback_query"]
    assert query["data"] == "yes"
    await called(sandbox, "answerCallbackQuery", callback_query_id=query["id"], text="Let's go")
    await expect(button).not_to_have_attribute("aria-busy", "true")
    await expect(phone(page, DRIVER).locator(".toast")).to_have_text("Let's go")


async def test_an_alert_stays_until_it_is_confirmed(page: Page, sandbox: Sandbox) -> None:
    message_id = await say(sandbox, "Ready?", reply_markup=keys({"text": "Yes", "callback_data": "yes"}))
    button = bubble(page, message_id).get_by_role("button", name="Yes")
    await button.click()
    query = (await update(sandbox))["callback_query"]["id"]
    await called(sandbox, "answerCallbackQuery", callback_query_id=query, text="Wait a day", show_alert=True)
    alert = phone(page, DRIVER).get_by_role("dialog")
    await expect(alert).to_contain_text("Wait a day")
    await page.keyboard.press("Enter")
    await expect(alert).to_have_count(0)
    await expect(button).to_be_focused()


async def test_an_edit_changes_the_bubble_in_its_place(page: Page, sandbox: Sandbox) -> None:
    message_id = await say(sandbox, "Card 1", reply_markup=keys({"text": "Next", "callback_data": "2"}))
    later = await say(sandbox, "Below")
    await expect(bubble(page, later)).to_be_visible()
    again = keys({"text": "Back", "callback_data": "1"})
    await called(sandbox, "editMessageText", chat_id=DRIVER, message_id=message_id, text="Card 2", reply_markup=again)
    await expect(bubble(page, message_id)).to_contain_text("Card 2")
    await expect(bubble(page, message_id)).to_contain_text("edited")
    await expect(bubble(page, message_id).locator(".key")).to_have_text(["Back"])
    order = await phone(page, DRIVER).locator(".message").evaluate_all("all => all.map(e => +e.dataset.messageId)")
    assert order[-2:] == [message_id, later]


async def test_a_deleted_message_goes_away(page: Page, sandbox: Sandbox) -> None:
    message_id = await say(sandbox, "Secret")
    await expect(bubble(page, message_id)).to_be_visible()
    await called(sandbox, "deleteMessage", chat_id=DRIVER, message_id=message_id)
    await expect(phone(page, DRIVER).get_by_text("Secret")).to_have_count(0)
    await expect(phone(page, DRIVER).get_by_text("Welcome!")).to_be_visible()


async def test_a_person_edits_and_deletes_their_own_message_through_its_menu(page: Page, sandbox: Sandbox) -> None:
    sandbox.phone(DRIVER).post("Helo")
    await update(sandbox)
    own = bubble(page, sandbox.phone(DRIVER).last.id)
    await own.locator(".bubble").click(button="right")
    await phone(page, DRIVER).get_by_role("menuitem", name="Edit").click()
    field = phone(page, DRIVER).get_by_label("Message", exact=True)
    await expect(field).to_have_value("Helo")
    await field.fill("Hello")
    await field.press("Enter")
    assert (await update(sandbox))["edited_message"]["text"] == "Hello"
    await expect(own).to_contain_text("Hello")
    await own.get_by_role("button", name="Message actions").focus()
    await page.keyboard.press("Enter")
    await phone(page, DRIVER).get_by_role("menuitem", name="Delete").click()
    await expect(phone(page, DRIVER).get_by_text("Hello")).to_have_count(0)
    assert sandbox.phone(DRIVER).last.text == "Welcome!"


async def test_a_copy_button_copies_and_says_so(page: Page, sandbox: Sandbox) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    markup = keys({"text": "Copy the code", "copy_text": {"text": "QR-7K2M"}})
    message_id = await say(sandbox, "Your receipt", reply_markup=markup)
    await bubble(page, message_id).get_by_role("button", name="Copy the code").click()
    await expect(phone(page, DRIVER).locator(".toast")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "QR-7K2M"
    assert sandbox.pending == 0, "the bot hears nothing of it"


async def test_a_link_button_asks_before_it_opens_and_a_deep_link_starts_the_bot(page: Page, sandbox: Sandbox) -> None:
    markup = keys(
        {"text": "Site", "url": "https://example.org/a"},
        {"text": "Verify", "url": "https://t.me/qurmet_bot?start=v_42"},
    )
    message_id = await say(sandbox, "Links", reply_markup=markup)
    await bubble(page, message_id).get_by_role("button", name="Site").click()
    question = phone(page, DRIVER).get_by_role("dialog")
    await expect(question).to_contain_text("https://example.org/a")
    await page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await bubble(page, message_id).get_by_role("button", name="Verify").click()
    assert (await update(sandbox))["message"]["text"] == "/start v_42"


async def test_button_styles_are_three_colours(page: Page, sandbox: Sandbox) -> None:
    styles = ["danger", "success", "primary"]
    buttons = [{"text": style, "callback_data": style, "style": style} for style in styles]
    message_id = await say(sandbox, "Choose", reply_markup=keys(*buttons))
    await expect(bubble(page, message_id).locator(".key")).to_have_text(styles)
    red, green, blue = [
        [int(part) for part in re.findall(r"\d+", colour)]
        for colour in await bubble(page, message_id)
        .locator(".key")
        .evaluate_all("all => all.map(each => getComputedStyle(each).backgroundColor)")
    ]
    assert max(red) == red[0]
    assert max(green) == green[1]
    assert max(blue) == blue[2]


async def test_a_reply_keyboard_sends_its_text_and_a_one_time_one_goes_away(page: Page, sandbox: Sandbox) -> None:
    markup = {"keyboard": [[{"text": "Skip"}]], "resize_keyboard": True, "one_time_keyboard": True}
    await say(sandbox, "A number?", reply_markup=markup)
    skip = phone(page, DRIVER).get_by_role("button", name="Skip")
    await skip.click()
    assert (await update(sandbox))["message"]["text"] == "Skip"
    await expect(skip).to_have_count(0)
    await phone(page, DRIVER).get_by_role("button", name="Show buttons").click()
    await expect(skip).to_be_visible()
    await say(sandbox, "Thank you", reply_markup={"remove_keyboard": True})
    await expect(skip).to_have_count(0)
    await expect(phone(page, DRIVER).get_by_role("button", name="Show buttons")).to_have_count(0)


async def test_an_answer_to_a_forced_reply_quotes_its_question(page: Page, sandbox: Sandbox) -> None:
    asked = await say(sandbox, "Which city?", reply_markup={"force_reply": True})
    await expect(phone(page, DRIVER).locator(".context")).to_contain_text("Which city?")
    field = phone(page, DRIVER).get_by_label("Message", exact=True)
    await field.fill("Almaty")
    await field.press("Enter")
    assert (await update(sandbox))["message"]["reply_to_message"]["message_id"] == asked
    await expect(phone(page, DRIVER).locator(".own").last.locator(".quoted")).to_contain_text("Which city?")


async def test_the_language_switch_changes_the_phone_and_what_the_bot_hears(page: Page, sandbox: Sandbox) -> None:
    await phone(page, DRIVER).get_by_role("button", name="Қазақша").click()
    await expect(phone(page, DRIVER).get_by_placeholder("Хабарлама")).to_be_visible()
    await expect(phone(page, DRIVER).locator(".date")).to_have_text("Бүгін")
    assert sandbox.phone(DRIVER).person.language_code == "kk"
    await expect(phone(page, DRIVER)).to_contain_text("Driver")
    await page.locator("#page-language").get_by_role("button", name="Русский").click()
    await expect(phone(page, DRIVER)).to_contain_text("Водитель")
    await expect(phone(page, DRIVER).get_by_placeholder("Хабарлама")).to_be_visible()


async def test_a_clock_set_a_week_on_turns_today_into_a_date(page: Page, sandbox: Sandbox) -> None:
    date = phone(page, DRIVER).locator(".date")
    await expect(date).to_have_text("Today")
    await phone(page, DRIVER).locator("select").select_option("+7 days")
    sent = datetime.fromtimestamp(sandbox.phone(DRIVER).last.raw["date"], UTC) + timedelta(hours=5)
    await expect(date).to_have_text(re.compile(f"^{sent.day} {sent:%B}"))
    assert sandbox.phone(DRIVER).person.clock_shift == WEEK
    sandbox.phone(DRIVER).post("A week later")
    await say(sandbox, "Welcome back")
    await expect(date.last).to_have_text("Today")
    await expect(date).to_have_count(2)
    await expect(phone(page, DRIVER).locator(".day").last.locator(".message")).to_have_count(2)
    await expect(phone(page, PASSENGER).locator("select")).to_have_value("0")


async def test_a_photo_is_chosen_captioned_sent_and_shown(page: Page, sandbox: Sandbox) -> None:
    await phone(page, DRIVER).get_by_role("button", name="Attach").click()
    async with page.expect_file_chooser() as chooser:
        await phone(page, DRIVER).get_by_role("menuitem", name="Photo").click()
    picture: FilePayload = {"name": "ride.png", "mimeType": "image/png", "buffer": png(320, 200)}
    await (await chooser.value).set_files([picture])
    await phone(page, DRIVER).get_by_label("Add a caption").fill("The route")
    await page.keyboard.press("Enter")
    message = (await update(sandbox))["message"]
    assert message["caption"] == "The route"
    assert message["photo"]
    image = bubble(page, message["message_id"]).locator("img")
    await expect(image).to_be_visible()
    await page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=await image.element_handle())
    await bubble(page, message["message_id"]).get_by_role("button", name="View photo").click()
    await expect(phone(page, DRIVER).locator(".viewer img")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(phone(page, DRIVER).locator(".viewer")).to_have_count(0)


async def test_files_and_voice_messages_are_sent_and_shown(page: Page, sandbox: Sandbox) -> None:
    for item, kind, name in (("File", "document", "note.txt"), ("Voice message", "voice", "voice.ogg")):
        await phone(page, DRIVER).get_by_role("button", name="Attach").click()
        async with page.expect_file_chooser() as chooser:
            await phone(page, DRIVER).get_by_role("menuitem", name=item).click()
        file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": b"salem"}
        await (await chooser.value).set_files([file])
        await phone(page, DRIVER).get_by_role("button", name="Send").last.click()
        message = (await update(sandbox))["message"]
        assert message[kind]["file_size"] == 5
        await expect(
            bubble(page, message["message_id"]).locator(f".with-{'file' if kind == 'document' else kind}")
        ).to_be_visible()


async def test_a_place_of_kazakhstan_or_any_coordinates_are_sent_and_drawn(page: Page, sandbox: Sandbox) -> None:
    await phone(page, DRIVER).get_by_role("button", name="Attach").click()
    await phone(page, DRIVER).get_by_role("menuitem", name="Location").click()
    asked = phone(page, DRIVER).get_by_role("dialog")
    await asked.get_by_role("button", name="Astana").click()
    await expect(asked.get_by_label("Latitude").last).to_have_value("51.128207")
    await asked.get_by_label("Longitude").last.fill("71.5")
    await asked.get_by_role("button", name="Send").click()
    message = (await update(sandbox))["message"]
    assert message["location"]["latitude"] == pytest.approx(51.128207)
    assert message["location"]["longitude"] == pytest.approx(71.5)
    await expect(bubble(page, message["message_id"])).to_contain_text("Astana")
    await expect(bubble(page, message["message_id"]).locator("svg.map")).to_be_visible()


async def test_a_contact_is_shared_only_after_consent(page: Page, sandbox: Sandbox) -> None:
    markup = {"keyboard": [[{"text": "My number", "request_contact": True}]]}
    await say(sandbox, "Your number?", reply_markup=markup)
    await phone(page, DRIVER).get_by_role("button", name="My number").click()
    asked = phone(page, DRIVER).get_by_role("dialog")
    await asked.get_by_role("button", name="Cancel").click()
    assert sandbox.pending == 0
    await phone(page, DRIVER).get_by_role("button", name="My number").click()
    await asked.get_by_role("button", name="Send").click()
    contact = (await update(sandbox))["message"]["contact"]
    assert contact["user_id"] == DRIVER
    await expect(phone(page, DRIVER).locator(".own").last).to_contain_text(contact["phone_number"])


async def test_all_entities_are_shown_and_a_spoiler_opens_by_a_press(page: Page, sandbox: Sandbox) -> None:
    html = (
        "🇰🇿 <b>bold <i>both</i></b> <u>under</u> <s>gone</s> <tg-spoiler>hidden</tg-spoiler> <code>code</code>"
        '<pre><code class="language-python">print()</code></pre><blockquote expandable>a\nb\nc\nd</blockquote>'
        '<a href="https://example.org/">link</a>'
    )
    shown = bubble(page, await say(sandbox, html, parse_mode="HTML")).locator(".text")
    for tag, text in {"b": "bold both", "b i": "both", "u": "under", "s": "gone", "a": "link"}.items():
        await expect(shown.locator(tag)).to_have_text(text)
    await expect(shown.locator("pre")).to_have_text("print()")
    await expect(shown.locator("a")).to_have_attribute("href", "https://example.org/")
    hidden = shown.locator(".spoiler-text")
    await expect(hidden).to_have_css("opacity", "0")
    await shown.get_by_role("button", name="Hidden text").click()
    await expect(hidden).to_have_css("opacity", "1")
    quote = shown.locator(".quote-text")
    folded = await quote.evaluate("each => each.clientHeight")
    await shown.get_by_role("button", name="Show all").click()
    assert await quote.evaluate("each => each.clientHeight") > folded


async def test_html_and_right_to_left_text_in_names_and_messages_are_only_text(page: Page, sandbox: Sandbox) -> None:
    evil = "<img src=x onerror='window.harmed=1'><script>window.harmed=1</script>\u202e"
    sandbox.phone(104, evil, "en", last_name=evil, title=evil)
    sandbox.phone(104).post(evil)
    markup = keys({"text": evil, "callback_data": "evil"}, {"text": "bad link", "url": "https://example.org/"})
    reply = {"message_id": sandbox.phone(104).last.id}
    await called(sandbox, "sendMessage", chat_id=104, text=evil, reply_markup=markup, reply_parameters=reply)
    for _ in range(2):
        await expect(phone(page, 104).locator(".strip bdi")).to_have_text(f"{evil} {evil}")
        await expect(phone(page, 104).locator(".bubble").last).to_contain_text("<script>")
        assert await page.evaluate("window.harmed") is None
        assert await phone(page, 104).locator("script, img[src='x']").count() == 0
        await page.reload()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_can_be_read_in_light_and_in_dark(page: Page, sandbox: Sandbox, scheme: Any) -> None:
    await page.emulate_media(color_scheme=scheme)
    root = page.locator("html")
    await expect(root).to_have_attribute("data-theme", scheme)
    buttons = [{"text": style, "callback_data": style, "style": style} for style in ("danger", "success", "primary")]
    text = "<b>Text</b> <code>code</code> <a href='https://example.org'>link</a><blockquote>q</blockquote> /help"
    markup = keys({"text": "plain", "callback_data": "p"}, *buttons)
    message_id = await say(sandbox, text, parse_mode="HTML", reply_markup=markup)
    await expect(bubble(page, message_id)).to_be_visible()
    contrasts = await page.evaluate(_CONTRASTS)
    assert len(contrasts) > 25
    assert {words: ratio for words, ratio in contrasts.items() if ratio < 4.5} == {}
    words = page.locator("body")
    colours = {"light": "rgb(16, 25, 27)", "dark": "rgb(237, 244, 245)"}
    await expect(words).to_have_css("color", colours.pop(scheme))
    await page.get_by_role("button", name="Light or dark").click()
    await expect(words).to_have_css("color", *colours.values())


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1440])
async def test_nothing_scrolls_sideways(page: Page, sandbox: Sandbox, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 844})
    long = "Құрмет" * 60
    message_id = await say(
        sandbox, f"{long} <pre>{long}</pre>", parse_mode="HTML", reply_markup=keys({"text": long, "callback_data": "x"})
    )
    await expect(bubble(page, message_id)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    sideways = "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.className)"
    assert await page.locator(".chat, .strip, .topbar, .tabs, .bar").evaluate_all(sideways) == []
    outside = "all => all.filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.textContent)"
    assert await page.locator("button:visible").evaluate_all(outside) == []


async def test_a_narrow_window_shows_one_phone_and_counts_what_comes_to_the_others(
    page: Page, sandbox: Sandbox
) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(page.locator("[data-phone]:visible")).to_have_count(1)
    await page.get_by_role("tab", name="Passenger").click()
    await expect(phone(page, PASSENGER)).to_be_visible()
    await expect(phone(page, DRIVER)).to_be_hidden()
    await say(sandbox, "Are you there?")
    await expect(page.get_by_role("tab", name="Driver")).to_have_text("Driver1")
    await page.get_by_role("tab", name="Passenger").press("ArrowLeft")
    await expect(phone(page, DRIVER).get_by_text("Are you there?")).to_be_in_viewport()
    await expect(page.get_by_role("tab", name="Driver")).to_have_text("Driver")


async def test_a_button_is_reached_and_pressed_by_keyboard_and_keeps_the_focus_after_an_edit(
    page: Page, sandbox: Sandbox
) -> None:
    message_id = await say(sandbox, "Card 1", reply_markup=keys({"text": "Next", "callback_data": "2"}))
    await expect(bubble(page, message_id)).to_be_visible()
    await phone(page, DRIVER).locator(".chat").focus()
    focused = "document.activeElement.textContent"
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate(focused) == "Next":
            break
    assert await page.evaluate(focused) == "Next"
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus can be seen"
    await page.keyboard.press("Enter")
    query = (await update(sandbox))["callback_query"]
    again = keys({"text": "On", "callback_data": "3"})
    await called(sandbox, "editMessageText", chat_id=DRIVER, message_id=message_id, text="Card 2", reply_markup=again)
    await called(sandbox, "answerCallbackQuery", callback_query_id=query["id"])
    await expect(bubble(page, message_id).get_by_role("button", name="On", exact=True)).to_be_focused()


async def test_new_messages_keep_the_place_of_a_reader_and_are_counted(page: Page, sandbox: Sandbox) -> None:
    for number in range(30):
        await say(sandbox, f"Line {number}")
    await expect(phone(page, DRIVER).get_by_text("Line 29")).to_be_in_viewport()
    await phone(page, DRIVER).locator(".chat").hover()
    await page.mouse.wheel(0, -600)
    down = phone(page, DRIVER).locator(".to-bottom")
    await expect(down).to_be_visible()
    await say(sandbox, "News")
    await expect(down).to_have_text("1")
    await expect(phone(page, DRIVER).get_by_text("News")).not_to_be_in_viewport()
    await down.click()
    await expect(phone(page, DRIVER).get_by_text("News")).to_be_in_viewport()
    await expect(down).to_be_hidden()


async def test_typing_is_shown_until_the_message_comes(page: Page, sandbox: Sandbox) -> None:
    await called(sandbox, "sendChatAction", chat_id=DRIVER, action="typing")
    await expect(phone(page, DRIVER).locator(".presence")).to_have_text("typing")
    await say(sandbox, "Here")
    await expect(phone(page, DRIVER).locator(".presence")).to_have_text("bot")


async def test_block_unblock_and_clear_through_the_menu_of_the_chat(page: Page, sandbox: Sandbox) -> None:
    more = phone(page, DRIVER).get_by_role("button", name="More", exact=True)
    await more.click()
    await phone(page, DRIVER).get_by_role("menuitem", name="Block bot").click()
    unblock = phone(page, DRIVER).get_by_role("button", name="Unblock")
    await expect(unblock).to_be_visible()
    assert sandbox.phone(DRIVER).person.blocked
    await unblock.click()
    await expect(phone(page, DRIVER).get_by_placeholder("Message")).to_be_visible()
    await more.click()
    await phone(page, DRIVER).get_by_role("menuitem", name="Clear history").click()
    await phone(page, DRIVER).get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(phone(page, DRIVER).get_by_role("button", name="START", exact=True)).to_be_visible()


async def test_what_the_sandbox_refuses_is_said_and_the_text_is_not_lost(
    page: Page, sandbox: Sandbox, problems: list[str]
) -> None:
    sandbox.phone(DRIVER).post("Hello")
    own = bubble(page, sandbox.phone(DRIVER).last.id)
    await own.locator(".bubble").click(button="right")
    await phone(page, DRIVER).get_by_role("menuitem", name="Edit").click()
    sandbox.world.person(DRIVER).messages.pop(sandbox.phone(DRIVER).last.id)
    field = phone(page, DRIVER).get_by_label("Message", exact=True)
    await field.fill("Too late")
    await field.press("Enter")
    await expect(phone(page, DRIVER).get_by_role("alert")).to_contain_text("not found")
    await expect(field).to_have_value("Too late")
    assert "404" in problems.pop(), "the refusal itself"


async def test_after_a_lost_connection_the_page_comes_back_with_everything_that_happened(
    browser: Browser, sandbox: Sandbox
) -> None:
    page = await browser.new_page(locale="en-GB")
    async with sandbox.serve() as url:
        await page.goto(url)
        await phone(page, DRIVER).get_by_label("Message", exact=True).fill("A draft")
        await expect(page.locator("#banner")).to_be_hidden()
    await expect(page.locator("#banner")).to_have_text("Connection lost, retrying…")
    await expect(page.locator("#banner")).to_be_visible()
    await say(sandbox, "While you were away")
    async with sandbox.serve(port=int(url.rpartition(":")[2])):
        await expect(page.locator("#banner")).to_be_hidden(timeout=10_000)
        await expect(phone(page, DRIVER).get_by_text("While you were away")).to_have_count(1)
        await expect(phone(page, DRIVER).get_by_text("Welcome!")).to_have_count(1)
        await expect(phone(page, DRIVER).get_by_label("Message", exact=True)).to_have_value("A draft")
        await page.close()


async def test_the_page_says_everything_in_all_three_languages(page: Page) -> None:
    shapes = await page.evaluate(
        """async () => {
            const { languages } = await import("/page/strings.js");
            const shape = (value) => Array.isArray(value) ? value.length
                : typeof value === "string" ? (value ? "words" : "nothing")
                : Object.fromEntries(Object.entries(value).sort().map(([key, each]) => [key, shape(each)]));
            return Object.values(languages).map(shape);
        }"""
    )
    assert len(shapes) == 3
    assert shapes[0] == shapes[1] == shapes[2]
    assert "nothing" not in str(shapes)


# For each piece of text in sight: its contrast with what lies behind it, by the formula of WCAG.
_CONTRASTS = """() => {
    const paper = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        paper.clearRect(0, 0, 1, 1);
        paper.fillStyle = colour;
        paper.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = paper.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
    const behind = (element) => {
        if (!element) return [255, 255, 255, 1];
        const colour = rgba(getComputedStyle(element).backgroundColor);
        return colour[3] === 1 ? colour : over(colour, behind(element.parentElement));
    };
    const light = (colour) => {
        const [r, g, b] = colour.slice(0, 3).map((v) => v / 255)
            .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const result = {};
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const parent = walk.currentNode.parentElement;
        const text = walk.currentNode.textContent.trim();
        if (!text || !parent.checkVisibility() || parent.closest(".avatar, option, noscript, .spoiler")) continue;
        const ground = behind(parent);
        const [a, b] = [light(over(rgba(getComputedStyle(parent).color), ground)), light(ground)];
        result[`${parent.tagName}.${parent.className} ${text}`] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }
    return result;
}"""
