"""The shortest right content, for tests of a course of their own: one lesson, its bank, picture, policy and card."""

from pathlib import Path

NAME = "02-plain.md"
CARD = "01-card.md"
WORDS = {"kk": "Сөз", "ru": "Слово", "en": "Word"}


def written(language: str) -> str:
    """The shortest lesson that is right: four cards, three questions of three options."""
    word = WORDS[language]
    front = f"number: 2\nslug: plain\ntitle: {word}\nobjective: {word}\nminutes: 3\nsources:\n  - {word}\n"
    cards = "".join(f"\n## {word} {n} {{#card{n}}}\n\n{word} **{word}** {n}.\n" for n in range(1, 5))
    return f"---\n{front}---\n{cards}{_questions(word, 'ask')}"


def written_bank(language: str) -> str:
    """The shortest bank that is right: three questions."""
    return f"---\nnumber: 2\n---\n{_questions(WORDS[language], 'test')}"


def written_policy(language: str) -> str:
    """The shortest policy that is right."""
    return f"---\nversion: 3\ndate: 2026-09-01\n---\n\n{WORDS[language]} **{WORDS[language]}**.\n"


def written_rights(language: str) -> str:
    """The shortest card on rights that is right."""
    word = WORDS[language]
    return f"---\nnumber: 1\ntitle: {word}\nsources:\n  - {word}\n---\n\n{word} **{word}**.\n"


def _questions(word: str, key: str) -> str:
    options = "".join(
        f"- [{mark}] {word} 1 {{#{key}}}\n\n  {word} 1.\n" for key, mark in (("one", " "), ("two", "x"), ("six", " "))
    )
    return "".join(f"\n## ? {{#{key}{n}}}\n\n{word} {n}?\n\n{options}" for n in range(1, 4))


def write_course(root: Path, **changed: str) -> Path:
    """Write the shortest right content below `root`, with the text of some files changed.

    `ru="…"` is the Russian lesson, `ru_bank="…"` its bank, `ru_policy="…"` the policy, `ru_rights="…"` the card.
    """
    for language in WORDS:
        files = {
            f"lessons/{NAME}": changed.get(language, written(language)),
            f"bank/{NAME}": changed.get(f"{language}_bank", written_bank(language)),
            f"rights/{CARD}": changed.get(f"{language}_rights", written_rights(language)),
            "policy.md": changed.get(f"{language}_policy", written_policy(language)),
        }
        for name, text in files.items():
            path = root / language / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    picture = root / "pictures" / NAME.replace(".md", ".svg")
    picture.parent.mkdir(exist_ok=True)
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    return root
