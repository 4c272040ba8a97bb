"""Migrations: up and down every step, the same tables as the models say, one process at a time, all or nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot import migrate as module
from bot.migrate import alembic_config, current_revision, migrate, newest_revision
from models.database import Database
from models.schema import metadata

SCRIPT = ScriptDirectory.from_config(alembic_config())
REVISIONS = [revision.revision for revision in SCRIPT.walk_revisions()][::-1]
NOT_COMPARED = "ix_flags_queue"
"""Alembic can't compare an index with an expression (severity DESC) on SQLite; the test after it does."""


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest_asyncio.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    """A database without any table."""
    database = Database(empty_url)
    yield database
    await database.close()


async def ask(database: Database, question: Callable[[Connection], Any]) -> Any:
    async with database.engine.connect() as connection:
        return await connection.run_sync(question)


async def objects(database: Database) -> set[str]:
    """Everything in the database by name, but what Alembic and the database keep for themselves."""
    if database.is_sqlite:
        query = "SELECT type || ' ' || name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    else:
        query = """SELECT 'relation ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
            UNION SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace"""
    found: set[str] = set(await ask(database, lambda c: c.scalars(text(query)).all()))
    return {name for name in found if "alembic_version" not in name}


async def test_every_revision_goes_up_and_down_and_up_again(empty: Database) -> None:
    assert await objects(empty) == set()
    below = ["base", *REVISIONS]
    for before, revision in zip(below, REVISIONS, strict=False):
        lower = await objects(empty)
        await migrate(empty, revision)
        upper = await objects(empty)
        assert await current_revision(empty) == revision
        await migrate(empty, before)
        assert await objects(empty) == lower
        await migrate(empty, revision)
        assert await objects(empty) == upper
    assert await current_revision(empty) == newest_revision()
    await migrate(empty, "base")
    assert await objects(empty) == set()
    assert await current_revision(empty) is None


async def test_there_is_one_line_of_revisions_each_with_its_words() -> None:
    assert SCRIPT.get_heads() == [newest_revision()]
    assert SCRIPT.get_bases() == [REVISIONS[0]]
    assert all(revision.doc for revision in SCRIPT.walk_revisions())


async def test_the_migrated_tables_are_those_of_the_models(database: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))

    found = await ask(database, differences)
    if database.is_sqlite:
        assert "index " + NOT_COMPARED in await objects(database)
        found = [each for each in found if "index" not in each[0] or each[1].name != NOT_COMPARED]
    assert found == []


