"""Promises about the tree itself: where things lie, what is locked, what make does, what stays out."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.settings import Settings

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEVELOPMENT = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]

TARGETS = ["help", "venv", "demo", "run", "test", "check", "bench", "texts", "pictures", "lock", "clean"]

# In pieces, so that this file does not match itself. Bots numbered 12345... and 98765... are examples.
NEVER_COMMITTED = {
    "a package registry": r"(?i)\bpypi" r"\.(org|io)|python" r"hosted\.|\bnpm" r"js\.|crates" r"\.io",
    "a path on somebody's machine": r"(?<![\w./:~-])/(work|root|home|Users|tmp/w)" r"/\w|[A-Z]:\\Users" r"\\",
    "a bot's token": r"\b(?!12345|98765)\d{8,10}" r":[A-Za-z0-9_-]{35}\b",
    "a private key": r"BEGIN [A-Z ]*PRIVATE" r" KEY",
    "a master key": r"SECRET_KEYS" r"\s*=\s*[\"']?[A-Za-z0-9+/_-]{43}=",
    "an access token": r"\b(gh[opsu]_|github_pat_|glpat-|AKIA|xox[bp]-)" r"[A-Za-z0-9_]{16,}",
}


def committed() -> list[Path]:
    """Every file that is, or would be, committed; without git, every file outside the ignored places."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        ignored = {".git", ".venv", "data", ".env", "__pycache__"}
        ignored |= {".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
        found = (path for path in ROOT.rglob("*") if not ignored & set(path.relative_to(ROOT).parts))
        return [path for path in found if path.is_file()]
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def test_the_top_level_holds_what_a_newcomer_expects() -> None:
    folders = {"bot", "handlers", "locales", "models", "migrations", "tests"}
    files = {"pyproject.toml", ".env.example", "README.md", "Makefile", "GLOSSARY.md", "LICENSE", ".ci/run"}
    assert folders == {name for name in folders if (ROOT / name).is_dir()}
    assert files == {name for name in files if (ROOT / name).is_file()}
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_nothing_private_and_no_registry_is_committed() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path in committed()
        for what, pattern in NEVER_COMMITTED.items()
        if re.search(pattern, path.read_bytes().decode("utf-8", "ignore"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a package registry", "https://files.python~hosted.org/packages/"),
        ("a package registry", "--index-url https://pypi~.org/simple"),
        ("a path on somebody's machine", 'open("/home~/aigerim/qurmet")'),
        ("a path on somebody's machine", "cd /work~/main"),
        ("a bot's token", "BOT_TOKEN=7012345678~:AbC-_AbC-_AbC-_AbC-_AbC-_AbC-_AbC-_"),
        ("a private key", "-----BEGIN RSA PRIVATE~ KEY-----"),
        ("a master key", "SECRET_KEYS~=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk="),
        ("an access token", "ghp_~a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"),
    ],
)
def test_what_must_never_be_committed_would_be_seen(what: str, text: str) -> None:
    assert re.search(NEVER_COMMITTED[what], text.replace("~", ""))


def test_env_example_names_every_setting_and_nothing_else() -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    named = re.findall(r"^#?\s*([A-Z][A-Z0-9_]*)=", text, re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def pins(lock: str) -> dict[str, Requirement]:
    """The pinned requirements of a lock file, by name. Fails on any line that is not a pin with hashes."""
    text = re.sub(r"^#.*\n", "", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)
    found: dict[str, Requirement] = {}
    for entry in text.replace("\\\n", "").splitlines():
        pin, *hashes = entry.split(" --hash=")
        requirement = Requirement(pin.strip())
        assert re.fullmatch(r"==[^*,=]+", str(requirement.specifier)), entry
        assert requirement.url is None
        assert hashes, entry
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes), entry
        found[canonicalize_name(requirement.name)] = requirement
    return found


@pytest.mark.parametrize(
    ("lock", "wanted"), [("requirements.txt", RUNTIME), ("requirements-dev.txt", RUNTIME + DEVELOPMENT)]
)
def test_the_locks_pin_with_hashes_all_that_pyproject_asks_for(lock: str, wanted: list[Requirement]) -> None:
    locked = pins(lock)
    for requirement in wanted:
        pin = locked[canonicalize_name(requirement.name)]
        version = next(iter(pin.specifier)).version
        assert requirement.specifier.contains(version), f"{pin} does not meet {requirement}: make lock"


def test_development_adds_to_the_runtime_and_changes_nothing_of_it() -> None:
    runtime, development = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: str(development.get(name)) for name in runtime} == {name: str(pin) for name, pin in runtime.items()}
    assert len(development) > len(runtime)


