"""What the index holds, for reconciling: every article's newest version, tombstones among them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import tantivy

from pressroom_search.documents import read_source
from pressroom_search.folder import Folder
from pressroom_search.lookup import all_documents
from pressroom_shared.events import InventoryItem
from pressroom_shared.inventories import in_pages


async def held_in_index(folder: Folder) -> AsyncIterator[Sequence[InventoryItem]]:
    """Pages of what the newest commit holds; none while there is no index."""
    async for page in in_pages(await asyncio.to_thread(_items, folder)):
        yield page


def _items(folder: Folder) -> list[InventoryItem]:
    current = folder.current()
    if current is None:
        return []
    searcher = tantivy.Index.open(str(current)).searcher()
    return sorted((_item(each) for each in all_documents(searcher)), key=lambda each: each.id)


def _item(document: tantivy.Document) -> InventoryItem:
    """Its hash is kept since this layout's later days: one that was indexed before has none."""
    article_id, version = document["id"][0], document["version"][0]
    if not document["live"][0]:
        return InventoryItem(id=article_id, version=version, withdrawn=True)
    source = read_source(document)
    return InventoryItem(id=article_id, version=version, path=source["path"], hash=source.get("hash", ""))
