"""The catalogue, what is remembered of a choice, and tiny models of its architectures at work."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from index.errors import ModelFileError, ModelUnavailable
from index.settings import Settings
from rag.llm import catalogue as catalogues
from rag.llm import loader as loaders
from rag.llm.catalogue import (
    DEFAULT,
    Choice,
    Entry,
    catalogue,
    chosen,
    could_run,
    read_choice,
    suggestion,
    who_answers,
    write_choice,
)
from rag.llm.conversion import convert
from rag.llm.loader import ModelLoader, ModelState, get_chat_model
from rag.pipeline import Pipeline
from rag.types import Answer, Question, Token
from tests.index.hub import Hub, serving
from tests.rag.newsroom import CHATML
from tests.rag.test_healing import stubbed
from tests.rag.tiny_gguf import write_gguf
from tests.waiting import until

__all__ = ["stubbed"]
ASKED = [HumanMessage("Who scored the goal in the final in Sydney?")]


def entry(name: str, form: str, files: list[str]) -> Entry:
    about = ("main", form, files, 1, 1.0, "MIT", "llama", "none", "")
    return Entry(name, f"Tiny {name}", f"org/{name}", *about)  # type: ignore[arg-type]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub, and a catalogue of two that it has."""
    listed = {
        DEFAULT: catalogue()[DEFAULT],
        "tiny": entry("tiny", "gguf", ["tiny.gguf"]),
        "folder": entry("folder", "openvino", ["openvino_*", "*.json"]),
    }
    monkeypatch.setattr("rag.llm.catalogue.catalogue", lambda: listed)
    with serving() as state:
        yield state


@pytest.fixture
def home(hub: Hub, tmp_path: Path) -> Settings:
    folders = {"model_dir": tmp_path / "models", "data_dir": tmp_path / "data"}
    return Settings(**folders, hub_url=hub.url, judge="none", llm_threads=1, answer_tokens=16)


def written(model: object) -> str:
    text = model.invoke(ASKED).text  # type: ignore[attr-defined]
    model.engine.close()  # type: ignore[attr-defined]
    return text


def test_every_model_of_the_catalogue_says_what_a_person_must_know() -> None:
    families = set()
    for name, one in catalogue().items():
        trust = "measured by us" if name == DEFAULT else "not measured by us"
        assert f"({trust})" in one.about and one.licence in one.about and " MB" in one.about
        assert one.form == "openvino" or one.architecture in ("qwen2", "qwen3", "llama")
        families.add(one.title.partition("-")[0].rstrip("0123456789."))
    assert next(iter(catalogue())) == DEFAULT and len(families) > 1


def test_what_does_not_fit_the_memory_is_not_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    for memory, names in ((4.0, []), (6.5, ["qwen3-1.7b", "smollm3-3b"]), (0.0, [])):
        monkeypatch.setattr(catalogues, "machine", lambda memory=memory: (memory, 4))
        assert [one.name for one in could_run()] == names


@pytest.mark.parametrize("architecture", ["qwen2", "qwen3", "llama"])
def test_the_engine_reads_and_writes_each_architecture(
    hub: Hub, home: Settings, tmp_path: Path, architecture: str
) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", architecture)
    hub.repositories["org/tiny"] = {"tiny.gguf": file.read_bytes()}
    model = get_chat_model(home.model_copy(update={"llm": "tiny"}))
    assert written(model)


