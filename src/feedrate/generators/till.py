"""What a receipt says: a shop, goods with prices, and sums that add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SHOPS = (
    *("CORNER BAKERY", "NORTH STAR MART", "GREEN LEAF GROCER", "HARBOUR HARDWARE"),
    *("CITY PHARMACY", "CAFE MIRABELLE", "OLD MILL BOOKS", "RIVERSIDE DELI"),
)
STREETS = ("Mill Road", "Station Street", "Jalan Besar", "Queen's Parade", "Old Market Lane")
GOODS = (
    *("MILK 1L", "RYE BREAD", "EGGS x12", "BUTTER 250G", "TOMATOES", "COFFEE BEANS", "SOAP"),
    *("ORANGE JUICE", "A4 PAPER", "WOOD SCREW 4x40", "PAINT BRUSH", "LED BULB 9W", "RICE 5KG"),
    *("BATTERY AA", "CHICKEN", "GREEN TEA", "NOODLES", "ASPIRIN 20", "TOOTHPASTE", "DOG FOOD"),
    *("CHOCOLATE BAR", "SOUR CREAM", "RED PEPPERS", "NOTEBOOK A5", "PENCIL HB", "LEMONS 1KG"),
)
GREETINGS = ("THANK YOU, PLEASE COME AGAIN", "GOODS SOLD ARE NOT RETURNABLE", "HAVE A NICE DAY")
TAX_PERCENT = 6
NOTES = (500, 1000, 2000, 5000, 10_000)
"""Banknotes, in cents."""
LONGEST_LINE = 5
"""Words of the longest line of goods: a quantity, three of a name, a price."""


@dataclass(frozen=True)
class Line:
    """Words that stand left or in the middle, and words that stand right.

    Attributes:
        left: The words of the left, or of the middle.
        right: The words of the right.
        scale: Height of the letters, in heights of the body's.
        centred: True where `left` stands in the middle.
        ruled: True where a dashed rule stands above the line.
    """

    left: str
    right: str = ""
    scale: float = 1.0
    centred: bool = False
    ruled: bool = False

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.left.split()) + len(self.right.split())


def write_lines(rng: np.random.Generator, words: int) -> list[Line]:
    """Write a receipt of `words` words, up to four fewer, with one good at least.

    Args:
        rng: Decides everything.
        words: Wanted; below 34, the shortest receipt may have more (29 to 34).
    """
    head, greeting = _head(rng), Line(str(rng.choice(GREETINGS)), centred=True, ruled=True)
    prices: list[int] = []
    goods: list[Line] = []
    # The sums are written last, but how many words they have is known before.
    free = words - sum(line.words for line in (*head, greeting, *_sums([0], 0)))
    while not goods or sum(line.words for line in goods) + LONGEST_LINE <= free:
        count, price = min(9, int(rng.geometric(0.7))), int(rng.integers(50, 2500))
        prices.append(count * price)
        name = f"{count} {rng.choice(GOODS)}"
        goods.append(Line(name, _money(prices[-1]), ruled=not goods))
    return [*head, *goods, *_sums(prices, int(rng.integers(len(NOTES)))), greeting]


def _head(rng: np.random.Generator) -> list[Line]:
    day, month, hour, minute = (
        int(rng.integers(*span)) for span in ((1, 29), (1, 13), (8, 22), (0, 60))
    )
    return [
        Line(str(rng.choice(SHOPS)), scale=1.5, centred=True),
        Line(f"{rng.integers(1, 400)} {rng.choice(STREETS)}", centred=True),
        Line(f"TEL {rng.integers(10**6, 10**7)}", centred=True),
        Line(f"{day:02}/{month:02}/2024 {hour:02}:{minute:02}", f"NO. {rng.integers(1, 99999):05}"),
    ]


def _sums(prices: Sequence[int], note: int) -> list[Line]:
    tax = round(sum(prices) * TAX_PERCENT / 100)
    total = sum(prices) + tax
    cash = -(-total // NOTES[note]) * NOTES[note]  # as many of one banknote as it takes
    return [
        Line("SUBTOTAL", _money(sum(prices)), ruled=True),
        Line(f"TAX {TAX_PERCENT}%", _money(tax)),
        Line("TOTAL", _money(total), scale=1.3),
        Line("CASH", _money(cash)),
        Line("CHANGE", _money(cash - total)),
    ]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