async def test_the_migrated_tables_have_the_constraints_indexes_and_triggers_that_the_models_say(
    database: Database, empty_url: str
) -> None:
    """What Alembic doesn't compare: checks, partial indexes, what happens on deletion, numbers never reused."""

    def described(connection: Connection) -> dict[str, Any]:
        look = inspect(connection)
        found: dict[str, Any] = {}
        for table in metadata.tables:
            found[table] = {
                "checks": sorted((str(c["name"]), c["sqltext"]) for c in look.get_check_constraints(table)),
                "foreign keys": sorted(map(str, look.get_foreign_keys(table))),
                "unique": sorted(str((u["name"], u["column_names"])) for u in look.get_unique_constraints(table)),
                "primary key": str(look.get_pk_constraint(table)),
                "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(table)],
            }
        if connection.dialect.name == "sqlite":
            rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''"))
            found["numbers"] = sorted(
                connection.scalars(text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'"))
            )
        else:
            rows = connection.execute(text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"))
        found["indexes"] = sorted((name, " ".join(sql.split())) for name, sql in rows if "alembic" not in name)
        return found

    modelled = Database(empty_url)
    async with modelled.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    wanted, found = await ask(modelled, described), await ask(database, described)
    await modelled.close()
    for part in wanted:
        assert found[part] == wanted[part], part
    assert len(wanted["indexes"]) >= 10
    assert wanted["flags"]["checks"]


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    before = await objects(database)
    await migrate(database)
    assert await objects(database) == before
    assert await current_revision(database) == newest_revision()


async def test_reports_of_before_stay_whole_when_their_table_is_changed(empty: Database) -> None:
    await migrate(empty, "0003")
    async with empty.engine.begin() as connection:
        for statement in (
            "INSERT INTO people (id, telegram_index, sealed_telegram_id, language, language_chosen, joined_at)"
            " VALUES (1, {b}, {b}, 'kk', {no}, '2026-11-21 00:00:00')",
            "INSERT INTO flags (id, uid, reporter_id, draft, ride, severity, state, received_at, due_at, wrapped_key,"
            " receipt_index, sealed_receipt) VALUES (7, {b}, 1, 'd', 'over', 2, 'new', '2026-11-21 00:00:00',"
            " '2026-11-21 00:00:00', {b}, {b}, {b})",
            "INSERT INTO flag_behaviours (flag_id, code) VALUES (7, 'VB2')",
        ):
            blob = "x'01'" if empty.is_sqlite else "'\\x01'"
            await connection.execute(text(statement.format(b=blob, no="0" if empty.is_sqlite else "false")))
    rows = "SELECT flags.id, flags.state, code FROM flags JOIN flag_behaviours ON flag_id = flags.id"
    for revision in ("head", "0003", "head"):
        await migrate(empty, revision)
        found = await ask(empty, lambda c: c.execute(text(rows)).all())
        assert [tuple(row) for row in found] == [(7, "new", "VB2")]
    async with empty.engine.begin() as connection:  # and the rows are still tied to each other
        await connection.execute(text("DELETE FROM people"))
    assert await ask(empty, lambda c: c.scalar(text("SELECT count(*) FROM flag_behaviours"))) == 0


async def test_reports_of_before_get_their_form_and_an_older_bot_understands_what_the_desk_did(empty: Database) -> None:
    await migrate(empty, "0011")
    blob = "x'0{}'" if empty.is_sqlite else "'\\x0{}'"
    no = "0" if empty.is_sqlite else "false"
    at = "'2026-11-21 00:00:00'"
    one = blob.format(1)
    statements = [
        "INSERT INTO people (id, telegram_index, sealed_telegram_id, language, language_chosen, joined_at)"
        f" VALUES (1, {one}, {one}, 'kk', {no}, {at})",
    ]
    for number, codes in ((1, ("NV3+", "VB2")), (2, ("DR1", "SX5")), (3, ())):
        own = blob.format(number)
        plate = f"{one}, {one}" if number < 3 else "NULL, NULL"
        statements.append(
            "INSERT INTO flags (id, uid, reporter_id, draft, ride, severity, state, received_at, due_at, wrapped_key,"
            f" receipt_index, sealed_receipt, sealed_plate, plate_index) VALUES ({number}, {own}, 1, '{number}',"
            f" 'over', 2, 'new', {at}, {at}, {one}, {own}, {one}, {plate})"
        )
        statements += [f"INSERT INTO flag_behaviours (flag_id, code) VALUES ({number}, '{code}')" for code in codes]
    async with empty.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await migrate(empty, "0013")
    found = await ask(empty, lambda c: c.execute(text("SELECT form, same_vehicle FROM flags ORDER BY id")).all())
    assert [(form, bool(again)) for form, again in found] == [("NV", False), ("SX", True), ("OT", False)]
    async with empty.engine.begin() as connection:
        await connection.execute(text("UPDATE flags SET state = 'merged', merged_into_id = 1 WHERE id = 2"))
        closed = f"UPDATE flags SET state = 'closed', outcome = 'passed to legal aid', ended_at = {at} WHERE id = 3"
        await connection.execute(text(closed))
    await migrate(empty, "0011")
    found = await ask(empty, lambda c: c.execute(text("SELECT state, outcome FROM flags ORDER BY id")).all())
    assert [tuple(row) for row in found] == [("new", None), ("new", None), ("closed", "recorded")]


async def test_cars_of_before_are_found_and_duplicates_of_before_say_who_closed_them(empty: Database) -> None:
    await migrate(empty, "0014")
    blob = "x'0{}'" if empty.is_sqlite else "'\\x0{}'"
    no, at = "0" if empty.is_sqlite else "false", "'2026-11-21 00:00:00'"
    one = blob.format(1)
    async with empty.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO people (id, telegram_index, sealed_telegram_id, language, language_chosen, joined_at)"
                f" VALUES (1, {one}, {one}, 'kk', {no}, {at})"
            )
        )
        for number, state, reviewer, main in (
            (1, "closed", 1, "NULL"),
            (2, "closed", "NULL", 1),
            (3, "new", "NULL", "NULL"),
        ):
            own, outcome, ended = blob.format(number), *(("'advice'", at) if state == "closed" else ("NULL", "NULL"))
            await connection.execute(
                text(
                    "INSERT INTO flags (id, uid, reporter_id, draft, ride, severity, state, form, received_at, due_at,"
                    " wrapped_key, receipt_index, sealed_receipt, outcome, ended_at, reviewer_id, merged_into_id)"
                    f" VALUES ({number}, {own}, 1, '{number}', 'over', 2, '{state}', 'VB', {at}, {at}, {one}, {own},"
                    f" {one}, {outcome}, {ended}, {reviewer}, {main})"
                )
            )
        await connection.execute(
            text(
                "INSERT INTO cars (id, person_id, code, sealed_plate, plate_index, made_at)"
                f" VALUES (1, 1, 'c', {one}, {blob.format(9)}, {at})"
            )
        )
    await migrate(empty)
    found = await ask(empty, lambda c: c.scalars(text("SELECT reviewer_id FROM flags ORDER BY id")).all())
    assert list(found) == [1, 1, None]
    found = await ask(empty, lambda c: c.execute(text("SELECT car_id, plate_index FROM car_indexes")).all())
    assert [(car, bytes(index)) for car, index in found] == [(1, b"\x09")]


