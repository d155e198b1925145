"""Tells a cache in front of the newspaper which addresses have new contents: a POST of `{"urls": […]}`.

A call that is lost costs nothing but time: pages say themselves for how long they may be kept.
"""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.request
from collections import OrderedDict

from prometheus_client import Counter

from pressroom_shared.site import Site
from pressroom_shared.wakeups import Wakeup, pause

log = logging.getLogger(__name__)

URLS_MAX = 500
WAITING_MAX = 20_000
TIMEOUT_S = 10
PAUSE_S = 5
"""How long it waits after a call that failed."""

PURGED = Counter("pressroom_purges_total", "Calls to the cache: done, failed.", ["what"])


class Purger:
    """Collects changed addresses, and sends them until stopped. What waits is bounded: the oldest is let go."""

    def __init__(self, url: str, site: Site) -> None:
        self._url = url
        self._site = site
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._wakeup = Wakeup()

    def add(self, paths: list[str]) -> None:
        """These addresses have changed."""
        for path in paths:
            self._waiting[path] = None
            self._waiting.move_to_end(path)
        while len(self._waiting) > WAITING_MAX:
            self._waiting.popitem(last=False)
        self._wakeup.set()

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not self._waiting:
                await self._wakeup.wait(1)
                continue
            paths = list(self._waiting)[:URLS_MAX]
            try:
                await asyncio.to_thread(self._post, paths)
            except OSError as error:
                PURGED.labels("failed").inc()
                log.warning("The cache at %s could not be told: %s", self._url, error)
                await pause(stop, PAUSE_S)
                continue
            PURGED.labels("done").inc()
            for path in paths:
                self._waiting.pop(path, None)

    def _post(self, paths: list[str]) -> None:
        body = json.dumps({"urls": [self._site.absolute(path) for path in paths]}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310  # http(s): settings say
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
            pass
