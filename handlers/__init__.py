"""What each person can do: a module per capability, each a function from an update to what to show.

Handlers read and write the session of their `visit` and return methods of Telegram; the engine sends them after the
commit. Whatever arrives in a private chat comes with a visit; a handler for groups has only `_`, its texts.
"""

from collections.abc import Mapping

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import TelegramObject

from handlers import (
    barring,
    certificate,
    cohort,
    consent,
    daily,
    directory,
    distress,
    exam,
    export,
    fallback,
    flag_stats,
    form,
    groups,
    home,
    joining,
    learn,
    own,
    pledge,
    policy,
    privacy,
    progress,
    report,
    review,
    rights,
    seminar,
    stats,
    transparency,
    trial,
    verify,
    voting,
)
from handlers.making import Maker
from handlers.visit import Visit


class _Private(Filter):
    """The update comes from a person in a private chat."""

    async def __call__(self, event: TelegramObject, visit: Visit | None = None) -> bool:
        return visit is not None


def routers() -> list[Router]:
    """Fresh routers, in the order in which they're asked."""
    private = Router(name="private")
    for observer in (private.message, private.edited_message, private.callback_query, private.my_chat_member):
        observer.filter(_Private())
    modules = (
        distress,
        learn,
        policy,
        exam,
        daily,
        pledge,
        certificate,
        verify,
        report,
        form,
        own,
        consent,
        barring,
        review,
        trial,
        joining,
        cohort,
        voting,
        seminar,
        progress,
        flag_stats,
        stats,
        transparency,
        export,
        home,
        rights,
        directory,
        privacy,
        fallback,
    )
    private.include_routers(*(module.router() for module in modules))
    return [private, groups.router()]


SLOW = frozenset({"flag figures", "flag plot", "export", "transparency"})
"""Orders that may take long: what else is to be delivered doesn't wait for them."""


def makers() -> Mapping[str, Maker]:
    """What is made at delivery, by the name under which it's ordered."""
    return {
        "picture": learn.make_picture,
        "daily": daily.make_daily,
        "followup": exam.make_followup,
        "trial": trial.make_trial,
        "certificate": certificate.make_certificate,
        "renewal": certificate.make_renewal,
        "pledge check": pledge.make_check,
        "cohort code": cohort.make_qr_code,
        "ballot": voting.make_ballot,
        "scene answer": voting.make_answer,
        "scene": seminar.make_scene,
        "progress plot": progress.make_plot,
        "course plot": stats.make_plot,
        "flag figures": flag_stats.make_page,
        "flag plot": flag_stats.make_plot,
        "export": export.make_export,
        "transparency": transparency.make_report,
    }
