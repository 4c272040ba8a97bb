"""Flags as a file: what a person of the team gets, in which language, and no cell of it is a formula."""

import csv
import io
import re
import tempfile
import zipfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

import handlers.export
import handlers.spreadsheets
import models.flag_export
from bot.sandbox import Message, Phone
from handlers.export import HEAD, LEASE, Parts
from handlers.presses import ExportPress
from handlers.spreadsheets import CsvSheet, XlsxSheet, safe
from handlers.texts import load_texts
from models.audit import Action, AuditEntry
from models.behaviours import FORM_NAMES, Form
from models.details import Platform
from models.flag_export import ExportRow, Group
from models.flags import OUTCOME_NAMES, Flag, Outcome, State
from models.leases import Lease
from models.people import Language
from models.periods import last_quarter
from models.profiles import UNSAID
from models.receipts import show_receipt
from models.regions import REGIONS
from models.team import Role
from tests.e2e.walking import (
    Say,
    appoint,
    assert_sound,
    called,
    flag,
    passenger,
    person,
    press,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import OWNER, House
from tests.models.test_flag_figures import flags

FORMULAS = ["=1+1", "+7701", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1+1", "\n=1"]
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
WORDS = "Жүргізуші айқайлады"


async def document(house: House, phone: Phone, number: int = 1) -> tuple[str, bytes]:
    """Name and content of the newest file, once there are so many."""

    def files() -> list[Message]:
        return [message for message in phone.messages if "document" in message.raw]

    await phone.until(lambda _: len(files()) >= number, timeout=20)
    raw = files()[-1].raw["document"]
    file = house.sandbox.world.files.get(raw["file_id"])
    assert file is not None
    return raw["file_name"], file.data


def csv_rows(content: bytes, delimiter: str) -> list[list[str]]:
    """The cells of a CSV as Excel reads it."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def xlsx_rows(content: bytes) -> list[list[str]]:
    """The cells of the first sheet of a workbook; no cell holds a formula."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        shared = (
            [
                "".join(part.text or "" for part in each.iter(f"{SPACE}t"))
                for each in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
            ]
            if "xl/sharedStrings.xml" in book.namelist()
            else []
        )
    assert not list(sheet.iter(f"{SPACE}f"))
    rows: list[list[str]] = []
    for row in sheet.iter(f"{SPACE}row"):
        cells: dict[int, str] = {}
        for cell in row:
            column = sum(
                (ord(sign) - 64) * 26**at for at, sign in enumerate(reversed(re.sub(r"\d", "", cell.attrib["r"])))
            )
            value = "".join(each.text or "" for each in cell.iter() if each.tag in {f"{SPACE}v", f"{SPACE}t"})
            cells[column] = shared[int(value)] if cell.attrib.get("t") == "s" else value
        rows.append([cells.get(column, "") for column in range(1, len(HEAD) + 1)])
    return rows


async def fill(house: House, phone: Phone, _: Say) -> Flag:
    """Flags that may be exported and others, and one that a person has sent and told of."""
    now = house.clock()
    opened = now + timedelta(minutes=12)
    closed = {
        "state": State.CLOSED,
        "outcome": Outcome.ADVICE,
        "opened_at": opened,
        "ended_at": now + timedelta(hours=2),
    }
    async with house.app.database.transaction() as session:
        await flags(session, 6, "VB2", "SX1", region="KZ-75", platform=Platform.INDRIVE, received_at=now, **closed)
        await flags(session, 5, "NV2", region="KZ-10", received_at=now)
        await flags(session, 9, "VB2", consent=None, received_at=now)
    await flag(phone, _)
    async with house.app.database.transaction() as session:
        (sent,) = await stored(house, Flag, reporter_id=(await person(house, phone)).id)
        sent = await session.get_one(Flag, sent.id)
        sent.write_words(house.app.vault, WORDS)
        sent.write_plate(house.app.vault, "717XYZ02")
    return sent


def told_before_files(house: House) -> list[list[str]]:
    """What was said of how far each file is, in order, before it was sent."""
    told: list[list[str]] = [[]]
    for call in house.sandbox.calls:
        if call.method == "sendDocument":
            told.append([])
        elif call.method == "editMessageText" and re.search("[█▰▓▒░▱]", call.params["text"]):
            told[-1].append(call.params["text"])
    return told[:-1]


async def test_the_team_gets_a_table_in_its_language_in_which_nobody_is(
    house: House, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.flag_export, "CHUNK", 5)  # so that it's read in three steps, and each is told
    monkeypatch.setattr(handlers.export, "TOLD_EVERY", 0.0)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    phone, desk, _ = passenger(house, language), await reviewer(house, language), say(language)
    sent = await fill(house, phone, _)
    await called(desk, _)
    delimiter = "," if language == "en" else ";"
    found = {}
    for number, kind in enumerate(("CSV", "XLSX"), 1):
        screen = await send(desk, "/export")
        await press(desk, kind, screen)
        name, content = await document(house, desk, number)
        assert name == f"qurmet-flags.{kind.lower()}"
        found[kind] = csv_rows(content, delimiter) if kind == "CSV" else xlsx_rows(content)
        made = load_texts()[Language(language)].n("The file is made: {n} row.", "The file is made: {n} rows.", 11)
        assert screen.text.startswith(made)
        secrets = (
            WORDS,
            "717XYZ02",
            show_receipt(sent.receipt(house.app.vault)),
            str(phone.id),
            phone.person.first_name,
        )
        for secret in secrets:
            assert secret not in str(found[kind])
    for shown in told_before_files(house):
        steps = [_("The file is being made: {done} of {total} rows.", done=done, total=11) for done in range(12)]
        done = [steps.index(text.splitlines()[0]) for text in shown]
        assert (len(done), sorted(done), done[-1]) == (3, done, 11)  # of twelve, one is left out, as it's rare
    head, *rows = found["CSV"]
    assert head == [_(name) for name in HEAD]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 12)]
    month = f"{house.clock():%Y-%m}"
    told = [month, _(FORM_NAMES[Form.VERBAL]), "SX1 VB2", "2", _("after the ride"), "", "inDrive", _(REGIONS["KZ-75"])]
    other = [month, _(FORM_NAMES[Form.NON_VERBAL]), "NV2", "2", _("after the ride"), "", "", _(REGIONS["KZ-10"])]
    expected = {
        (*told, _("closed"), _(OUTCOME_NAMES[Outcome.ADVICE]), "12", "120"): 6,
        (*other, _("received"), "", "", ""): 5,
    }
    assert Counter(tuple(row[1:]) for row in rows) == expected
    assert Counter(tuple(row[1:]) for row in found["XLSX"][1:]) == expected
    assert found["XLSX"][0] == head
    who = (await person(house, desk)).id
    noted = [entry.detail for entry in await stored(house, AuditEntry, actor_id=who, action=Action.EXPORTED)]
    assert noted == ["csv: 11 rows", "xlsx: 11 rows"]
    assert not list((tmp_path / "temporary").iterdir())
    await assert_sound(house)


