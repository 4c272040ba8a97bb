"""Finds the browser for the tests of the sandbox page, and leaves them out, in one line, where there is none."""

import os
import shutil

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_LEFT_OUT = pytest.StashKey[int]()


def find_browser() -> str | None:
    """The path of a Chromium: the one that CHROMIUM names, else one that is installed, else None."""
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [named] if named else _NAMES)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if find_browser():
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out and os.environ.get("CI") == "true":
        raise pytest.UsageError("No Chromium found, and CI insists on the browser tests: install `chromium`.")
    items[:] = [item for item in items if not item.get_closest_marker("browser")]
    config.hook.pytest_deselected(items=left_out)
    config.stash[_LEFT_OUT] = len(left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(
            f"Left out: {left_out} browser tests, no Chromium found. "
            "To run them, install Debian's package `chromium`, or set CHROMIUM=/path/to/chromium."
        )


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the Chromium to test with."""
    path = find_browser()
    assert path, "browser tests are left out where there is no browser"
    return path
