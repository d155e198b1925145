"""What the index holds, for reconciling: every article's newest version, tombstones among them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import tantivy

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
    found = [
        InventoryItem(id=each["id"][0], version=each["version"][0], withdrawn=not each["live"][0])
        for each in all_documents(searcher)
    ]
    return sorted(found, key=lambda each: each.id)
