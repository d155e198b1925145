"""What is made from the code is committed as the code makes it."""

from __future__ import annotations

from tests.documents import documents


async def test_the_openapi_document_and_the_settings_page_are_those_of_the_code() -> None:
    for place, text in (await documents()).items():
        assert place.read_text() == text, f"{place.name} is old: run `make schemas`"
