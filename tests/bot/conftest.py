"""What the tests of the shell share: short pauses."""

import pytest


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot with pauses that nobody would notice; what it does in them is the same."""
    monkeypatch.setattr("bot.engine.PATIENCE", (0.0, 0.0, 0.0))
    monkeypatch.setattr("bot.intake._LONGEST_PAUSE", 0.02)
    monkeypatch.setattr("bot.delivery._LOOK_AGAIN", 0.05)
    monkeypatch.setattr("bot.replies._LONGEST_PAUSE", 0.02)