async def test_one_file_is_made_at_a_time_and_a_second_press_says_so(house: House) -> None:
    desk, _ = await reviewer(house), say("en")
    screen = await send(desk, "/export")
    async with house.app.database.transaction() as session:
        session.add(Lease(name=LEASE, holder="another", until=house.clock() + timedelta(minutes=1)))
    said = await desk.press_data(ExportPress(action="make", value="csv").pack(), screen)
    assert said.text == _("A file is being made already. Please wait until it has come.")
    house.clock.shift += timedelta(minutes=2)
    await press(desk, "CSV", screen)
    _name, content = await document(house, desk)
    assert len(csv_rows(content, ",")) == 1  # no flags: a file with its head
    assert await stored(house, AuditEntry, action=Action.EXPORTED, detail="csv: 0 rows")
    await assert_sound(house)


async def test_who_left_the_team_gets_no_file_and_leaves_none_behind(small_house: House) -> None:
    desk = small_house.phone(OWNER)
    await send(desk, "/start")
    await appoint(small_house, desk, Role.REVIEWER)
    await appoint(small_house, desk, None)
    who = await person(small_house, desk)
    make = small_house.app.sender.make
    assert await make("export", who, {"kind": "csv", "ticket": "t", "message": None}) is None
    values = {"quarter": "2026-Q3", "operator": "", "days_kept": 365}
    assert await make("transparency", who, values) is None
    assert await stored(small_house, AuditEntry, action=Action.EXPORTED) == []


