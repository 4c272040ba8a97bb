"""The floors of the house: bot imports handlers imports models, and never upwards."""

import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = str(ROOT / "pyproject.toml")
LINT = "from importlinter.cli import lint_imports_command as main; main()"


def test_no_import_goes_upwards() -> None:
    said = lint(ROOT)
    assert "BROKEN" not in said, said


def strays(graph: grimp.ImportGraph) -> set[tuple[str, str]]:
    """Imports by which the sandbox reaches into the rest of the project: (importer, imported)."""
    sandbox = {"bot.sandbox", *graph.find_descendants("bot.sandbox")}
    return {
        (importer, imported)
        for importer in sandbox
        for imported in graph.find_modules_directly_imported_by(importer) - sandbox
        if imported.split(".")[0] in {"bot", "handlers", "models", "migrations", "tests"}
    }


def test_the_sandbox_stands_on_its_own() -> None:
    graph = grimp.build_graph("bot", "handlers", "models", include_external_packages=True, cache_dir=None)
    assert strays(graph) == set()
    # The check itself can see a stray.
    graph.add_import(importer="bot.sandbox", imported="bot.planted")
    assert strays(graph) == {("bot.sandbox", "bot.planted")}


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        ("models/people.py", "import handlers.learn", "never upwards"),
        ("models/people.py", "from aiogram import Bot", "models know nothing"),
        ("handlers/learn.py", "from bot import engine", "never upwards"),
        ("bot/sandbox/page.py", "import models.people", "the sandbox is Telegram"),
        ("models/people.py", "from models import course", "no circles"),
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, module: str, planted: str, contract: str) -> None:
    modules = {
        "models/people.py": "",
        "models/course.py": "from models import people\n",
        "handlers/learn.py": "import models.people\n",
        "bot/engine.py": "import handlers.learn\n",
        "bot/sandbox/page.py": "",
    }
    for name, text in modules.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (path.parent / "__init__.py").touch()

    assert "BROKEN" not in lint(tmp_path)
    (tmp_path / module).write_text(f"{modules[module]}{planted}\n")
    lines = lint(tmp_path).splitlines()
    assert any(contract in line and line.endswith("BROKEN") for line in lines), lines


def lint(tree: Path) -> str:
    """What import-linter prints of a tree, from a process that has not imported these packages already."""
    command = [sys.executable, "-c", LINT, "--no-cache", "--no-logo", "--config", CONTRACTS]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, env={"COLUMNS": "200"})
    assert done.returncode == ("BROKEN" in done.stdout), done.stdout + done.stderr
    assert "KEPT" in done.stdout
    return done.stdout
