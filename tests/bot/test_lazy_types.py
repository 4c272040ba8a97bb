"""Telegram's types are built when they are used: a start builds none of them, and each can be built."""

import json
import subprocess
import sys

PROGRAM = """
import json
import bot.app, aiogram.types
models = [model for name in aiogram.types.__all__ if hasattr(model := getattr(aiogram.types, name), "model_rebuild")]
before = sum(model.__pydantic_complete__ for model in models)
message = {"message_id": 2, "date": 3, "chat": {"id": 4, "type": "private"}, "text": "Сәлем"}
text = aiogram.types.Update.model_validate({"update_id": 1, "message": message}).message.text
for model in models:
    model.model_rebuild()
after = [model.__name__ for model in models if not model.__pydantic_complete__]
print(json.dumps({"models": len(models), "before": before, "text": text, "unbuilt": after}))
"""


def test_a_start_builds_few_types_of_telegram_and_each_is_there_when_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    said = json.loads(done.stdout)
    assert said["models"] > 300
    assert said["before"] < said["models"] / 3
    assert said["text"] == "Сәлем"
    assert said["unbuilt"] == []