async def test_numbers_of_cars_are_not_given_again_when_their_table_is_changed(empty: Database) -> None:
    await migrate(empty, "0018")
    blob, at = ("x'01'" if empty.is_sqlite else "'\\x01'"), "'2026-11-21 00:00:00'"
    no = "0" if empty.is_sqlite else "false"
    person = (
        "INSERT INTO people (id, telegram_index, sealed_telegram_id, language, language_chosen, joined_at)"
        f" VALUES (1, {blob}, {blob}, 'kk', {no}, {at})"
    )
    car = "INSERT INTO cars (person_id, code, sealed_plate, plate_index, made_at)"
    car += f" VALUES (1, 'c', {blob}, {blob}, {at}) RETURNING id"
    numbers = []
    async with empty.engine.begin() as connection:
        await connection.execute(text(person))
    for revision in ("0019", "0018", "0019"):
        for _number in range(2):
            async with empty.engine.begin() as connection:
                numbers.append(await connection.scalar(text(car)))
                await connection.execute(text("DELETE FROM cars"))
        await migrate(empty, revision)
    async with empty.engine.begin() as connection:
        numbers.append(await connection.scalar(text(car)))
    assert numbers == [1, 2, 3, 4, 5, 6, 7]
    async with empty.engine.begin() as connection:
        await connection.execute(text("UPDATE cars SET driven = 'most_days', driven_least = 'now_and_then'"))
    for column in ("driven", "driven_least"):
        with pytest.raises(IntegrityError, match=f"ck_cars_{column}"):
            async with empty.engine.begin() as connection:
                await connection.execute(text(f"UPDATE cars SET {column} = 'never'"))


