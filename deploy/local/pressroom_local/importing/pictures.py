"""Pictures of an export: found in a folder, or fetched from the old site, and uploaded once each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from pressroom_local.importing.archive import Archive, Picture

BYTES_MAX = 25 * 1024 * 1024
FETCH_TIMEOUT_S = 30


class Pictures:
    """Address → `media:ID`. `api` None: a dry run, which only says what would be found."""

    def __init__(self, archive: Archive, api: httpx.Client | None, *, folder: Path | None, fetch: bool) -> None:
        self._archive = archive
        self._api = api
        self._folder = folder
        self._fetch = fetch
        self._ids: dict[str, str | None] = {}
        self.lost: Counter[str] = Counter()

    def place(self, url: str, alt: str) -> str | None:
        media_id = self.id_of(url, alt)
        return f"media:{media_id}" if media_id else None

    def id_of(self, url: str, alt: str = "") -> str | None:
        """The picture's id here; None when it is lost, and then `lost` says why."""
        if url not in self._ids:
            self._ids[url] = self._take(url, alt)
        return self._ids[url]

    def _take(self, url: str, alt: str) -> str | None:
        content = self._content(url)
        if content is None:
            self.lost[f"picture {url}: not in the folder" + ("" if self._fetch else ", and --fetch was not given")] += 1
            return None
        if self._api is None:
            return "to-be-uploaded"
        said = self._archive.pictures.get(url, Picture(url))
        name = Path(unquote(urlsplit(url).path)).name or "picture"
        form = {"alt": (alt or said.alt)[:1000], "caption": said.caption[:2000]}
        answer = self._api.post("/api/v1/media", files={"file": (name, content)}, data=form)
        if answer.status_code not in {200, 201}:
            self.lost[f"picture {url}: {answer.json().get('detail', answer.status_code)}"] += 1
            return None
        return str(answer.json()["id"])

    def _content(self, url: str) -> bytes | None:
        found = self._in_folder(url)
        if found is not None:
            return found.read_bytes()
        address = url if url.startswith("http") else ""
        if not self._fetch or not address:
            return None
        try:
            with httpx.stream("GET", address, timeout=FETCH_TIMEOUT_S, follow_redirects=True) as answer:
                answer.raise_for_status()
                content = b""
                for chunk in answer.iter_bytes():
                    content += chunk
                    if len(content) > BYTES_MAX:
                        return None
                return content
        except httpx.HTTPError:
            return None

    def _in_folder(self, url: str) -> Path | None:
        """The address's path, or any end of it, under the folder: `uploads/2019/05/a.jpg`, `2019/05/a.jpg`, `a.jpg`."""
        if self._folder is None:
            return None
        root = self._folder.resolve()
        parts = [each for each in unquote(urlsplit(url).path).split("/") if each not in {"", ".", ".."}]
        for start in range(len(parts)):
            candidate = root.joinpath(*parts[start:])
            if candidate.is_file() and candidate.resolve().is_relative_to(root):
                return candidate
        return None
