"""How the operator's commands reach the API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rich.console import Console

from pressroom_local import folder
from pressroom_local.client import Api, open_api
from pressroom_local.settings import Settings
from pressroom_shared.settings import load_settings

ResultT = TypeVar("ResultT")
console = Console()


def access() -> tuple[str, str]:
    """The API's address and the key to it, from the settings or the data folder. Raises `LocalError` without a key."""
    settings = load_settings(Settings)
    key = settings.admin_key.get_secret_value() if settings.admin_key else folder.kept_key(settings.data_dir)
    return settings.base_url, key


def call(work: Callable[[Api], Awaitable[ResultT]]) -> ResultT:
    """Do something with the API. Raises `LocalError` when there is no key or no Pressroom."""
    url, key = access()

    async def run_it() -> ResultT:
        async with open_api(url, key) as api:
            return await work(api)

    return asyncio.run(run_it())


def say(text: str) -> None:
    """One line, as it is."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
