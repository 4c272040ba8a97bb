"""How Telegram says no: one exception that carries its code and its words."""

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """A Bot API answer with `ok: false`; `code` is the HTTP status, `parameters` as in ResponseParameters."""

    def __init__(self, description: str, code: int = 400, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.code = code
        self.parameters = parameters

    def body(self) -> Json:
        """The answer as the Bot API writes it."""
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


def bad(words: str) -> Refusal:
    """A "Bad Request"; Telegram writes the first letter small, except of its CONSTANT_NAMES."""
    if len(words) > 1 and words[0].isupper() and not words[1].isupper():
        words = words[0].lower() + words[1:]
    return Refusal(f"Bad Request: {words}")
