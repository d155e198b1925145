"""What is kept stays small, and what is used stays."""

from __future__ import annotations

from pressroom_render.kept import Kept


def test_what_was_used_longest_ago_makes_room() -> None:
    kept: Kept[str, str] = Kept(10)
    for name in "ab":
        kept.put(name, name.upper(), weight=5)
    assert kept.get("a") == "A"
    kept.put("c", "C", weight=5)
    assert [kept.get(name) for name in "abc"] == ["A", None, "C"]


def test_what_is_put_again_counts_once_and_what_is_too_heavy_is_not_kept() -> None:
    kept: Kept[str, str] = Kept(10)
    for _ in range(3):
        kept.put("a", "A", weight=5)
    kept.put("b", "B", weight=5)
    assert (kept.get("a"), kept.get("b")) == ("A", "B")
    assert kept.put("c", "C", weight=11) == "C"
    assert [kept.get(name) for name in "abc"] == ["A", "B", None]