def make(tree: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs make as from a shell: what a make around these tests has set is not handed on."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    return subprocess.run(
        ["make", *arguments], cwd=tree, env={**inherited, **environment}, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("venv", "--require-hashes -r requirements.txt"),
        ("demo", ".venv/bin/python -m bot demo"),
        ("run", ".venv/bin/python -m bot run"),
        ("test", ".venv/bin/python -m pytest"),
        ("check", ".venv/bin/python -m mypy"),
        ("check", ".venv/bin/python -m ruff format --check"),
        ("check", ".venv/bin/python -m bot check --offline"),
        ("bench", ".venv/bin/python -m tests.bench"),
        ("texts", ".venv/bin/python -m bot texts"),
        ("lock", "--generate-hashes"),
        ("clean", "rm -rf .venv"),
    ],
)
def test_make_knows_the_targets_of_the_contract(target: str, command: str) -> None:
    done = make(ROOT, "--dry-run", target)
    assert done.returncode == 0, done.stderr
    assert command in done.stdout


def test_make_alone_lists_the_targets() -> None:
    listed = re.findall(r"^ +make (\w+)", make(ROOT).stdout, re.MULTILINE)
    assert sorted(listed) == sorted(TARGETS)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose path has a space, with the Makefile and the locks."""
    tree = tmp_path / "a checkout"
    tree.mkdir()
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tree)
    return tree


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """A PATH with make's everyday tools and no Python or uv on it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("make", "sh", "cmp", "cp", "rm", "mkdir", "chmod", "cat"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    return str(tools)


def script(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def test_without_a_new_enough_python_make_says_so_in_one_line(checkout: Path, bare: str) -> None:
    script(Path(bare) / "python3", "exit 1")  # too old
    done = make(checkout, "venv", PATH=bare)
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert done.returncode != 0
    assert len(said) == 1
    assert "Python 3.11 or newer is needed" in said[0]
    assert not (checkout / ".venv").exists()


def test_without_pythons_venv_part_make_says_what_to_install(checkout: Path, bare: str) -> None:
    python = 'case "$2" in *ensurepip*) exit 1;; *print*) echo 3.11;; esac'
    script(Path(bare) / "python3.11", python)
    done = make(checkout, "venv", PATH=bare)
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert done.returncode != 0
    assert len(said) == 1
    assert "apt install python3.11-venv" in said[0]


def test_make_sets_up_once_and_again_only_when_the_lock_changes(checkout: Path, bare: str) -> None:
    # This Python writes down what pip is asked, and makes environments that hold itself.
    python = Path(bare) / "python3.12"
    script(
        python,
        'case "$1 $2" in',
        f'"-m venv") mkdir -p "$3/bin" && cp "{python}" "$3/bin/python";;',
        '"-m pip") echo "$@" >>pip.log;;',
        "esac",
    )
    log = checkout / "pip.log"

    def asked(*arguments: str) -> list[str]:
        log.write_text("")
        done = make(checkout, *arguments, PATH=bare)
        assert done.returncode == 0, done.stderr
        return [line.split()[-1] for line in log.read_text().splitlines() if "--require-hashes" in line]

    assert asked("venv") == ["requirements.txt"]
    assert asked("venv") == []
    assert asked("dev") == ["requirements-dev.txt"]
    assert asked("dev", "venv", "demo", "run") == []
    (checkout / "requirements.txt").write_text("# changed\n")
    assert asked("dev") == []
    assert asked("run") == ["requirements.txt"]
    shutil.rmtree(checkout / ".venv" / "bin")
    assert asked("test") == ["requirements-dev.txt"]
