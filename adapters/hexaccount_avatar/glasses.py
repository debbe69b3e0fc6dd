from .canvas import Canvas
from .layer import Layer
from .palette import INK, WHITE, Colour, Palette, darker, mix, veil
from .shapes import Outline, arc, box, circle, heart, smooth, star

# Coordinates are relative to the middle between the eyes.
_GAP = 27
_GLINT = mix(INK, WHITE, 0.6)
_ROUND = circle(0, 0, 19)
_SQUARE = box(-20, -16, 20, 17, corner=7)
_HEART = heart(0, 1, 22)
_STAR = star(0, 1, 25, waist=0.62)
_CAT = smooth((-18, -10), (6, -14), (24, -19), (20, 4), (8, 16), (-12, 14))
_AVIATOR = smooth((-18, -13), (0, -15), (20, -12), (20, 6), (8, 20), (-8, 18), (-18, 4))


def _wear(canvas: Canvas, lens: Outline, frame: Colour, glass: Colour) -> None:
    canvas.stroke(arc(0, 0, 9, 7, (200, 340)), frame, 4)
    for side in canvas.sides(_GAP, 0):
        side.stroke([(17, -4), (40, -8)], frame, 4)
        side.fill(lens, glass)
        side.stroke([*lens, *lens[:2]], frame, 4)


def _glint(canvas: Canvas) -> None:
    for x in (-_GAP, _GAP):
        lens = canvas.at(x, 0)
        lens.stroke([(-8, 4), (0, -8)], _GLINT, 4)
        lens.stroke([(0, 6), (5, -2)], _GLINT, 3)


def _round(canvas: Canvas, _: Palette) -> None:
    _wear(canvas, _ROUND, INK, veil(WHITE, 0.16))


def _coloured(canvas: Canvas, palette: Palette) -> None:
    _wear(canvas, _ROUND, palette.garment, veil(WHITE, 0.16))


def _square(canvas: Canvas, palette: Palette) -> None:
    _wear(canvas, _SQUARE, darker(palette.accent, 0.3), veil(WHITE, 0.16))


def _cat(canvas: Canvas, palette: Palette) -> None:
    _wear(canvas, _CAT, palette.garment, veil(WHITE, 0.16))


def _half(canvas: Canvas, palette: Palette) -> None:
    frame = darker(palette.accent, 0.2)
    canvas.stroke(arc(0, 8, 9, 6, (200, 340)), frame, 3.6)
    for side in canvas.sides(_GAP, 0):
        side.fill(arc(0, 4, 19, 16, (0, 180)), veil(WHITE, 0.3))
        side.stroke(arc(0, 4, 19, 16, (0, 180)), frame, 3.6)
        side.stroke([(19, 4), (40, -3)], frame, 3.6)


def _sun(canvas: Canvas, _: Palette) -> None:
    _wear(canvas, _AVIATOR, INK, INK)
    _glint(canvas)


def _square_sun(canvas: Canvas, palette: Palette) -> None:
    _wear(canvas, _SQUARE, palette.spark, INK)
    _glint(canvas)


def _hearts(canvas: Canvas, palette: Palette) -> None:
    _wear(canvas, _HEART, palette.garment, veil(palette.garment, 0.22))


def _stars(canvas: Canvas, palette: Palette) -> None:
    _wear(canvas, _STAR, darker(palette.accent), veil(palette.spark, 0.22))


def _monocle(canvas: Canvas, palette: Palette) -> None:
    canvas.stroke(arc(38, 18, 18, 40, (20, 120)), darker(palette.spark, 0.2), 2)
    lens = canvas.at(_GAP, 0)
    lens.fill(circle(0, 0, 20), veil(WHITE, 0.16))
    lens.stroke(arc(0, 0, 20, 20, (0, 360)), darker(palette.spark, 0.12), 4)


GLASSES: tuple[Layer, ...] = (
    _round, _coloured, _square, _cat, _half, _sun, _square_sun, _hearts, _stars, _monocle,
)  # fmt: skip
