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
TOWNS = ("JOHOR", "PENANG", "IPOH", "MELAKA", "KUANTAN")
CASHIERS = ("ANN", "BEN", "DEVI", "FARID", "LIM", "USER")
GREETINGS = ("THANK YOU, PLEASE COME AGAIN", "GOODS SOLD ARE NOT RETURNABLE", "HAVE A NICE DAY")
TAX_PERCENT = 6
NOTES = (500, 1000, 2000, 5000, 10_000)
"""Banknotes, in cents."""
FEWEST_FIELDS, MOST_FIELDS = 30, 107
"""Of a receipt. The first 200 of SROIE have 18 to 107, most of them 34 to 69."""


@dataclass(frozen=True)
class Line:
    """Fields of text in one line, each of one word or several.

    Attributes:
        left: What stands left, or in the middle of the paper.
        right: What stands right.
        column: What stands before `right`, in a column of its own.
        scale: Height of the letters, in heights of the body's.
        centred: True where `left` stands in the middle.
        ruled: True where a dashed rule stands above the line.
    """

    left: str
    right: str = ""
    column: str = ""
    scale: float = 1.0
    centred: bool = False
    ruled: bool = False

    @property
    def fields(self) -> int:
        """How many fields it has."""
        return sum(map(bool, (self.left, self.column, self.right)))


def write_lines(rng: np.random.Generator, fields: int) -> list[Line]:
    """Write a receipt of `fields` fields, up to two fewer, with one good at least.

    A field is what people annotate as one text: a name, a price, a line of an address.

    Args:
        rng: Decides everything.
        fields: Wanted; the shortest receipt has 29.
    """
    head, foot = _head(rng), _foot(rng)
    prices: list[int] = []
    goods: list[Line] = []
    # The sums are written last, but how many fields they have is known before.
    free = fields - sum(line.fields for line in (*head, *foot, *_sums([0], 0)))
    while not goods or sum(line.fields for line in goods) + goods[0].fields <= free:
        count, price = min(9, int(rng.geometric(0.7))), int(rng.integers(50, 2500))
        prices.append(count * price)
        name = f"{count} {rng.choice(GOODS)}"
        goods.append(Line(name, _money(prices[-1]), _money(price), ruled=not goods))
    return [*head, *goods, *_sums(prices, int(rng.integers(len(NOTES)))), *foot]


def _head(rng: np.random.Generator) -> list[Line]:
    day, month, hour, minute = (
        int(rng.integers(*span)) for span in ((1, 29), (1, 13), (8, 22), (0, 60))
    )
    return [
        Line(str(rng.choice(SHOPS)), scale=1.4, centred=True),
        Line(f"({rng.integers(10**5, 10**6)}-{rng.choice(list('AKTX'))})", centred=True),
        Line(f"{rng.integers(1, 400)} {rng.choice(STREETS)}", centred=True),
        Line(f"{rng.integers(10**4, 10**5)} {rng.choice(TOWNS)}", centred=True),
        Line(f"TEL {rng.integers(10**6, 10**7)}", centred=True),
        Line("TAX INVOICE", scale=1.2, centred=True),
        Line(f"NO. {rng.integers(1, 99999):05}", f"{day:02}/{month:02}/2024"),
        Line(f"CASHIER {rng.choice(CASHIERS)}", f"{hour:02}:{minute:02}"),
        Line("ITEM", "AMOUNT", "PRICE", ruled=True),
    ]


def _foot(rng: np.random.Generator) -> list[Line]:
    return [Line(str(rng.choice(GREETINGS)), centred=True, ruled=True)]


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
