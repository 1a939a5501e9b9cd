"""What the benchmark of the target maps draws: pages of words, and curved lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from feedrate.sample import Polygon
from feedrate.targets.params import TargetParams

PARAMS = TargetParams(preset="db")
"""The published choices: what the reference's speed is known for."""

INPUTS = 3
"""Inputs a case, each from a seed of its own."""

FRAME_PX = 640
"""The frame that outlines are drawn for; larger cases are the same, scaled up."""

Draw = Callable[[np.random.Generator], Polygon]


@dataclass(frozen=True)
class Case:
    """One kind of image.

    Attributes:
        size: Side of the maps in pixels.
        polygons: Text instances an image.
        goal: How many times faster than the reference the kernel shall be.
        curved: Bands of 14 vertices instead of words of 4.
    """

    size: int
    polygons: int
    goal: float
    curved: bool = False

    @property
    def name(self) -> str:
        """Size and polygons: ``640/100``, ``640/6 curved``."""
        return f"{self.size}/{self.polygons}{' curved' if self.curved else ''}"

    @property
    def vertices(self) -> int:
        """Vertices a polygon."""
        return 14 if self.curved else 4


CASES = (
    Case(640, 20, goal=75),
    Case(640, 100, goal=100),
    Case(640, 400, goal=100),
    Case(640, 6, goal=60, curved=True),
    Case(1280, 20, goal=50),
    Case(1280, 100, goal=50),
    Case(1280, 400, goal=50),
    Case(1280, 6, goal=50, curved=True),
)

WORDS_PX = {
    20: ((60, 170), (22, 40)),
    100: ((28, 95), (13, 24)),
    400: ((14, 44), (8, 15)),
}
"""Words an image: the range of their widths, and of their heights."""


def draw_inputs(case: Case) -> list[list[Polygon]]:
    """Draw the polygons of a case's inputs, the same each time.

    Returns:
        For each input, `Case.polygons` arrays ``(vertices, 2)`` float64, all inside the frame.
    """
    return [_draw_page(case, seed) for seed in range(INPUTS)]


def _draw_page(case: Case, seed: int) -> list[Polygon]:
    """Put one outline into each cell of a grid, somewhere: texts of a page do not overlap."""
    rng = np.random.default_rng([seed, case.polygons])
    draw, widest = (_draw_band, 300) if case.curved else (_drawer_of_words(case.polygons))
    columns = FRAME_PX // widest
    cell = np.array([FRAME_PX / columns, FRAME_PX / np.ceil(case.polygons / columns)])
    page = []
    for place in range(case.polygons):
        outline = draw(rng)
        low, high = outline.min(axis=0), outline.max(axis=0)
        corner = np.array([place % columns, place // columns]) * cell
        slack = np.maximum(cell - 1 - (high - low), 0)
        page.append((outline - low + corner + rng.uniform(0, slack)) * (case.size / FRAME_PX))
    # What a transform hands over has been float32; files of polygons are smaller for it.
    return [outline.astype(np.float32).astype(np.float64) for outline in page]


def _drawer_of_words(count: int) -> tuple[Draw, int]:
    widths, heights = WORDS_PX[count]

    def draw(rng: np.random.Generator) -> Polygon:
        """A box turned by up to 3 degrees, each corner off by up to half a pixel."""
        half = np.array([rng.uniform(*widths), rng.uniform(*heights)]) / 2
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        angle = np.deg2rad(rng.uniform(-3, 3))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return np.asarray(corners @ turn + rng.uniform(-0.5, 0.5, (4, 2)))

    return draw, widths[1] + 1


def _draw_band(rng: np.random.Generator) -> Polygon:
    """A line of text on an arc, bent up or down: 7 vertices above, 7 below."""
    width, height = rng.uniform(180, 260), rng.uniform(38, 60)
    half_angle = np.deg2rad(rng.uniform(25, 45))
    radius = width / 2 / np.sin(half_angle)
    angles = np.linspace(-half_angle, half_angle, 7)
    arc = np.stack([np.sin(angles), -np.cos(angles)], axis=1)
    band = np.concatenate([arc * (radius + height / 2), arc[::-1] * (radius - height / 2)])
    return band if rng.random() < 0.5 else band[::-1] * (1, -1)
