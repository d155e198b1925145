"""How good the order of results is: nDCG@10 on judged collections, ranked by the search as it is shipped.

    python -m tests.bench.search_quality --corpora FOLDER     (or PRESSROOM_BENCH_CORPORA=FOLDER)

FOLDER holds `cranfield/` and `cisi/` as they are circulated for research; they are read there and never copied.
All documents get one date, so that news rank has nothing to add. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressroom_search.committer import Committer
from pressroom_search.engine import Search
from pressroom_search.folder import Folder
from pressroom_search.query import parse
from pressroom_search.reader import Reader
from pressroom_search.settings import Settings
from pressroom_shared.clock import ManualClock
from pressroom_shared.site import Site
from tests.examples import published

AT = 10
Records = dict[str, dict[str, str]]


@dataclass
class Collection:
    """Documents, queries, and for each query the gain of each relevant document."""

    documents: Records
    queries: dict[str, str]
    gains: dict[str, dict[str, float]]


def records(path: Path) -> Records:
    """SMART's format: `.I id`, then fields that begin with a dot and a letter."""
    found: Records = {}
    for chunk in re.split(r"^\.I\s+", path.read_text(encoding="latin-1"), flags=re.MULTILINE)[1:]:
        number, _, rest = chunk.partition("\n")
        parts = re.split(r"^\.([A-Z])[ \t]*\n", rest, flags=re.MULTILINE)[1:]
        found[number.strip()] = {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
    return found


def cranfield(folder: Path) -> Collection:
    """Judgements count queries by their place, and grade from 1 (best) to 4."""
    queries = {str(n): each["W"] for n, each in enumerate(records(folder / "cran.qry").values(), 1)}
    gains: dict[str, dict[str, float]] = {}
    for line in (folder / "cran.qrels").read_text().splitlines():
        query, document, grade = line.split()[:3]
        gains.setdefault(query, {})[document] = float(5 - int(grade)) if int(grade) > 0 else 1.0
    return Collection(records(folder / "cran.all.1400"), queries, gains)


def cisi(folder: Path) -> Collection:
    queries = {number: each["W"] for number, each in records(folder / "CISI.QRY").items()}
    gains: dict[str, dict[str, float]] = {}
    for line in (folder / "CISI.REL").read_text().splitlines():
        query, document = line.split()[:2]
        gains.setdefault(query, {})[document] = 1.0
    return Collection(records(folder / "CISI.ALL"), queries, gains)


def ndcg(ranked: list[str], gains: dict[str, float]) -> float:
    """Normalised discounted cumulative gain of the first ten (Järvelin and Kekäläinen 2002)."""
    best = sorted(gains.values(), reverse=True)[:AT]
    ideal = sum(gain / math.log2(place + 2) for place, gain in enumerate(best))
    found = sum(gains.get(document, 0.0) / math.log2(place + 2) for place, document in enumerate(ranked[:AT]))
    return found / ideal if ideal else 0.0


def measure(collection: Collection) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        site = Site.model_validate(
            {
                "title": "Bench",
                "sender": {"name": "B", "address": "b@b.example"},
                "sections": [{"slug": "a", "name": "A"}],
            }
        )
        place = Folder(settings.index_dir)
        place.prepare()
        committer = Committer(place, site.zone, heap_bytes=settings.heap_bytes)
        events = [
            published(id=number, headline=each.get("T", ""), standfirst="", body_text=each.get("W", ""), tags=[])
            for number, each in collection.documents.items()
        ]
        began = time.perf_counter()
        committer.apply(events)
        indexing_s = time.perf_counter() - began
        committer.close()
        reader = Reader(place, site, settings, ManualClock())
        scores, times_ms = [], []
        for number, gains in collection.gains.items():
            text = " ".join(collection.queries[number].split())
            began = time.perf_counter()
            results = reader.search(Search(query=parse(text)))
            times_ms.append((time.perf_counter() - began) * 1000)
            scores.append(ndcg([hit.id for hit in results.hits], gains))
    return {
        "documents": len(events),
        "queries": len(scores),
        "ndcg_at_10": round(statistics.mean(scores), 4),
        "search_ms_p50": round(statistics.median(times_ms), 2),
        "indexing_docs_per_s": round(len(events) / indexing_s),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", default=os.environ.get("PRESSROOM_BENCH_CORPORA"), type=Path)
    folder = parser.parse_args().corpora
    if folder is None or not folder.is_dir():
        sys.exit("Name the folder of the collections: --corpora FOLDER, or PRESSROOM_BENCH_CORPORA.")
    results = {
        "cranfield": measure(cranfield(folder / "cranfield")),
        "cisi": measure(cisi(folder / "cisi")),
    }
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
