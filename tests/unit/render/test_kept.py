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


def test_all_that_is_kept_is_never_more_than_was_allowed() -> None:
    kept: Kept[int, int] = Kept(100)
    for number in range(150):
        kept.put(number, number, weight=1 + number % 40)
        kept.get(number // 2)
        assert sum(1 + each % 40 for each in range(number + 1) if kept.get(each) is not None) <= 100


def test_what_is_put_again_counts_once_and_what_is_too_heavy_is_not_kept() -> None:
    kept: Kept[str, str] = Kept(10)
    for _ in range(3):
        kept.put("a", "A", weight=5)
    kept.put("b", "B", weight=5)
    assert (kept.get("a"), kept.get("b")) == ("A", "B")
    assert kept.put("c", "C", weight=11) == "C"
    assert [kept.get(name) for name in "abc"] == ["A", "B", None]
