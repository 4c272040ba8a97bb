"""What each person can do: a module per capability, each a function from an update to what to show.

Handlers read and write the session of their `visit` and return methods of Telegram; the engine sends them after the
commit. Whatever arrives in a private chat comes with a visit; a handler for groups has only `_`, its texts.
"""

from collections.abc import Mapping

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import TelegramObject

from handlers import (
    agreeing,
    appealing,
    approvals,
    asking,
    audit,
    barring,
    broadcast,
    broadcast_list,
    capsule,
    car,
    category,
    certificate,
    closing,
    cohort,
    consent,
    contact,
    daily,
    directory,
    distress,
    driving,
    duplicates,
    duty,
    enlisting,
    erase,
    evidence,
    exam,
    export,
    fallback,
    flag_stats,
    form,
    full_export,
    groups,
    handover,
    hearing,
    history,
    home,
    joining,
    learn,
    leaving,
    menu,
    notes,
    opting,
    other_account,
    own,
    pledge,
    policy,
    privacy,
    progress,
    purge,
    queue,
    quick_exit,
    receipt,
    remedy,
    report,
    review,
    right_of_reply,
    rights,
    search,
    second_look,
    seminar,
    statement,
    stats,
    talk,
    team,
    templates,
    thanks,
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
        joining,
        talk,
        evidence,
        learn,
        policy,
        exam,
        daily,
        pledge,
        certificate,
        verify,
        car,
        thanks,
        report,
        form,
        search,
        capsule,
        quick_exit,
        own,
        other_account,
        agreeing,
        second_look,
        driving,
        hearing,
        remedy,
        consent,
        statement,
        history,
        erase,
        barring,
        queue,
        review,
        closing,
        right_of_reply,
        appealing,
        category,
        duplicates,
        notes,
        templates,
        duty,
        handover,
        contact,
        purge,
        asking,
        approvals,
        team,
        leaving,
        enlisting,
        audit,
        trial,
        cohort,
        broadcast,
        voting,
        seminar,
        progress,
        flag_stats,
        stats,
        transparency,
        export,
        full_export,
        opting,
        home,
        rights,
        directory,
        privacy,
        fallback,
    )
    private.include_routers(*(module.router() for module in modules))
    return [private, groups.router()]


LANES = (frozenset({"flag figures", "flag plot", "transparency"}), frozenset({"export", "full export"}))
"""Orders that may take seconds, and those that may take minutes: each lane makes one after another, and neither what is
in the other lane nor what else is to be delivered waits for it.
"""


AWAITED = frozenset({"evidence"})
"""Orders for which something waits: it must not wait for ever for one that is given up."""


def makers() -> Mapping[str, Maker]:
    """What is made at delivery, by the name under which it's ordered."""
    return {
        "picture": learn.make_picture,
        "daily": daily.make_daily,
        "evidence": evidence.make_evidence,
        "piece": evidence.make_piece,
        "place": evidence.make_place,
        "followup": exam.make_followup,
        "trial": trial.make_trial,
        "certificate": certificate.make_certificate,
        "receipt": receipt.make_receipt,
        "statement": statement.make_statement,
        "renewal": certificate.make_renewal,
        "car": car.make_car,
        "thanks": thanks.make_thanks,
        "pledge check": pledge.make_check,
        "cohort code": cohort.make_qr_code,
        "ballot": voting.make_ballot,
        "scene answer": voting.make_answer,
        "scene": seminar.make_scene,
        "broadcast": broadcast_list.make_progress,
        "progress plot": progress.make_plot,
        "course plot": stats.make_plot,
        "menu": menu.make_menu,
        "capsule": capsule.make_capsule,
        "flag figures": flag_stats.make_page,
        "flag plot": flag_stats.make_plot,
        "export": export.make_export,
        "full export": full_export.make_full_export,
        "transparency": transparency.make_report,
    }