def test_an_architecture_that_the_engine_does_not_read_is_named(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", "granite")
    with pytest.raises(
        ModelUnavailable, match=r"cannot convert tiny\.gguf: .*'granite'.* llama, qwen2 and qwen3"
    ):
        convert(file, tmp_path / "made")


def test_openvinos_own_form_writes_the_same(hub: Hub, home: Settings, tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", "llama")
    made = convert(file, tmp_path / "made")
    files = {one.name: one.read_bytes() for one in made.glob("openvino_*.[xb]*")}
    config = '{"chat_template": %s, "eos_token": "<|im_end|>", "added_tokens_decoder": {"0": %s}}'
    text = config % (json.dumps(CHATML), '{"content": "<|im_end|>"}')
    hub.repositories["org/folder"] = files | {"tokenizer_config.json": text.encode()}
    hub.repositories["org/tiny"] = {"tiny.gguf": file.read_bytes()}
    one, other = (
        written(get_chat_model(home.model_copy(update={"llm": name})))
        for name in ("folder", "tiny")
    )
    assert one == other != ""


def test_a_file_of_ones_own_answers_and_is_held_to_what_it_was(
    home: Settings, tmp_path: Path
) -> None:
    file = write_gguf(tmp_path / "mine" / "tiny.gguf", "llama")
    own = home.model_copy(update={"llm": str(file)})
    assert written(get_chat_model(own))
    assert who_answers(own) == "tiny.gguf, a file of your own answers (not measured by us)."
    assert [one.name for one in file.parent.iterdir()] == ["tiny.gguf"], "nothing is put beside it"
    write_gguf(file, "llama", seed=2)
    with pytest.raises(ModelFileError, match="is not the file that it was when it was first used"):
        get_chat_model(own)
    file.write_bytes(b"PK")
    with pytest.raises(ModelFileError, match=r"tiny\.gguf is no GGUF file"):
        get_chat_model(own)
    file.unlink()
    with pytest.raises(ModelFileError, match=r"tiny\.gguf: no such file"):
        get_chat_model(own)


def test_a_choice_can_be_taken_back(home: Settings) -> None:
    assert chosen(home).llm == DEFAULT
    write_choice(home, Choice().use("tiny", 480).use("folder"))
    assert (chosen(home).llm, chosen(home).llm_context) == ("folder", 0)
    write_choice(home, read_choice(home).back())
    assert (chosen(home).llm, chosen(home).llm_context) == ("tiny", 480)
    write_choice(home, read_choice(home).back().back())
    assert chosen(home).llm == DEFAULT


def test_the_settings_stand_before_a_choice(home: Settings) -> None:
    write_choice(home, Choice().use("tiny"))
    assert chosen(home.model_copy(update={"llm": "none"})).llm == "none"
    assert chosen(home.model_copy(update={"llm_context": 300})).llm_context == 300


@pytest.mark.parametrize("held", ["", "{", "[]", '{"name": 1}', '{"before": 3}'])
def test_a_choice_that_cannot_be_read_is_none(home: Settings, held: str) -> None:
    home.data_dir.mkdir()
    (home.data_dir / "model.json").write_text(held)
    assert chosen(home).llm == DEFAULT


def test_who_answers_comes_with_its_figures(home: Settings) -> None:
    wanted = home.model_copy(update={"llm": "tiny"})
    assert who_answers(wanted) == "Tiny tiny answers (not measured by us)."
    write_choice(home, Choice(figures={"tiny": "here 7 of 9 right"}))
    assert who_answers(wanted) == "Tiny tiny answers (here 7 of 9 right)."


def test_what_the_machine_could_run_is_told_once(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogues, "machine", lambda: (2.0, 2))
    assert suggestion(home) == ""
    monkeypatch.setattr(catalogues, "machine", lambda: (16.0, 8))
    assert "could also run tiny, folder." in suggestion(home)
    assert suggestion(home) == "" and chosen(home).llm == DEFAULT


class Named:
    """Stands for the models that are loaded: each is an engine's process that writes one letter."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.loaded = folder, []

    def load(self, settings: Settings, note: object, system_text: str) -> object:
        from rag.llm.chat_model import OpenVinoChat
        from rag.llm.engine import Engine
        from tests.rag.newsroom import TEMPLATE

        if settings.llm == "folder":
            raise ModelUnavailable("it is broken")
        engine = Engine(self.folder)
        self.loaded.append(settings.llm)
        return OpenVinoChat(
            engine=engine, template=TEMPLATE, max_tokens=120, model_name=settings.llm
        )


@pytest.fixture
def running(
    stubbed: None, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelLoader]:
    monkeypatch.setattr(loaders, "_load_embedded", Named(tmp_path).load)
    monkeypatch.setattr(loaders, "LOOK", 0.05)
    monkeypatch.setattr(loaders, "QUIET", 0.3)
    loader = ModelLoader(home)
    loader.start()
    assert loader.wait(30).state is ModelState.READY
    yield loader
    loader.close()


def test_a_running_program_changes_its_model_and_ends_what_is_under_way_with_the_old_one(
    running: ModelLoader, reader, embeddings, indexed: Settings, home: Settings
) -> None:
    pipeline = Pipeline(reader, embeddings, running, indexed)
    old = running.get()
    begun, answers = threading.Event(), []

    def ask() -> None:
        for event in pipeline.stream(Question("Where did Olga Carmona score?")):
            if isinstance(event, Token):
                begun.set()
            if isinstance(event, Answer):
                answers.append(event)

    asking = threading.Thread(target=ask)
    asking.start()
    assert begun.wait(60)
    write_choice(home, Choice(figures={"tiny": "here 7 of 9 right"}).use("tiny"))
    until(lambda: running.get() is not old)
    assert asking.is_alive() and old.engine.busy, "it is still answered by the old one"
    asking.join(30)
    assert answers and not any("language model" in notice for notice in answers[0].notices)
    assert running.get().model_name == "tiny"
    assert running.status().message == "Tiny tiny answers (here 7 of 9 right)."
    until(lambda: old.engine.wait(0) != "")
    write_choice(home, read_choice(home).back())
    until(lambda: running.get().model_name == DEFAULT)


def test_a_model_that_cannot_be_loaded_leaves_the_old_one(
    running: ModelLoader, home: Settings
) -> None:
    old = running.get()
    write_choice(home, Choice().use("folder"))
    until(lambda: "folder could not be loaded (it is broken)" in running.status().message)
    assert running.status().state is ModelState.READY and running.get() is old
    assert old.invoke(ASKED, max_tokens=2).text == "aa"


def test_a_chosen_model_that_is_gone_leaves_the_default_to_answer(
    stubbed: None, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "_load_embedded", Named(tmp_path).load)
    write_choice(home, Choice().use("folder"))
    loader = ModelLoader(home)
    loader.start()
    assert loader.wait(30).state is ModelState.READY
    until(lambda: "folder could not be loaded (it is broken)" in loader.status().message)
    assert "Qwen2.5-Coder-1.5B-Instruct, 4 bit answers" in loader.status().message
    assert loader.get().model_name == DEFAULT
    loader.close()