async def test_the_report_of_a_quarter_has_a_page_in_each_language(house: House, language: str) -> None:
    from pypdfium2 import PdfDocument

    desk, _ = await reviewer(house, language), say(language)
    quarter = last_quarter(house.clock())
    assert quarter.since is not None
    async with house.app.database.transaction() as session:
        await flags(session, 23, "VB2", received_at=quarter.since)
        await flags(session, 3, "PH4", received_at=quarter.since)
        await flags(session, 40, "VB2")
    await desk.send(f"/export transparency {quarter.name.lower()}", expect=2)
    name, content = await document(house, desk)
    assert name == f"qurmet-{quarter.name}.pdf"
    pdf = PdfDocument(content)
    pages = [page.get_textpage().get_text_bounded() for page in pdf]
    assert len(pages) == len(Language)
    for each, text in zip(Language, pages, strict=True):
        told = say(each)
        assert told("reports received") in text
        assert re.search(r"\b26\b", text)
        assert not re.search(r"\b23\b|\b40\b", text)  # of 26 it would tell the other three
        assert told(FORM_NAMES[Form.PHYSICAL]) in text
    pdf.close()
    running = f"{house.clock().year + 1}-Q1"
    for typed in ("/export transparency nonsense", f"/export transparency {running}", "/export transparency 2026-11"):
        screen = await send(desk, typed)
        assert _("The report comes in a moment.") not in screen.text
    assert [each.detail for each in await stored(house, AuditEntry, action=Action.EXPORTED)] == [
        f"report of {quarter.name}"
    ]
    await assert_sound(house)


# the files themselves


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula(tmp_path: Path, formula: str) -> None:
    assert safe(formula) == f"'{formula}"
    head = ["Атауы", *HEAD[1:]]
    for kind, language in ((CsvSheet, Language.RUSSIAN), (XlsxSheet, Language.RUSSIAN)):
        path = tmp_path / kind.__name__
        sheet = kind(path, head, language)
        sheet.write([[formula, 7, None, 'қазақша; "тырнақша", үтір']])
        sheet.close()
    table = csv_rows((tmp_path / "CsvSheet").read_bytes(), ";")
    assert table[0][0] == "Атауы"
    assert table[1] == [f"'{formula}", "7", "", 'қазақша; "тырнақша", үтір']
    book = xlsx_rows((tmp_path / "XlsxSheet").read_bytes())
    assert book[1][0].startswith("'")
    assert book[1][1] == "7"


def test_what_is_no_formula_stays_as_it_is() -> None:
    for cell in ("", "a=b", "KZ-75", "2026-11", "–", -5, 0, None):
        assert safe(cell) == cell


def test_a_long_table_comes_in_parts_and_a_large_file_zipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = load_texts()[Language.KAZAKH]
    parts = Parts(tmp_path, "csv", texts, part=10)
    row = ExportRow(Group("2026-11", UNSAID, "OT"), "OT", 1, "over", None, None, "new", None, None, None)
    for rows in (7, 7, 6, 5):
        parts.write([row] * rows)
    parts.close()
    assert [path.name for path in parts.paths] == ["qurmet-flags.csv", "qurmet-flags-2.csv", "qurmet-flags-3.csv"]
    tables = [csv_rows(path.read_bytes(), ";") for path in parts.paths]
    numbers = [int(cells[0]) for table in tables for cells in table[1:]]
    assert numbers == list(range(1, 26))
    assert {tuple(table[0]) for table in tables} == {tuple(map(texts, HEAD))}
    assert handlers.spreadsheets.small_enough(parts.paths[0]) == parts.paths[0]
    monkeypatch.setattr(handlers.spreadsheets, "LIMIT", 100)
    packed = handlers.spreadsheets.small_enough(parts.paths[0])
    assert (packed.suffix, parts.paths[0].exists()) == (".zip", False)
    with zipfile.ZipFile(packed) as archive:
        assert csv_rows(archive.read("qurmet-flags.csv"), ";") == tables[0]
