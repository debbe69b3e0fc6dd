from .canvas import Canvas
from .creature import HEAD, Creature, draw_head
from .palette import Palette, darker, lighter, mix
from .shapes import arc, circle, curve, ellipse, scallop, smooth


def _monster(canvas: Canvas, palette: Palette) -> None:
    ivory = mix(palette.pale, palette.spark, 0.6)
    for horn in canvas.sides(44, -40, turn=24):
        horn.fill(smooth((-13, 8), (-9, -14), (4, -34), (9, -12), (13, 8)), ivory)
        horn.stroke(curve((-9, -8), (0, -5), (10, -8)), darker(ivory, 0.2), 2.5)
    draw_head(canvas, palette.fur)
    for x, y, radius in ((-50, -18, 6), (-42, -32, 4), (52, -8, 5), (44, -26, 7), (-54, 0, 3.5)):
        canvas.fill(circle(x, y, radius), darker(palette.fur, 0.12))
    canvas.fill(ellipse(0, 29, 34, 19, power=2.4), lighter(palette.fur, 0.4))


def _droplet(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(smooth((-30, -46), (-8, -62), (4, -84), (14, -62), (32, -46), (0, -30)), palette.fur)
    draw_head(canvas, palette.fur)
    canvas.stroke(arc(0, -2, 56, 46, (196, 226)), lighter(palette.fur, 0.55), 7)
    canvas.fill(circle(-29, -42, 4), lighter(palette.fur, 0.55))


def _yeti(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(scallop(0, 0, 66, 56, waves=24, depth=0.1), darker(palette.fur))
    canvas.fill(scallop(0, -2, 64, 54, waves=24, depth=0.08), palette.fur)
    canvas.fill(smooth((-46, 8), (-28, -22), (0, -12), (28, -22), (46, 8), (30, 42), (0, 48), (-30, 42)), palette.pale)


def _dragon(canvas: Canvas, palette: Palette) -> None:
    for ear in canvas.sides(60, -26, turn=38):
        ear.fill(smooth((-14, 10), (-12, -16), (2, -42), (8, -22), (20, -26), (12, 10)), palette.garment)
    for x, size in ((-22, 10), (0, 14), (22, 10)):
        canvas.fill(smooth((x - size, -48), (x, -56 - size), (x + size, -48)), palette.garment)
    draw_head(canvas, palette.fur)
    with canvas.inside(HEAD) as clipped:
        clipped.fill(ellipse(0, 38, 48, 30, power=2.3), palette.pale)
    for nostril in canvas.sides(9, 14):
        nostril.fill(ellipse(0, 0, 2.6, 3.4), darker(palette.fur, 0.5))


FANTASY = (
    Creature(_monster),
    Creature(_droplet),
    Creature(_yeti),
    Creature(_dragon),
)
