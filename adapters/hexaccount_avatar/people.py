from .canvas import Canvas
from .creature import HEAD, Creature, draw_head
from .palette import Palette, darker, lighter
from .shapes import Outline, box, circle, curve, ellipse, scallop, smooth
from .torso import clothe

_FRINGE: Outline = smooth(
    (-76, -66), (76, -66), (74, -10), (58, -16), (30, -26), (0, -30), (-30, -26), (-58, -16), (-74, -10)
)
_PARTING: Outline = smooth(
    (-76, -66), (76, -66), (74, 0), (62, -14), (30, -24), (-18, -40), (-42, -22), (-60, -4), (-74, 2)
)


def _tee(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(box(-17, -86, 17, -56, corner=8), darker(palette.skin, 0.2))
    clothe(canvas, palette.garment)
    canvas.fill(ellipse(0, -70, 25, 15), darker(palette.skin, 0.2))


def _face(canvas: Canvas, palette: Palette) -> None:
    for ear in canvas.sides(67, 8):
        ear.fill(circle(0, 0, 12), darker(palette.skin))
        ear.fill(circle(0, 0, 6), darker(palette.skin, 0.26))
    draw_head(canvas, palette.skin)
    canvas.fill(ellipse(0, 14, 5, 3.6), darker(palette.skin, 0.2))


def _cap_of_hair(canvas: Canvas, palette: Palette, edge: Outline) -> None:
    with canvas.inside(ellipse(0, -2, 72, 62, power=2.3)) as clipped:
        clipped.fill(edge, palette.hair)


def _short(canvas: Canvas, palette: Palette) -> None:
    _face(canvas, palette)
    _cap_of_hair(canvas, palette, _PARTING)


def _bob(canvas: Canvas, palette: Palette) -> None:
    _face(canvas, palette)
    _cap_of_hair(canvas, palette, _FRINGE)
    for lock in canvas.sides(64, 6):
        lock.fill(smooth((-2, -34), (8, -34), (16, 0), (13, 44), (-3, 50), (-10, 34), (-4, 6)), palette.hair)


def _hair_to_the_shoulders(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(
        smooth((-60, -50), (60, -50), (82, 10), (78, 62), (0, 72), (-78, 62), (-82, 10)), darker(palette.hair, 0.25)
    )


def _curly(canvas: Canvas, palette: Palette) -> None:
    _face(canvas, palette)
    for x, y, radius in ((-62, -18, 17), (-48, -40, 21), (-20, -52, 22), (12, -54, 22), (42, -44, 22), (62, -20, 17)):
        canvas.fill(scallop(x, y, radius, radius, waves=8, depth=0.08), palette.hair)


def _cloud_of_curls(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(scallop(0, -12, 82, 68, waves=15, depth=0.1), darker(palette.hair, 0.25))


def _buns(canvas: Canvas, palette: Palette) -> None:
    for bun in canvas.sides(52, -50):
        bun.fill(circle(0, 0, 21), palette.hair)
        bun.fill(circle(-3, 3, 12), lighter(palette.hair, 0.12))
    _face(canvas, palette)
    _cap_of_hair(canvas, palette, _FRINGE)


def _quiff(canvas: Canvas, palette: Palette) -> None:
    _face(canvas, palette)
    with canvas.inside(HEAD) as clipped:
        for side in clipped.sides(67, -16):
            side.fill(ellipse(0, 0, 13, 30), darker(palette.hair, 0.2))
    for x, y, turn in ((-34, -52, -24), (-14, -58, -8), (8, -60, 8), (30, -55, 24)):
        canvas.at(x, y, turn=turn).fill(ellipse(0, 0, 21, 24, power=2.3), palette.hair)
    canvas.stroke(curve((-34, -54), (-14, -66), (12, -68), (34, -60)), lighter(palette.hair, 0.14), 5)


PEOPLE = (
    Creature(_short, torso=_tee),
    Creature(_bob, torso=_tee, behind=_hair_to_the_shoulders),
    Creature(_curly, torso=_tee, behind=_cloud_of_curls),
    Creature(_buns, torso=_tee),
    Creature(_quiff, torso=_tee),
)
