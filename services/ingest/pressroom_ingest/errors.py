"""Answers to editors that more than one room gives."""

from __future__ import annotations

from pressroom_shared.http import Problem


def no_article(article_id: str) -> Problem:
    return Problem(404, f"There is no article {article_id!r}.")
