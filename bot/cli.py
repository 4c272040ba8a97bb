"""The command line: `python -m bot COMMAND`. A mistake of the operator is one clear line and exit code 2.

What a command needs is imported in it: `--help` must not wait for what `run` needs.
"""

import asyncio
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bot.mistake import Mistake

if TYPE_CHECKING:
    from bot.settings import Settings

cli = typer.Typer(
    help="Qurmet: lessons in respect for drivers, a simple way for passengers to say what happened.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
# typer has its own copy of click; this is the base of all that it raises for a wrong command line.
CommandLineError: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


def main() -> NoReturn:
    """Run the command line and exit: 0 when done, 1 when a check found faults, 2 for a mistake."""
    try:
        sys.exit(typer.main.get_command(cli).main(prog_name="python -m bot", standalone_mode=False) or 0)
    except Mistake as mistake:
        _fail(str(mistake))
    except typer.Abort:
        sys.exit(130)
    except CommandLineError as error:
        _fail(error.format_message() or "which command? see: python -m bot --help")


def _fail(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(2)


def _settings() -> "Settings":
    from bot.logs import setup_logs
    from bot.settings import SettingsError, load_settings

    try:
        settings = load_settings()
    except SettingsError as error:
        raise Mistake(str(error)) from None
    setup_logs(settings.log_format, settings.log_level, settings.secret_values)
    return settings


@cli.command()
def run() -> None:
    """Run the bot with the settings of the environment and `.env`."""
    gc.disable()  # what a start makes is no garbage; `run_bot` puts the collector to work again
    from bot.run import run_bot

    run_bot(_settings())


@cli.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; another if it is taken.")] = 8080,
) -> None:
    """Open the sandbox: a local Telegram with the bot inside. Needs no token and keeps nothing."""
    from bot.demo import run_demo
    from bot.logs import setup_logs

    setup_logs("console", "WARNING", ())
    run_demo(port)


@cli.command()
def migrate(revision: Annotated[str, typer.Argument(help="A revision, or head for the newest.")] = "head") -> None:
    """Bring the database to a revision. `run` does so by itself."""
    from bot.operate import migrate_to

    asyncio.run(migrate_to(_settings(), revision))


@cli.command()
def check(
    offline: Annotated[bool, typer.Option("--offline", help="Only lessons and texts; needs no settings.")] = False,
    words: Annotated[bool, typer.Option("--words", help="List every word that is in no dictionary.")] = False,
) -> None:
    """Find what would go wrong: settings, lessons, texts, the database, the way to Telegram.

    Hints come after the faults: words and translations to look at. They fail nothing.
    """
    from bot.check import check_content, check_surroundings, hints

    found = list(check_content())
    if not offline:
        found += asyncio.run(check_surroundings(_settings()))
    for fault in found:
        print(fault)
    print(f"{len(found)} faults" if found else "all is well")
    if looked := list(hints(all_words=words)):
        print(f"\nTo look at, not faults ({len(looked)}):")
        for hint in looked:
            print(hint)
    raise typer.Exit(1 if found else 0)


@cli.command()
def preview(
    lesson: Annotated[str, typer.Argument(help="Its number or name: 2, four-forms, 02-four-forms.")],
    language: Annotated[str, typer.Argument(help="kk, ru or en.")],
) -> None:
    """Show a lesson and its bank in the terminal, as a driver sees them."""
    from bot.preview import preview_lesson

    raise typer.Exit(preview_lesson(lesson, language))


@cli.command()
def texts(
    in_step: Annotated[
        list[str] | None,
        typer.Option("--in-step", help="A lesson that was looked at in all languages: 02-four-forms."),
    ] = None,
) -> None:
    """Write new texts of the code into the catalogues, for translators, and record which lessons are in step."""
    from bot.catalogues import refresh
    from bot.in_step import record
    from handlers.texts import LOCALES

    refresh()
    record(LOCALES, in_step or ())


@cli.command()
def stats() -> None:
    """Count people, lessons, flags and messages."""
    from bot.operate import print_figures

    asyncio.run(print_figures(_settings()))


@cli.command()
def backup(target: Annotated[Path, typer.Argument(help="A file that does not exist yet.")]) -> None:
    """Copy the database into one file while the bot goes on. The keys are not in it."""
    from sqlalchemy import make_url

    from bot.backup import backup as make

    make(make_url(_settings().database_url), target)


@cli.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that `backup` made.")],
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite the database that is there.")] = False,
) -> None:
    """Put a backup in place of the database. Stop the bot first."""
    from sqlalchemy import make_url

    from bot.backup import restore as put_back

    put_back(make_url(_settings().database_url), source, replace=replace)


@cli.command("rotate-keys")
def rotate_keys() -> None:
    """Seal everything with the newest of SECRET_KEYS, while the bot goes on."""
    from bot.operate import rotate

    asyncio.run(rotate(_settings()))


@cli.command("verify-audit")
def verify_audit(
    anchor: Annotated[
        list[str] | None,
        typer.Option("--anchor", help="COUNT:MARK as the owners were sent it; several may be given."),
    ] = None,
) -> None:
    """Prove that no entry of the audit was changed, removed or cut off."""
    from bot.operate import verify

    raise typer.Exit(asyncio.run(verify(_settings(), anchor or ())))
