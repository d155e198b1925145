"""How many articles of a result stand in each section, tag, author and year."""

from __future__ import annotations

from typing import Any

import tantivy

from pressroom_search.documents import WORD_GAP
from pressroom_search.engine import FacetValue

BUCKETS_MAX = 10_000
"""Counts are exact up to so many different values of one facet."""

_FIELDS = {"section": "section", "tag": "tag_label", "author": "author_label", "year": "year"}


def count_facets(
    searcher: tantivy.Searcher, query: tantivy.Query, section_names: dict[str, str], values_max: int
) -> dict[str, list[FacetValue]]:
    """Each facet's values, the most frequent first; years newest first."""
    wanted = {
        name: {"terms": {"field": field, "size": BUCKETS_MAX, "segment_size": BUCKETS_MAX}}
        for name, field in _FIELDS.items()
    }
    answer = searcher.aggregate(query, wanted)
    facets = {name: _values(name, answer[name]["buckets"], section_names) for name in _FIELDS}
    facets["year"].sort(key=lambda each: each.value, reverse=True)
    return {name: values[:values_max] for name, values in facets.items()}


def _values(name: str, buckets: list[dict[str, Any]], section_names: dict[str, str]) -> list[FacetValue]:
    counts: dict[str, int] = {}
    labels: dict[str, str] = {}
    for bucket in buckets:
        value, _, label = bucket["key"].partition(WORD_GAP)
        counts[value] = counts.get(value, 0) + bucket["doc_count"]  # one slug may have had two names
        labels.setdefault(value, label or value)
    if name == "section":
        labels |= {value: section_names.get(value, value) for value in counts}
    found = [FacetValue(value, labels[value], count) for value, count in counts.items()]
    return sorted(found, key=lambda each: (-each.count, each.value))
