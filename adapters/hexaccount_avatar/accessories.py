from .canvas import Canvas
from .layer import Layer
from .palette import INK, LEAF, WHITE, Palette, darker, lighter, mix, veil
from .shapes import Outline, arc, box, circle, curve, ellipse, heart, scallop, smooth, star

# Coordinates are relative to the neck.
_COLLAR: Outline = curve((-42, 2), (-22, 13), (0, 17), (22, 13), (42, 2))


def _scarf(canvas: Canvas, palette: Palette) -> None:
    tail = canvas.at(22, 16, turn=-8)
    tail.fill(box(-11, 0, 11, 44, corner=4), darker(palette.accent))
    tail.fill(box(-11, 28, 11, 34), palette.spark)
    canvas.stroke(_COLLAR, palette.accent, 21)
    canvas.fill(ellipse(22, 15, 13, 12, power=2.6), lighter(palette.accent, 0.12))


def _bow_tie(canvas: Canvas, palette: Palette) -> None:
    bow = canvas.at(0, 15)
    for wing in bow.sides(0, 0):
        wing.fill(smooth((2, -4), (22, -13), (27, 0), (22, 13), (2, 4)), palette.accent)
        wing.stroke([(8, 0), (17, 0)], darker(palette.accent), 2.5)
    bow.fill(ellipse(0, 0, 7, 8, power=2.6), darker(palette.accent, 0.25))


def _neck_tie(canvas: Canvas, palette: Palette) -> None:
    canvas.fill([(-6, 14), (6, 14), (14, 58), (0, 72), (-14, 58)], palette.accent)
    with canvas.inside([(-6, 14), (6, 14), (14, 58), (0, 72), (-14, 58)]) as clipped:
        for y in (26, 42, 58):
            clipped.stroke([(-20, y + 8), (20, y - 8)], palette.spark, 4)
    canvas.fill([(-10, 6), (10, 6), (6, 19), (-6, 19)], darker(palette.accent, 0.2))


def _bandana(canvas: Canvas, palette: Palette) -> None:
    cloth = smooth((-44, 0), (0, 12), (44, 0), (24, 28), (0, 46), (-24, 28))
    canvas.fill(cloth, palette.accent)
    with canvas.inside(cloth) as clipped:
        for x, y in ((-26, 13), (-8, 19), (10, 19), (28, 13), (0, 32), (-16, 28), (17, 28)):
            clipped.fill(circle(x, y, 2.8), lighter(palette.accent, 0.8))


def _pearls(canvas: Canvas, palette: Palette) -> None:
    for angle in range(15, 166, 15):
        x, y = arc(0, 2, 42, 22, (angle, angle))[0]
        canvas.fill(circle(x, y + 0.8, 6), darker(palette.pale, 0.2))
        canvas.fill(circle(x, y, 5.4), WHITE)


def _bell(canvas: Canvas, palette: Palette) -> None:
    canvas.stroke(_COLLAR, palette.accent, 11)
    canvas.fill(circle(0, 25, 11), darker(palette.spark, 0.12))
    canvas.fill(circle(-1, 24, 9.4), palette.spark)
    canvas.stroke([(-6, 25), (6, 25)], darker(palette.spark, 0.4), 2.4)
    canvas.fill(circle(0, 30, 2.4), INK)


def _medal(canvas: Canvas, palette: Palette) -> None:
    for side in (-1, 1):
        canvas.stroke([(side * 26, 8), (0, 40)], palette.accent, 9)
    canvas.fill(circle(0, 46, 15), darker(palette.spark, 0.16))
    canvas.fill(circle(0, 45, 13), palette.spark)
    canvas.fill(star(0, 45.5, 9), WHITE)


def _garland(canvas: Canvas, palette: Palette) -> None:
    colours = (palette.garment, palette.spark, palette.accent)
    for index, angle in enumerate(range(0, 181, 20)):
        x, y = arc(0, 2, 46, 24, (angle, angle))[0]
        canvas.fill(scallop(x, y, 8.5, 8.5, waves=5, depth=0.35), lighter(colours[index % 3], 0.15))
        canvas.fill(circle(x, y, 3.4), WHITE)


def _headphones(canvas: Canvas, palette: Palette) -> None:
    head = canvas.at(0, -54)
    head.stroke(arc(0, 2, 72, 66, (184, 356)), darker(palette.accent, 0.25), 9)
    for cup in head.sides(69, 6):
        cup.fill(box(-8, -22, 14, 22, corner=10), palette.accent)
        cup.fill(box(-10, -20, -1, 20, corner=4), darker(palette.accent, 0.3))


def _balloon(canvas: Canvas, palette: Palette) -> None:
    canvas.stroke(curve((93, -74), (91, -30), (82, 14), (72, 44)), mix(palette.garment, INK, 0.35), 2)
    canvas.fill(ellipse(94, -102, 18, 23), palette.garment)
    canvas.fill([(94, -82), (89, -73), (99, -73)], palette.garment)
    canvas.fill(ellipse(88, -111, 4.5, 7), veil(WHITE, 0.45))


def _bouquet(canvas: Canvas, palette: Palette) -> None:
    for x, y, colour in ((-11, 36, palette.spark), (11, 36, palette.accent), (0, 25, palette.garment)):
        canvas.stroke([(x, y), (0, 70)], mix(palette.accent, LEAF, 0.8), 3.5)
        canvas.fill(scallop(x, y, 9, 9, waves=6, depth=0.3), lighter(colour, 0.2))
        canvas.fill(circle(x, y, 3.6), WHITE)


def _locket(canvas: Canvas, palette: Palette) -> None:
    canvas.stroke(arc(0, 2, 36, 24, (12, 168)), darker(palette.spark, 0.12), 3)
    canvas.fill(heart(0, 33, 11), palette.accent)


ACCESSORIES: tuple[Layer, ...] = (
    _scarf, _bow_tie, _neck_tie, _bandana, _pearls, _bell, _medal, _garland, _headphones, _balloon, _bouquet, _locket,
)  # fmt: skip
