"""Files that people bring through the page: kept in a folder of their own, and indexed from there.

Names and zip archives come from outside: nothing is written but below that folder.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from index.build import build_index, remove_articles
from index.embedder import MiniLMEmbeddings
from index.errors import BroadsheetError
from index.settings import Settings
from index.snapshot import IndexReader
from index.status import Status, index_status
from index.types import BuildEvent, BuildReport, Skipped, file_of

LARGEST = 500_000_000  # bytes that one zip archive may hold, unpacked
MOST = 50_000  # files in it
WAIT = 2.0  # seconds to wait for another build
_ODD = re.compile(r"[^\w .()+,&'’-]+")
_PIECE = 1 << 20


class Uploads:
    """The folder of what was brought, and the index that it goes into."""

    def __init__(self, settings: Settings, embeddings: MiniLMEmbeddings) -> None:
        """Name the folder; it is made with the first file."""
        self._settings = settings
        self._embeddings = embeddings
        self.folder = settings.data_dir.expanduser() / "uploads"

    def take(self, files: Sequence[Path]) -> list[Skipped]:
        """Keep files, and what zip archives among them hold; returns what could not be kept.

        A file of the same name as one that was brought before takes its place.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        refused: list[Skipped] = []
        for file in files:
            try:
                if zipfile.is_zipfile(file):
                    self._unpack(file)
                else:
                    shutil.copyfile(file, self._place(file.name))
            except (OSError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
                refused.append(Skipped(file.name, f"cannot be kept: {error}"))
        return refused

    def index(self) -> Iterator[BuildEvent | BuildReport]:
        """Bring the index in line with the folder, as `index.build.build_index` does."""
        return build_index([self.folder], self._settings, self._embeddings, wait=WAIT)

    def remove(self, article_id: str) -> BuildReport:
        """Take an article out of the index, and the file that was brought with it alone.

        Raises:
            IndexLocked: another build is running.
            BroadsheetError: the archive has no such article.
        """
        with IndexReader(self._settings).snapshot() as snapshot:
            article = snapshot.article(article_id)
        if article is None:
            raise BroadsheetError("the archive has no such article any more")
        report = remove_articles([article_id], self._settings)
        file = Path(file_of(article.location))
        alone = str(file) == article.location  # and no record of a file of many
        if alone and file.is_relative_to(self.folder.resolve()):
            file.unlink(missing_ok=True)  # the next build of the folder would bring it back
        return report

    def status(self) -> Status:
        """Return what is indexed; raises `IndexMissing` where nothing is."""
        return index_status(self._settings)

    def _place(self, name: str) -> Path:
        """Where a file of this name, or path in an archive, is kept: never outside the folder."""
        parts = PurePosixPath(name.replace("\\", "/")).parts
        clean = [_ODD.sub("_", part).strip(" .") for part in parts]
        kept = [part[-120:] for part in clean if part][-8:]
        if not kept:
            raise ValueError("it has no name")
        target = self.folder.joinpath(*kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _unpack(self, file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) > MOST:
                raise ValueError(f"it holds {len(members):,} files; at most {MOST:,} are taken")
            left = LARGEST
            for member in members:
                with archive.open(member) as source, self._place(member.filename).open("wb") as out:
                    while piece := source.read(_PIECE):  # what a header says of sizes is no promise
                        left -= len(piece)
                        if left < 0:
                            raise ValueError(f"it unpacks to more than {LARGEST:,} bytes")
                        out.write(piece)
