from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import cos, radians, sin
from typing import NamedTuple, Self

from PIL import Image, ImageDraw

from .palette import Colour
from .shapes import Outline, Point

SIZE = 256
_SUPERSAMPLING = 4
_PIXELS = SIZE * _SUPERSAMPLING
_COLOURS = 128


class _Frame(NamedTuple):
    """The origin of a canvas, and the vectors of one step right and one step down."""

    origin: Point
    right: Point
    down: Point

    def place(self, point: Point) -> Point:
        x, y = point
        return (
            self.origin[0] + x * self.right[0] + y * self.down[0],
            self.origin[1] + x * self.right[1] + y * self.down[1],
        )

    def direction(self, x: float, y: float) -> Point:
        return x * self.right[0] + y * self.down[0], x * self.right[1] + y * self.down[1]


# x is relative to the middle, so that a change of sign mirrors it to the other side of a face.
_WHOLE = _Frame((_PIXELS / 2, 0.0), (_SUPERSAMPLING, 0.0), (0.0, _SUPERSAMPLING))


class Canvas:
    """A picture that is drawn several times larger than its final size, which smooths its edges."""

    def __init__(self, image: Image.Image, frame: _Frame) -> None:
        self._image = image
        self._frame = frame
        self._draw = ImageDraw.Draw(image)
        self._glaze = ImageDraw.Draw(image, "RGBA")

    @classmethod
    def blank(cls, colour: Colour) -> Self:
        """Return a canvas of one colour, with its origin in the middle of the upper edge."""
        return cls(Image.new("RGB", (_PIXELS, _PIXELS), colour), _WHOLE)

    def at(self, x: float, y: float, *, turn: float = 0.0, size: float = 1.0, mirrored: bool = False) -> "Canvas":
        """Return the same picture with another origin, rotated by degrees clockwise."""
        cosine, sine = size * cos(radians(turn)), size * sin(radians(turn))
        side = -1.0 if mirrored else 1.0
        right = self._frame.direction(side * cosine, sine)
        down = self._frame.direction(-side * sine, cosine)
        return Canvas(self._image, _Frame(self._frame.place((x, y)), right, down))

    def sides(self, x: float, y: float, *, turn: float = 0.0) -> "tuple[Canvas, Canvas]":
        """Return this point on the right and mirrored on the left."""
        return self.at(x, y, turn=turn), self.at(-x, y, turn=turn, mirrored=True)

    def fill(self, outline: Outline, colour: Colour) -> None:
        """Fill an outline."""
        # Blending is slow, and most colours are opaque.
        draw = self._draw if len(colour) == len("#rrggbb") else self._glaze
        draw.polygon(self._pixels(outline), fill=colour)

    def stroke(self, line: Outline, colour: Colour, width: float) -> None:
        """Draw a line with round ends, in an opaque colour."""
        pixels = self._pixels(line)
        thickness = width * (self._frame.right[0] ** 2 + self._frame.right[1] ** 2) ** 0.5
        self._draw.line(pixels, fill=colour, width=round(thickness), joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            self._draw.circle((x, y), thickness / 2, fill=colour)

    @contextmanager
    def inside(self, outline: Outline) -> Iterator["Canvas"]:
        """Clip what is drawn in this block to an outline."""
        overlay = self._image.copy()
        yield Canvas(overlay, self._frame)
        pixels = self._pixels(outline)
        left, top = min(x for x, _ in pixels), min(y for _, y in pixels)
        right, bottom = max(x for x, _ in pixels) + 1, max(y for _, y in pixels) + 1
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in pixels], fill=255)
        self._image.paste(overlay.crop((left, top, right, bottom)), (left, top), mask)

    def png(self) -> bytes:
        """Return the picture in its final size."""
        small = self._image.resize((SIZE, SIZE), Image.Resampling.LANCZOS, reducing_gap=2.0)
        stored = BytesIO()
        small.quantize(_COLOURS, Image.Quantize.MEDIANCUT).save(stored, "PNG", optimize=True)
        return stored.getvalue()

    def _pixels(self, outline: Outline) -> list[tuple[int, int]]:
        placed = (self._frame.place(point) for point in outline)
        return [(round(x), round(y)) for x, y in placed]
