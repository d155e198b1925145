"""A plot as SVG: for each series the share of values that were reached within a time (an empirical distribution)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 760, 420
LEFT, TOP, RIGHT, BOTTOM = 56, 48, 150, 44
COLOURS = ("#a8201a", "#1a4f8a", "#1b6843", "#785000", "#7b2a6b", "#0b6170", "#43429a")


def distribution_plot(title: str, series: Mapping[str, Sequence[float]], *, unit: str = "ms") -> str:
    """`series` by name, each a list of times. The time axis is logarithmic."""
    every = [value for values in series.values() for value in values if value > 0]
    low, high = math.floor(math.log10(min(every, default=1))), math.ceil(math.log10(max(every, default=10)))
    high = max(high, low + 1)
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(value: float) -> float:
        return LEFT + across * (math.log10(max(value, 10**low)) - low) / (high - low)

    def y(share: float) -> float:
        return TOP + down * (1 - share)

    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{LEFT}" y="26" font-size="16" font-weight="600">{escape(title)}</text>'
    )
    times = (
        f'<path d="M{x(10**power):.1f} {TOP}V{TOP + down}" stroke="#d5d4cf"/>'
        f'<text x="{x(10**power):.1f}" y="{HEIGHT - 20}" text-anchor="middle">{10**power:g} {unit}</text>'
        for power in range(low, high + 1)
    )
    shares = (
        f'<path d="M{LEFT} {y(share):.1f}H{LEFT + across}" stroke="#d5d4cf"/>'
        f'<text x="{LEFT - 8}" y="{y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        for share in (0, 0.5, 0.95, 1)
    )
    parts = [frame, *times, *shares]
    for number, (name, values) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        ordered = sorted(values)
        points = " ".join(f"{x(value):.1f},{y((rank + 1) / len(ordered)):.1f}" for rank, value in enumerate(ordered))
        place = TOP + 14 + 20 * number
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<path d="M{WIDTH - RIGHT + 12} {place - 4}h18" stroke="{colour}" stroke-width="3"/>'
            f'<text x="{WIDTH - RIGHT + 36}" y="{place}">{escape(name)}</text>'
        )
    return "".join(parts) + "</svg>\n"
