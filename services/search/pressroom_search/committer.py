"""The writing side of the index. Only the holder of the writer's lock makes one.

This is search's one edge of a transaction: a batch is committed whole, with the version of each article in it.
tantivy's trap is here: after a document that it cannot take, every later commit succeeds and stores nothing until
`rollback`; so a failed batch is rolled back and taken one by one, and only the bad one is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import tantivy

from pressroom_search.documents import SCHEMA, live_document, read_source, to_document, tombstone
from pressroom_search.engine import Applied, Change, Held, Refused, Verdict
from pressroom_search.folder import Folder
from pressroom_search.lookup import all_documents, find_held
from pressroom_search.versions import decide
from pressroom_shared.errors import StoreError
from pressroom_shared.events import ArticleUnpublished
from pressroom_shared.streams import Transient

log = logging.getLogger(__name__)
REBUILD_BATCH = 1000


class Committer:
    """Writes one index. Not for two threads at once."""

    def __init__(self, folder: Folder, zone: ZoneInfo, *, heap_bytes: int) -> None:
        """Open the index; make it when it is not there; rebuild it when it is of an older layout."""
        self._folder = folder
        self._zone = zone
        self._heap_bytes = heap_bytes
        current = folder.current()
        generation = current or folder.next()
        self._index, self._writer = _open(generation, heap_bytes)
        if current is None:
            folder.use(generation)
        elif not folder.is_of_this_layout(current):
            log.warning("the index in %s is of an older layout and is made anew from what it stores", generation.name)
            self.rebuild()

    def apply(self, batch: Sequence[Change]) -> list[Verdict]:
        """Take changes in by the version rule, in one commit. A verdict for each, in order.

        Raises `Transient` when the index cannot be written now.
        """
        try:
            return self._apply(batch)
        except (ValueError, OSError) as error:
            log.warning("a batch of %d could not be committed (%s); taking them one by one", len(batch), error)
            self._roll_back()
        return [self._apply_alone(change) for change in batch]

    def rebuild(self) -> int:
        """Make the index anew from what it stores, and swap it in. Says how many articles it has, tombstones too."""
        old = self._index
        old.reload()
        generation = self._folder.next()
        index, writer = _open(generation, self._heap_bytes)
        count = 0
        for document in all_documents(old.searcher()):
            writer.add_document(tantivy.Document.from_dict(self._again(document), SCHEMA))
            count += 1
            if count % REBUILD_BATCH == 0:
                writer.commit()
        writer.commit()
        self.close()
        self._index, self._writer = index, writer
        self._index.reload()
        self._folder.use(generation)
        return count

    def newest(self) -> int:
        """The highest version that the index holds; 0 when it is empty."""
        found = self._index.searcher().search(tantivy.Query.all_query(), limit=1, order_by_field="version").hits
        return int(found[0][0]) if found else 0

    def write_again(self, after: int, up_to: int, limit: int) -> int:
        """Write some documents again as they are, by their versions; returns the last one's, `up_to` at the end.

        The engine keeps a deleted document in its segment's files. Once all others of a segment are written again
        elsewhere, the segment goes, with its files.
        """
        searcher = self._index.searcher()
        following = [version for version, _ in _by_version(searcher, after + 1, up_to, limit)]
        if not following:
            self._writer.garbage_collect_files()
            return up_to
        last = following[-1]
        for _, document in _by_version(searcher, after + 1, last, searcher.num_docs):
            self._writer.delete_documents_by_term("id", document["id"][0])
            self._writer.add_document(tantivy.Document.from_dict(self._again(document), SCHEMA))
        self._writer.commit()
        self._index.reload()
        return last

    def held(self, article_id: str) -> Held | None:
        return find_held(self._index.searcher(), article_id)

    def close(self) -> None:
        """Give the engine's own lock back. Merges under way are dropped; they are only housekeeping."""
        del self._writer

    def _apply(self, batch: Sequence[Change]) -> list[Verdict]:
        taken: dict[str, Held] = {}
        verdicts: list[Verdict] = []
        for change in batch:
            article_id, version = change.data.id, change.data.version
            held = taken.get(article_id) or self.held(article_id)
            verdict: Verdict = decide(held, version, replay=change.replay)
            if isinstance(verdict, Applied):
                verdict = self._write(change)
            if isinstance(verdict, Applied):
                taken[article_id] = Held(version, live=change.type.endswith("published.v1"))
            verdicts.append(verdict)
        if taken:
            if any(isinstance(each, ArticleUnpublished) and each.data.purged for each in batch):
                self._folder.note_purge()
            self._writer.commit()
            self._index.reload()
        return verdicts

    def _write(self, change: Change) -> Applied | Refused:
        try:
            document = tantivy.Document.from_dict(to_document(change, self._zone), SCHEMA)
        except (ValueError, TypeError, OverflowError) as error:
            return Refused(f"The article cannot be indexed: {error}")
        self._writer.delete_documents_by_term("id", change.data.id)
        self._writer.add_document(document)
        return Applied(change.data.version)

    def _apply_alone(self, change: Change) -> Verdict:
        try:
            return self._apply([change])[0]
        except (ValueError, OSError) as error:
            reason = str(error)
            self._roll_back()
        try:
            self._writer.commit()  # the index can be written, so it was the article
        except (ValueError, OSError) as error:
            self._roll_back()
            raise Transient(f"The index cannot be written: {error}") from error
        return Refused(f"The article cannot be indexed: {reason}")

    def _roll_back(self) -> None:
        """Throw away what is not committed. Where even that fails, the writer is made anew."""
        try:
            self._writer.rollback()
        except (ValueError, OSError) as error:
            log.warning("the index's writer is made anew: %s", error)
            del self._writer
            try:
                self._writer = self._index.writer(self._heap_bytes, num_threads=1)
            except (ValueError, OSError) as broken:
                raise Transient(f"The index cannot be written: {broken}") from broken
        self._index.reload()

    def _again(self, document: tantivy.Document) -> dict[str, Any]:
        if document["live"][0]:
            return live_document(read_source(document), self._zone)
        return tombstone(document["id"][0], document["version"][0])


def _by_version(
    searcher: tantivy.Searcher, lowest: int, highest: int, limit: int
) -> list[tuple[int, tantivy.Document]]:
    """The documents of some versions, the lowest first."""
    between = tantivy.Query.range_query(SCHEMA, "version", tantivy.FieldType.Unsigned, lowest, highest)
    found = searcher.search(between, limit=limit, order_by_field="version", order=tantivy.Order.Asc).hits
    return [(int(version), searcher.doc(address)) for version, address in found]


def _open(generation: Path, heap_bytes: int) -> tuple[tantivy.Index, tantivy.IndexWriter]:
    """Raises `StoreError` when what is there cannot be read or written."""
    try:
        exists = tantivy.Index.exists(str(generation))
        index = tantivy.Index.open(str(generation)) if exists else tantivy.Index(SCHEMA, path=str(generation))
        index.config_reader(reload_policy="manual")
        index.reload()
        return index, index.writer(heap_bytes, num_threads=1)
    except (ValueError, OSError) as error:
        raise StoreError(
            f"The index in {generation} cannot be opened: {error}. If it is damaged, remove the folder "
            f"{generation.parent}, start search again, and run `pressroom replay --all --to search`."
        ) from error
