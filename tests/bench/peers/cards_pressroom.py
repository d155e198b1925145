"""Our cards, for `make bench ONLY=cards`: reads what to draw from standard input, says what it cost."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

os.environ["VIPS_CONCURRENCY"] = "1"  # as in our drawing processes

from pressroom_render.card_sheet import jpeg_of, png_of
from pressroom_render.cards import Card
from pressroom_render.drawing import laid_out


def main() -> None:
    asked: dict[str, Any] = json.load(sys.stdin)
    picture = Path(asked["picture"]).read_bytes()
    encode = {"jpeg": jpeg_of, "png": png_of}[asked["format"]]
    found: dict[str, Any] = {}
    for name, words in asked["cards"].items():
        card = Card(**words)
        spent = []
        for _ in range(asked["times"] + 1):
            before = time.process_time()
            body = encode(laid_out(card, picture)[0].base)
            spent.append((time.process_time() - before) * 1000)
        found[name] = {"ms": sorted(spent[1:]), "bytes": len(body)}
        (Path(asked["folder"]) / f"pressroom-{name}.{asked['format']}").write_bytes(body)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"cards": found, "peak_mb": peak}))


main()
