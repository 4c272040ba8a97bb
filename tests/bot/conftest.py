"""What the tests of the shell share: short pauses, and texts and lessons that are read once."""

import functools

import pytest

import bot.app


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot with pauses that nobody would notice; what it does in them is the same."""
    monkeypatch.setattr("bot.engine.PATIENCE", (0.0, 0.0, 0.0))
    monkeypatch.setattr("bot.intake._LONGEST_PAUSE", 0.02)
    monkeypatch.setattr("bot.delivery._LOOK_AGAIN", 0.05)
    monkeypatch.setattr("bot.replies._LONGEST_PAUSE", 0.02)


@pytest.fixture(autouse=True, scope="session")
def read_once() -> None:
    """Lessons and catalogues don't change while the tests run."""
    bot.app.load_course = functools.cache(bot.app.load_course)
    bot.app.load_texts = functools.cache(bot.app.load_texts)
