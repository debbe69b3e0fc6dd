from .canvas import Canvas
from .layer import Layer
from .palette import CORAL, INK, WHITE, Palette, darker, mix, veil
from .shapes import arc, box, circle, curve, ellipse, heart

_IRIS = "#4f9fd0"
_EYE_GAP = 27
_EYES_Y = 2
_MOUTH_Y = 27


def _dot(eye: Canvas) -> None:
    eye.fill(ellipse(0, 0, 7.5, 9), INK)
    eye.fill(circle(-2.2, -3.4, 2.8), WHITE)


def _closed(eye: Canvas) -> None:
    eye.stroke(arc(0, 4, 10, 9, (195, 345)), INK, 4.4)


def _dots(canvas: Canvas, _: Palette) -> None:
    for eye in (canvas.at(-_EYE_GAP, _EYES_Y), canvas.at(_EYE_GAP, _EYES_Y)):
        _dot(eye)


def _sparkling(canvas: Canvas, palette: Palette) -> None:
    for x in (-_EYE_GAP, _EYE_GAP):
        eye = canvas.at(x, _EYES_Y)
        eye.fill(ellipse(0, 0, 11, 13), INK)
        eye.fill(ellipse(0, 5.5, 7.5, 6), mix(palette.accent, _IRIS, 0.6))
        eye.fill(circle(-3.4, -5, 4.2), WHITE)
        eye.fill(circle(4, 4, 2.2), WHITE)


def _wide(canvas: Canvas, _: Palette) -> None:
    for x in (-_EYE_GAP, _EYE_GAP):
        eye = canvas.at(x, _EYES_Y)
        eye.fill(circle(0, 0, 14), WHITE)
        eye.fill(circle(-x * 0.08, 1, 8), INK)
        eye.fill(circle(-x * 0.08 - 2.4, -2.4, 2.8), WHITE)


def _glancing(canvas: Canvas, _: Palette) -> None:
    for x in (-_EYE_GAP, _EYE_GAP):
        eye = canvas.at(x, _EYES_Y)
        eye.fill(ellipse(0, 0, 13, 14), WHITE)
        eye.fill(ellipse(4.6, -1, 7.4, 8.6), INK)
        eye.fill(circle(2.4, -4, 2.6), WHITE)


def _happy(canvas: Canvas, _: Palette) -> None:
    for eye in canvas.sides(_EYE_GAP, _EYES_Y):
        _closed(eye)


def _winking(canvas: Canvas, _: Palette) -> None:
    _dot(canvas.at(-_EYE_GAP, _EYES_Y))
    _closed(canvas.at(_EYE_GAP, _EYES_Y))


def _dreaming(canvas: Canvas, _: Palette) -> None:
    for eye in canvas.sides(_EYE_GAP, _EYES_Y):
        eye.stroke(arc(0, -2, 10, 8, (15, 165)), INK, 4.2)
        for x, y in ((9, 3), (4, 6)):
            eye.stroke([(x, y), (x + 4, y + 4)], INK, 2.8)


def _lashes(canvas: Canvas, palette: Palette) -> None:
    _dots(canvas, palette)
    for eye in canvas.sides(_EYE_GAP, _EYES_Y):
        for y, lift in ((-6, 5), (-2, 3)):
            eye.stroke([(6, y), (12, y - lift)], INK, 2.8)


EYES: tuple[Layer, ...] = (_dots, _sparkling, _wide, _glancing, _happy, _winking, _dreaming, _lashes)


def _smile(canvas: Canvas, _: Palette) -> None:
    canvas.stroke(arc(0, _MOUTH_Y - 3, 11, 8, (15, 165)), INK, 3.6)


def _laugh(canvas: Canvas, _: Palette) -> None:
    mouth = arc(0, _MOUTH_Y - 2, 12, 13, (0, 180))
    canvas.fill(mouth, INK)
    with canvas.inside(mouth) as clipped:
        clipped.fill(ellipse(0, _MOUTH_Y + 10, 8, 6), CORAL)


def _cat_smile(canvas: Canvas, _: Palette) -> None:
    for side in canvas.sides(6, _MOUTH_Y - 3):
        side.stroke(arc(0, 0, 6, 6, (0, 180)), INK, 3.4)


def _teeth(canvas: Canvas, _: Palette) -> None:
    mouth = arc(0, _MOUTH_Y - 2, 13, 12, (0, 180))
    canvas.fill(mouth, INK)
    with canvas.inside(mouth) as clipped:
        clipped.fill(box(-13, _MOUTH_Y - 3, 13, _MOUTH_Y + 2.5), WHITE)


def _tongue(canvas: Canvas, _: Palette) -> None:
    canvas.fill(box(-1, _MOUTH_Y + 2, 9, _MOUTH_Y + 15, corner=5), CORAL)
    canvas.stroke(arc(0, _MOUTH_Y - 4, 12, 8, (15, 165)), INK, 3.6)


def _surprise(canvas: Canvas, _: Palette) -> None:
    canvas.fill(ellipse(0, _MOUTH_Y + 3, 5.5, 6.5), INK)
    canvas.fill(ellipse(0, _MOUTH_Y + 6, 3.4, 2.6), CORAL)


def _smirk(canvas: Canvas, _: Palette) -> None:
    canvas.stroke(curve((-9, _MOUTH_Y + 3), (0, _MOUTH_Y + 5), (8, _MOUTH_Y + 2), (12, _MOUTH_Y - 3)), INK, 3.6)


def _tooth(canvas: Canvas, _: Palette) -> None:
    canvas.fill(box(-5, _MOUTH_Y + 3, 5, _MOUTH_Y + 12, corner=2.5), WHITE)
    canvas.stroke(arc(0, _MOUTH_Y - 3, 12, 8, (12, 168)), INK, 3.6)


MOUTHS: tuple[Layer, ...] = (_smile, _laugh, _cat_smile, _teeth, _tongue, _surprise, _smirk, _tooth)


def _blush(canvas: Canvas, _: Palette) -> None:
    for cheek in canvas.sides(47, 22):
        cheek.fill(ellipse(0, 0, 11, 7), veil(CORAL, 0.45))


def _freckles(canvas: Canvas, palette: Palette) -> None:
    for cheek in canvas.sides(45, 20):
        for x, y in ((-6, 0), (0, 5), (6, -1)):
            cheek.fill(circle(x, y, 2.1), veil(darker(palette.hair), 0.5))


def _hearts(canvas: Canvas, _: Palette) -> None:
    for cheek in canvas.sides(47, 22):
        cheek.fill(heart(0, 0, 8), veil(CORAL, 0.7))


def _dashes(canvas: Canvas, _: Palette) -> None:
    for cheek in canvas.sides(47, 22):
        for x in (-6, 0, 6):
            cheek.fill([(x - 3, 4), (x - 0.5, 4), (x + 3, -4), (x + 0.5, -4)], veil(CORAL, 0.85))


CHEEKS: tuple[Layer, ...] = (_blush, _freckles, _hearts, _dashes)
