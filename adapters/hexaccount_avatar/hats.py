from .canvas import Canvas
from .layer import Layer
from .palette import INK, LEAF, WHITE, Colour, Palette, darker, lighter, mix, veil
from .shapes import Outline, arc, box, circle, curve, ellipse, scallop, smooth, star

# Coordinates are relative to the crown of the head. It is round: at y = 24 it extends 58 to either side.
_BROW: Outline = curve((-57, 24), (-30, 15), (0, 12), (30, 15), (57, 24))
_DOME: Outline = [*arc(0, 24, 60, 52, (180, 360)), *reversed(_BROW)]


def _rim(canvas: Canvas, colour: Colour, width: float) -> None:
    shade = [(x * 0.97, y + width / 2 + 4) for x, y in reversed(_BROW)]
    canvas.fill([*_BROW, *shade], veil(INK, 0.14))
    canvas.stroke(_BROW, colour, width)


def _beanie(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(scallop(0, -34, 14, 14, waves=11, depth=0.14), lighter(palette.accent, 0.7))
    canvas.fill(_DOME, palette.accent)
    with canvas.inside(_DOME) as clipped:
        for x in (-36, -12, 12, 36):
            clipped.stroke(curve((x * 0.5, -34), (x, -6), (x * 1.15, 26)), darker(palette.accent), 3)
    _rim(canvas, lighter(palette.accent), 17)


def _cap(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(_DOME, palette.garment)
    canvas.stroke(arc(0, 24, 30, 50, (200, 340)), darker(palette.garment), 2.5)
    canvas.fill(circle(0, -28, 5), darker(palette.garment, 0.25))
    canvas.fill(star(0, -5, 11), palette.spark)
    canvas.fill(
        smooth((-58, 22), (-30, 10), (0, 7), (30, 10), (58, 22), (38, 29), (0, 24), (-38, 29)),
        darker(palette.garment, 0.3),
    )


def _party(canvas: Canvas, palette: Palette) -> None:
    hat = canvas.at(14, 10, turn=12)
    cone = smooth((-30, 4), (-14, -32), (0, -58), (14, -32), (30, 4), (0, 10))
    hat.fill(cone, palette.garment)
    with hat.inside(cone) as clipped:
        for y in (-32, -12, 8):
            clipped.stroke([(-40, y + 8), (40, y - 8)], palette.spark, 7)
    hat.fill(scallop(0, -58, 9, 9, waves=9, depth=0.25), lighter(palette.accent, 0.6))


def _crown(canvas: Canvas, palette: Palette) -> None:
    gold = palette.spark
    hat = canvas.at(0, 12)
    points = [(-40, 4), (-46, -38), (-24, -18), (0, -46), (24, -18), (46, -38), (40, 4)]
    hat.fill([*points, *arc(0, 4, 40, 8, (0, 180))], darker(gold, 0.1))
    hat.stroke(curve((-38, 3), (0, 10), (38, 3)), lighter(gold), 6)
    for x, y in ((-46, -38), (0, -46), (46, -38)):
        hat.fill(circle(x, y, 5), palette.garment)
    for x, y in ((-22, -3), (0, 0), (22, -3)):
        hat.fill(circle(x, y, 4), palette.accent)


def _top_hat(canvas: Canvas, palette: Palette) -> None:
    hat = canvas.at(0, 12)
    hat.fill(
        smooth((-35, -56), (0, -60), (35, -56), (30, -20), (31, 2), (0, 6), (-31, 2), (-30, -20)),
        darker(palette.accent, 0.3),
    )
    hat.stroke(curve((-31, -8), (0, -5), (31, -8)), palette.garment, 12)
    hat.fill(ellipse(0, 2, 56, 10, power=2.4), darker(palette.accent, 0.42))


def _wizard(canvas: Canvas, palette: Palette) -> None:
    hat = canvas.at(0, 12)
    cone = smooth((-42, 2), (-24, -30), (-6, -62), (14, -66), (8, -50), (24, -28), (42, 2))
    hat.fill(cone, palette.accent)
    with hat.inside(cone) as clipped:
        for x, y, size in ((-14, -16, 7), (12, -26, 6), (0, -44, 4), (22, -6, 5)):
            clipped.fill(star(x, y, size), palette.spark)
    hat.fill(ellipse(0, 3, 64, 12, power=2.3), darker(palette.accent, 0.22))


def _straw(canvas: Canvas, palette: Palette) -> None:
    straw = mix(palette.spark, "#e8c27a", 0.6)
    hat = canvas.at(0, 13)
    hat.fill([*arc(0, 0, 44, 46, (180, 360))], straw)
    hat.stroke(curve((-41, -14), (0, -10), (41, -14)), palette.garment, 11)
    hat.fill(ellipse(0, 4, 76, 13, power=2.2), darker(straw))
    hat.fill(ellipse(0, 2, 75, 11, power=2.2), straw)


def _beret(canvas: Canvas, palette: Palette) -> None:
    hat = canvas.at(-6, 10, turn=-9)
    hat.stroke([(0, -28), (4, -38)], darker(palette.garment, 0.25), 5)
    hat.fill(smooth((-56, 6), (-60, -12), (-30, -30), (10, -30), (52, -20), (58, 0), (44, 10), (0, 4)), palette.garment)
    hat.stroke(curve((-46, 8), (0, 3), (46, 9)), darker(palette.garment, 0.25), 7)


def _flowers(canvas: Canvas, palette: Palette) -> None:
    colours = (palette.garment, palette.spark, palette.accent)
    for index, (x, y) in enumerate(((-54, 20), (-36, 9), (-13, 3), (13, 3), (36, 9), (54, 20))):
        canvas.fill(ellipse(x + 10, y + 4, 9, 5), LEAF)
        canvas.fill(scallop(x, y, 11, 11, waves=5, depth=0.35), lighter(colours[index % 3], 0.15))
        canvas.fill(circle(x, y, 4.4), WHITE)


def _sprout(canvas: Canvas, _: Palette) -> None:
    canvas.stroke(curve((0, 6), (-2, -10), (0, -24)), darker(LEAF), 5)
    for leaf in canvas.sides(0, -22):
        leaf.fill(smooth((0, 2), (10, -16), (32, -16), (24, 2)), LEAF)
        leaf.stroke(curve((3, 0), (14, -8), (22, -11)), darker(LEAF), 2.4)


def _bow(canvas: Canvas, palette: Palette) -> None:
    bow = canvas.at(30, 10, turn=22)
    for wing in bow.sides(0, 0):
        wing.fill(smooth((2, -5), (20, -20), (34, -14), (34, 12), (20, 16), (2, 5)), palette.garment)
        wing.stroke(curve((9, -1), (18, -4), (25, -5)), darker(palette.garment), 3)
    bow.fill(circle(0, 0, 9), darker(palette.garment, 0.2))


def _mushroom(canvas: Canvas, palette: Palette) -> None:
    cap = [*arc(0, 22, 72, 62, (180, 360)), *arc(0, 22, 72, 8, (0, 180))]
    canvas.fill(cap, palette.garment)
    with canvas.inside(cap) as clipped:
        for x, y, radius in ((-44, 6, 11), (-10, -18, 13), (30, 0, 12), (56, 20, 8), (-16, 18, 8)):
            clipped.fill(circle(x, y, radius), lighter(palette.garment, 0.85))


def _chef(canvas: Canvas, palette: Palette) -> None:
    cloth = lighter(palette.pale, 0.7)
    for x, y, radius in ((-28, -22, 20), (28, -22, 20), (0, -30, 24)):
        canvas.fill(circle(x, y, radius), cloth)
    canvas.fill(smooth((-42, -18), (42, -18), (40, 16), (0, 22), (-40, 16)), cloth)
    canvas.stroke(curve((-38, 10), (0, 15), (38, 10)), darker(cloth, 0.12), 10)


def _graduate(canvas: Canvas, palette: Palette) -> None:
    cloth = darker(palette.accent, 0.35)
    canvas.fill([(-44, -8), (44, -8), (48, 18), *arc(0, 18, 48, 6, (0, 180))], darker(cloth))
    canvas.fill([(0, -36), (68, -12), (0, 12), (-68, -12)], cloth)
    canvas.stroke(curve((0, -12), (40, -4), (50, 4), (51, 18)), palette.spark, 3)
    canvas.fill(box(46, 16, 56, 34, corner=3), palette.spark)


def _propeller(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(_DOME, palette.spark)
    with canvas.inside(_DOME) as clipped:
        clipped.fill(smooth((0, -40), (-24, -10), (-26, 40), (26, 40), (24, -10)), palette.garment)
    canvas.stroke([(0, -26), (0, -40)], INK, 4)
    for blade in canvas.sides(0, -40):
        blade.fill(ellipse(19, -2, 20, 6.5), palette.accent)
    canvas.fill(circle(0, -40, 4.5), palette.garment)
    _rim(canvas, palette.accent, 11)


def _aureole(canvas: Canvas, palette: Palette) -> None:
    canvas.stroke(arc(0, -22, 40, 10, (0, 360)), darker(palette.spark, 0.08), 8)
    canvas.stroke(arc(0, -23, 40, 10, (190, 350)), lighter(palette.spark), 4)


HATS: tuple[Layer, ...] = (
    _beanie, _cap, _party, _crown, _top_hat, _wizard, _straw, _beret,
    _flowers, _sprout, _bow, _mushroom, _chef, _graduate, _propeller, _aureole,
)  # fmt: skip
