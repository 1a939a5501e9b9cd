"""Street signs from a seed: quads in perspective of any size, and words of 14 vertices along arcs.

Even pictures show boards on a wall, near and far, some too small and some unreadable; odd ones a
round sign among them. For pictures of what the maps do with such text, and for trying out a study;
photographs of a street are harder to decode.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from feedrate.files import write_bytes, write_text
from feedrate.generators.boards import Board, letter_board, letter_emblem
from feedrate.generators.photograph import cast_light, make_cloud, make_noise
from feedrate.generators.till import GOODS, SHOPS, STREETS
from feedrate.sample import Polygon

Scene = npt.NDArray[np.float32]
Slot = tuple[float, float, float, float]

WIDTH, HEIGHT = 1280, 960
QUALITY = 90

WALLS = ((176, 150, 122), (150, 96, 78), (142, 146, 148), (196, 188, 170))
"""RGB of what the boards hang on."""
FACES = (
    ((30, 60, 98), (240, 236, 220)),
    ((236, 230, 214), (40, 36, 34)),
    ((226, 186, 66), (34, 30, 28)),
    ((128, 30, 34), (248, 240, 224)),
)
"""RGB of a board, and of its letters."""

BOARDS: tuple[tuple[Slot, str], ...] = (
    ((0.03, 0.05, 0.66, 0.27), "shop"),
    ((0.70, 0.07, 0.97, 0.27), "street"),
    ((0.05, 0.34, 0.34, 0.66), "menu"),
    ((0.40, 0.33, 0.66, 0.45), "spoiled"),
    ((0.72, 0.36, 0.96, 0.60), "menu"),
    ((0.42, 0.54, 0.52, 0.58), "street"),
    ((0.57, 0.55, 0.61, 0.57), "good"),
    ((0.40, 0.66, 0.68, 0.84), "good"),
    ((0.08, 0.78, 0.32, 0.92), "good"),
    ((0.76, 0.72, 0.97, 0.92), "shop"),
)
"""Where boards hang, in shares of the picture: left, top, right, bottom; and what they say."""

EMBLEMS: tuple[tuple[Slot, str], ...] = (
    ((0.04, 0.06, 0.62, 0.84), "emblem"),
    ((0.68, 0.08, 0.96, 0.24), "street"),
    ((0.68, 0.32, 0.97, 0.72), "emblem"),
    ((0.70, 0.80, 0.95, 0.92), "spoiled"),
)


def generate(
    directory: Path, count: int, seed: int, progress: Callable[[int], None] | None = None
) -> None:
    """Make `count` pictures with exact polygons; the same seed gives the same bytes.

    Writes ``directory/images/*.jpg`` and ``directory/annotations.json`` (format ``seed_json``).

    Args:
        directory: Created where it is absent.
        count: Pictures.
        seed: Of everything; a picture depends on it and its own number only.
        progress: Told the number of images done.
    """
    entries: dict[str, Any] = {}
    for number in range(count):
        data, words = make_sign(seed, number)
        write_bytes(directory / "images" / sign_name(number), data)
        entries[sign_name(number)] = {"words": words}
        if progress:
            progress(number + 1)
    write_text(directory / "annotations.json", json.dumps({"images": entries}, indent=None))


def sign_name(number: int) -> str:
    """Name the file of one picture."""
    return f"sign_{number:05}.jpg"


def make_sign(seed: int, number: int) -> tuple[bytes, dict[str, Any]]:
    """Make one picture: boards where `number` is even, round signs where it is odd.

    Returns:
        JPEG bytes, and its words as ``seed_json`` has them.
    """
    rng = np.random.default_rng([seed, number])
    scene, words = _wall(rng), dict[str, Any]()
    for slot, says in EMBLEMS if number % 2 else BOARDS:
        board = _board(rng, says)
        homography = _hang(rng, board, slot)
        _paint(rng, scene, board, homography)
        for word in board.words:
            seen = cv2.perspectiveTransform(word.outline[None], homography)[0]
            points = [[round(float(x), 2), round(float(y), 2)] for x, y in seen]
            entry = {"points": points, "text": word.text}
            words[f"{len(words) + 1:04}"] = entry | ({"ignore": True} if word.ignore else {})
    stream = io.BytesIO()
    PillowImage.fromarray(_expose(rng, scene)).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue(), words


def _board(rng: np.random.Generator, says: str) -> Board:
    shop, street = str(rng.choice(SHOPS)), str(rng.choice(STREETS))
    goods = [str(each) for each in rng.choice(GOODS, 4, replace=False)]
    if says == "emblem":
        return letter_emblem(shop, street.upper(), f"EST. {rng.integers(1850, 1990)}")
    lines = {"shop": [shop], "street": street.split(maxsplit=1), "menu": goods, "good": goods[:1]}
    return letter_board(lines.get(says, goods[:1]), spoiled=says == "spoiled")


def _hang(rng: np.random.Generator, board: Board, slot: Slot) -> Polygon:
    """Fit a board into its slot as seen from one side: the far edge is the shorter one."""
    height, width = board.ink.shape
    box = np.array([[slot[0], slot[1]], [slot[2], slot[3]]]) * [WIDTH, HEIGHT]
    scale = float(min((box[1] - box[0]) / [width, height]))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    moved = (corners - [width / 2, height / 2]) * scale
    far, slope = rng.uniform(0.62, 0.95), rng.uniform(-0.1, 0.1)
    side = moved[:, 0] * rng.choice([-1, 1]) > 0
    moved[:, 1] = moved[:, 1] * np.where(side, far, 1) + slope * moved[:, 0]
    moved[:, 0] *= rng.uniform(0.85, 1)
    moved += box.mean(axis=0)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
    return np.asarray(matrix, np.float64)


def _wall(rng: np.random.Generator) -> Scene:
    """Plaster over courses of brick that show through."""
    colour = np.array(WALLS[int(rng.integers(len(WALLS)))], np.float32)
    grain = make_cloud(rng, HEIGHT, WIDTH, 9) * 0.05 + make_cloud(rng, HEIGHT, WIDTH, 160) * 0.05
    course = int(rng.integers(28, 44))
    for row, y in enumerate(range(0, HEIGHT, course)):
        grain[y : y + 2] -= 0.12
        for x in range(course * (row % 2), WIDTH, 2 * course):
            grain[y : y + course, x : x + 2] -= 0.12
    return np.asarray(colour * (1 + grain)[:, :, None], np.float32)


def _paint(rng: np.random.Generator, scene: Scene, board: Board, homography: Polygon) -> None:
    """Paint a board and its shadow into the scene, in place."""
    face, ink = (
        cv2.warpPerspective(plane.astype(np.float32) / 255, homography, (WIDTH, HEIGHT))
        for plane in (board.face, board.ink)
    )
    shadow = cv2.GaussianBlur(np.roll(face, (10, 6), (0, 1)), (0, 0), 6)
    plate, letters = (np.array(rgb, np.float32) for rgb in FACES[int(rng.integers(len(FACES)))])
    scene *= (1 - 0.4 * shadow * (1 - face))[:, :, None]
    for colour, cover in ((plate, face), (letters, ink * 0.92)):
        scene += (colour - scene) * cover[:, :, None]


def _expose(rng: np.random.Generator, scene: Scene) -> npt.NDArray[np.uint8]:
    """Light from one side, a lens that is not quite sharp, a sensor that is not quite clean."""
    lit = scene * cast_light(rng, HEIGHT, WIDTH)[:, :, None]
    seen = np.asarray(cv2.GaussianBlur(lit, (0, 0), 0.8), np.float32)
    noisy: Scene = seen + make_noise(rng, seen)
    return np.clip(noisy, 0, 255).astype(np.uint8)
