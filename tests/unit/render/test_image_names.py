"""Where a picture is cut when CSS shows it in another shape."""

from __future__ import annotations

import pytest

from pressroom_render.image_names import Responsive, position_css


@pytest.mark.parametrize(
    ("size", "focal_point", "position"),
    [
        ((1600, 1000), (0.1, 0.9), ""),  # nothing is cut off
        ((1600, 1010), (0.1, 0.9), ""),  # next to nothing is
        ((1000, 1600), (0.1, 0.5), ""),
        ((1000, 1600), (0.1, 0.0), "at-y0"),
        ((1000, 1600), (0.5, 0.4), "at-y3"),
        ((1000, 1600), (0.5, 1.0), "at-y10"),
        ((3200, 1000), (0.6, 0.1), "at-x7"),
        ((3200, 1000), (0.2, 0.5), "at-x0"),
    ],
)
def test_the_focal_point_stays_in_view(size: tuple[int, int], focal_point: tuple[float, float], position: str) -> None:
    made = Responsive("media/ab/abc.jpg", "digest", *size, focal_point, "data:,")
    assert made.position == position
    assert not position or f".{position}{{" in position_css()
