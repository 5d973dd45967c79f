"""LangChain's own conformance suites, run on the embedded chat model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from index.settings import Settings
from rag.llm.chat_model import OpenVinoChat
from rag.llm.conversion import MARK
from rag.llm.engine import Engine
from tests.rag.newsroom import TEMPLATE

MODEL_FOLDER = Settings().models / "qwen2.5-coder-1.5b-instruct"


class TestUnit(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return OpenVinoChat

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "engine": None,
            "template": TEMPLATE,
            "model_name": "unit",
        }  # nothing here is asked to write

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return False


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if not (MODEL_FOLDER / MARK).is_file():
        pytest.skip("the language model has not been fetched on this machine")
    loaded = Engine(MODEL_FOLDER, parallel=4)
    yield loaded
    loaded.close()


@pytest.mark.slow
class TestIntegration(ChatModelIntegrationTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return OpenVinoChat

    @pytest.fixture(autouse=True)
    def _engine(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "engine": self.engine,
            "template": TEMPLATE,
            "model_name": "qwen",
            "max_tokens": 32,
        }

    @pytest.fixture
    def model(self, _engine: None) -> BaseChatModel:
        return OpenVinoChat(**self.chat_model_params)

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return False
