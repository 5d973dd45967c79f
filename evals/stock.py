"""The stock chain to compare with: LangChain's RAG tutorial, over the same models.

Recursive splitting 1000/200, Chroma, the four nearest chunks, one prompt. Knows nothing of our
index or pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from index.readers import read_articles
from index.types import Article

CHUNK = 1000
OVERLAP = 200
NEAREST = 4
MAX_TOKENS = 256
"""Three sentences fit; the tutorial sets no limit."""

Writer = Callable[[str, Sequence[Document]], Iterator[str]]
"""Streams the answer to a question from chunks."""

_AT_ONCE = 5000  # Chroma takes at most 5,461 at a time
_TOGETHER = 100  # articles stored between two signs of progress
_PROMPT = (  # `rlm/rag-prompt` of LangChain's prompt hub, as the tutorial uses it
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved "
    "context to answer the question. If you don't know the answer, just say that you don't know. "
    "Use three sentences maximum and keep the answer concise.\n"
    "Question: {question} \nContext: {context} \nAnswer:"
)


def stock_embeddings(folder: Path) -> Embeddings:
    """Load a model folder through `HuggingFaceEmbeddings`, with its defaults."""
    from langchain_huggingface import HuggingFaceEmbeddings

    options = {"device": "cpu", "local_files_only": True}
    return HuggingFaceEmbeddings(model_name=str(folder), model_kwargs=options)


class StockIndex:
    """A persistent Chroma collection of chunks."""

    def __init__(self, folder: Path, embeddings: Embeddings) -> None:
        """Open the collection in `folder`, or make it."""
        from langchain_chroma import Chroma
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        self._splitter = RecursiveCharacterTextSplitter(
            chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True
        )
        self._store = Chroma(
            collection_name="stock",
            embedding_function=embeddings,
            persist_directory=str(folder),
        )

    def add(self, files: Sequence[Path]) -> int:
        """Read, split, embed and store text files; returns the number of chunks."""
        return self.add_documents([_load(file) for file in files])

    def add_documents(self, documents: Sequence[Document]) -> int:
        """Split, embed and store texts, named by `source`; returns the number of chunks."""
        chunks = self._splitter.split_documents(documents)
        for at in range(0, len(chunks), _AT_ONCE):
            self._store.add_documents(chunks[at : at + _AT_ONCE])
        return len(chunks)

    def sources(self) -> set[str]:
        """Return the names of the texts that are stored."""
        return {entry["source"] for entry in self._store.get(include=["metadatas"])["metadatas"]}

    def search(self, question: str, nearest: int = NEAREST) -> list[Document]:
        """Return the nearest chunks."""
        return self._store.similarity_search(question, k=nearest)


def stock_writer(model: BaseChatModel) -> Writer:
    """Return a function that streams the answer to a question from chunks."""
    prompt = ChatPromptTemplate.from_template(_PROMPT)
    chain = prompt | model.bind(max_tokens=MAX_TOKENS) | StrOutputParser()

    def write(question: str, chunks: Sequence[Document]) -> Iterator[str]:
        context = "\n\n".join(chunk.page_content for chunk in chunks)
        return chain.stream({"question": question, "context": context})

    return write


def _load(file: Path) -> Document:
    """Read a file as `TextLoader` does, but a wrong byte does not end the run."""
    text = file.read_text(encoding="utf-8", errors="replace")
    return Document(page_content=text, metadata={"source": str(file)})


def stock_documents(index: StockIndex, archive: Path) -> Iterator[tuple[int, int]]:
    """Store the articles of an archive that are not stored yet; yields how many are done of all."""
    articles = [one for one in read_articles([archive]) if isinstance(one, Article)]
    known = index.sources()
    missing = [one for one in articles if one.id not in known]
    done = len(articles) - len(missing)
    for at in range(0, len(missing), _TOGETHER):
        batch = missing[at : at + _TOGETHER]
        index.add_documents(
            [Document(page_content=one.text, metadata={"source": one.id}) for one in batch]
        )
        done += len(batch)
        yield done, len(articles)
