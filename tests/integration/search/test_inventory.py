"""What search says that it holds, when it is asked."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pressroom_search.committer import Committer
from pressroom_search.folder import Folder
from pressroom_search.inventory import held_in_index
from pressroom_shared.events import content_hash
from tests.examples import article, published, unpublished, version


async def test_every_articles_newest_version_is_said_withdrawn_ones_too(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "index")
    folder.prepare()
    assert [page async for page in held_in_index(folder)] == []
    committer = Committer(folder, ZoneInfo("UTC"), heap_bytes=15_000_000)
    committer.apply([published(1, id="b"), published(2, id="b"), published(1, id="a"), unpublished(2, id="a")])
    committer.close()
    (page,) = [page async for page in held_in_index(folder)]
    assert [(each.id, each.version, each.withdrawn) for each in page] == [
        ("a", version(2), True),
        ("b", version(2), False),
    ]
    assert [each.hash for each in page] == ["", content_hash(article(2, id="b"))]