async def test_what_was_told_before_gets_random_bytes_and_no_number_is_given_twice(empty: Database) -> None:
    await migrate(empty, "0019")
    blob = "x'0{}'" if empty.is_sqlite else "'\\x0{}'"
    no, at = "0" if empty.is_sqlite else "false", "'2026-11-21 00:00:00'"
    one = blob.format(1)
    tables = {
        "hearings": ("driver_id, asked_at, tell_at", f"1, {at}, {at}"),
        "remedies": ("driver_id, kind, lesson, given_at, tell_at", f"1, 'lesson', 4, {at}, {at}"),
        "talk": ("author_id, from_team, said_at", f"1, {no}, {at}"),
    }
    statements = [
        "INSERT INTO people (telegram_index, sealed_telegram_id, language, language_chosen, joined_at)"
        f" VALUES ({one}, {one}, 'kk', {no}, {at})"
    ]
    for number in range(1, 7):
        own = blob.format(number)
        statements.append(
            "INSERT INTO flags (uid, reporter_id, draft, ride, severity, state, form, received_at, due_at,"
            f" wrapped_key, receipt_index, sealed_receipt) VALUES ({own}, 1, '{number}', 'over', 2, 'new', 'VB', {at},"
            f" {at}, {one}, {own}, {one})"
        )
        statements += [
            f"INSERT INTO {table} (flag_id, {columns}) VALUES ({number}, {values})"
            for table, (columns, values) in tables.items()
        ]
    columns, _ = tables["talk"]
    statements += [f"INSERT INTO talk (flag_id, {columns}) SELECT flag_id, {columns} FROM talk"] * 8
    last = {"hearings": 6, "remedies": 6, "talk": 6 * 2**8}
    statements += [f"DELETE FROM {table} WHERE id = {number}" for table, number in last.items()]
    statements.append(
        "INSERT INTO evidence (uid, person_id, flag_id, talk_id, kind, status, size, received_at, wrapped_key,"
        f" sealed_file) VALUES ({one}, 1, 1, 1, 'photo', 'waiting', 1, {at}, {one}, {one})"
    )
    async with empty.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))

    async def uids(table: str) -> dict[int, bytes]:
        rows = await ask(empty, lambda c: c.execute(text(f"SELECT id, uid FROM {table}")).all())
        return {number: bytes(uid) for number, uid in rows}

    await migrate(empty)
    given: set[bytes] = set()
    for table in tables:
        found = await uids(table)
        assert sorted(found) == list(range(1, last[table]))
        assert {len(uid) for uid in found.values()} == {16}
        given |= set(found.values())
    assert len(given) == sum(last.values()) - len(last)
    for revision in ("0019", "head"):
        await migrate(empty, revision)
    assert given.isdisjoint((await uids("talk")).values())
    async with empty.engine.begin() as connection:
        for table, (columns, values) in tables.items():
            insert = f"INSERT INTO {table} (uid, flag_id, {columns}) VALUES ({one}, 6, {values}) RETURNING id"
            assert await connection.scalar(text(insert)) == last[table] + 1
        assert await connection.scalar(text("SELECT count(*) FROM evidence")) == 1
        await connection.execute(text("DELETE FROM flags WHERE id = 1"))  # and the rows are still tied to each other
        for table in ("hearings", "remedies", "talk", "evidence"):
            assert await connection.scalar(text(f"SELECT count(*) FROM {table} WHERE flag_id = 1")) == 0


async def test_processes_that_start_at_once_migrate_once(empty: Database) -> None:
    replicas = [Database(empty.url.render_as_string(hide_password=False)) for _ in range(3)]
    try:
        await asyncio.gather(*(migrate(replica) for replica in replicas))
    finally:
        for replica in replicas:
            await replica.close()
    assert await current_revision(empty) == newest_revision()
    async with empty.engine.connect() as connection:
        assert (await connection.scalar(text("SELECT count(*) FROM alembic_version"))) == 1


async def test_a_migration_that_fails_leaves_nothing_behind(
    empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "migrations"
    (copy / "versions").mkdir(parents=True)
    (copy / "env.py").write_bytes((module.MIGRATIONS / "env.py").read_bytes())
    for revision in (module.MIGRATIONS / "versions").glob("*.py"):
        (copy / "versions" / revision.name).write_bytes(revision.read_bytes())
    (copy / "versions" / "9999_broken.py").write_text(
        f'"""Broken."""\nfrom alembic import op\nrevision, down_revision = "9999", "{newest_revision()}"\n'
        "def upgrade():\n"
        "    op.execute('CREATE TABLE half (n int)')\n"
        "    op.execute('INSERT INTO missing VALUES (1)')\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr(module, "MIGRATIONS", copy)
        with pytest.raises(DBAPIError, match="missing"):
            await migrate(empty)
    assert await objects(empty) == set()
    assert await current_revision(empty) is None
    await migrate(empty)
    assert await current_revision(empty) == newest_revision()


async def test_an_unknown_revision_is_refused_and_changes_nothing(database: Database) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        await migrate(database, "nowhere")
    assert await current_revision(database) == newest_revision()
