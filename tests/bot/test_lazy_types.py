"""Telegram's types are built when they are used: all of them can be, and a start builds few."""

import subprocess
import sys

import aiogram.types
import pytest
from pydantic import BaseModel

import bot.run

TYPES = [each for each in map(vars(aiogram.types).get, aiogram.types.__all__) if isinstance(each, type)]
MODELS = [each for each in TYPES if issubclass(each, BaseModel)]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_type_can_be_built_when_it_is_used(model: type[BaseModel]) -> None:
    assert model.model_rebuild() in (True, None)
    assert model.__pydantic_complete__
