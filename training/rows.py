"""Asks the cases and keeps what came of them: reduced to states, labels and hashed names.

Drafts are kept beside, in the data folder only, for reading a few by eye.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from langchain_core.messages import BaseMessage

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from index.store.snapshot import IndexReader, Snapshot
from rag.checking.attribution import split_statements
from rag.checking.support import ground
from rag.generation import answer_messages, is_abstention, premise_messages
from rag.question.parts import premise_of
from rag.retrieval.search import Context, Finder
from training.cases import Case, Variant, find, label, shows_evidence
from training.states import Draft, ModelStates

SHARD = 25
"""Rows of a file."""


@dataclass(frozen=True, slots=True)
class RowInfo:
    """What is kept of a row beside its states; no text.

    Attributes:
        id: Hash of the case.
        question: Hash of the question's id, the same for all its variants.
        group: Hash of the article that the question is about.
        right: Whether the draft is right; None where it is not known.
        problem: Whether the check in code refuses the whole draft.
        refuted: Whether the model says No to what the question assumes; None where it assumes none.
        shown: Whether the evidence sentence is among what was read.
        tokens: Of the prompt, about.
        other: What another model's judge made of the draft, if one was asked.
    """

    id: str
    question: str
    group: str
    set: str
    type: str
    variant: str
    right: bool | None
    answerable: bool
    problem: bool
    refuted: bool | None
    shown: bool
    tokens: int
    other: float | None = None


Read = Callable[[Sequence[BaseMessage], str], float | None]
"""Has another judge a draft that was written to messages."""


class Collector:
    """Collects rows of one archive; what is there already is not asked again."""

    def __init__(
        self,
        home: Path,
        set_name: str,
        settings: Settings,
        embeddings: MiniLMEmbeddings,
        model: ModelStates,
        read: Read | None = None,
    ) -> None:
        """Keep the parts; rows lie below `home`, in a folder named for the set."""
        self._read = read
        self._folder = home / set_name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._set = set_name
        self._reader = IndexReader(settings)
        self._finder = Finder(self._reader, embeddings, settings)
        self._model = model
        self._known = {row["id"] for row in records(self._folder)}
        self._open: list[tuple[RowInfo, Draft]] = []

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Open the archive."""
        return self._reader.snapshot()

    def collect(self, cases: Iterable[Case]) -> Iterator[RowInfo | None]:
        """Ask cases, and yield the row of each; None where it gave none or was there."""
        for case in cases:
            name = hashed(f"{self._set} {case.name}")
            if name in self._known:
                yield None
                continue
            self._known.add(name)
            with self.snapshot() as snapshot:
                found = find(self._finder, snapshot, case)
            yield self._ask(case, found, name) if found else None
            if len(self._open) >= SHARD:
                self.flush()

    def _ask(self, case: Case, found: Context, name: str) -> RowInfo | None:
        messages = answer_messages(found.asked, found.evidence)
        prompt = self._model.template.prompt(messages)
        draft = self._model.write(prompt)
        if not draft.text or is_abstention(draft.text):
            return None
        refuted = _refuted(self._model, case, found)
        checked = [
            ground(t, found.asked.standalone, found.evidence) for t in split_statements(draft.text)
        ]
        articles = [source.article for source in case.question.evidence]
        row = RowInfo(
            id=name,
            question=hashed(f"{self._set} {case.question.id}"),
            group=hashed(f"{self._set} {articles[0] if articles else case.question.text}"),
            set=self._set,
            type=case.question.type,
            variant=case.variant.value,
            right=label(case, draft.text),
            answerable=case.question.answerable,
            problem=not any(one.supported for one in checked),
            refuted=refuted,
            shown=shows_evidence(case, found.evidence),
            tokens=len(prompt) // 4,
            other=self._read(messages, draft.text) if self._read else None,
        )
        self._open.append((row, draft))
        with (self._folder / "drafts.jsonl").open("a", encoding="utf-8") as file:
            said = {
                "id": name,
                "question": case.question.text,
                "answers": case.question.answers,
                "draft": draft.text,
                "right": row.right,
                "variant": row.variant,
                "problems": [one.problem for one in checked],
            }
            file.write(json.dumps(said) + "\n")
        return row

    def flush(self) -> None:
        """Write what was collected as the next shard, in one rename."""
        if not self._open:
            return
        rows, drafts = zip(*self._open, strict=True)
        states = {
            part: np.stack([getattr(d, part) for d in drafts]) for part in ("before", "mean", "end")
        }
        layers = np.array(self._model.layers)
        info = np.array([json.dumps(asdict(row)) for row in rows])
        partial = self._folder / "partial.tmp"
        with partial.open("wb") as file:
            np.savez(file, info=info, layers=layers, **states)  # type: ignore[arg-type]
        partial.rename(self._folder / f"{len(list(self._folder.glob('*.npz'))):05d}.npz")
        self._open.clear()


def _refuted(model: ModelStates, case: Case, found: Context) -> bool | None:
    premise = premise_of(found.asked.standalone)
    if not premise or case.variant is not Variant.PLAIN:
        return None
    prompt = model.template.prompt(premise_messages(found.asked, found.evidence, premise))
    return model.write(prompt, longest=2).text.startswith("No")


def records(folder: Path) -> Iterator[dict[str, str]]:
    """Yield what is known of each row in a folder of shards."""
    for shard in sorted(folder.glob("*.npz")):
        with np.load(shard) as held:
            yield from (json.loads(one) for one in held["info"])


def hashed(text: str) -> str:
    """Return a short name for a text that does not tell it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
