from .canvas import Canvas
from .creature import HEAD, Creature, draw_head
from .palette import CORAL, INK, Colour, Palette, darker, lighter, mix
from .shapes import arc, circle, ellipse, scallop, smooth
from .torso import clothe


def _muzzle(canvas: Canvas, colour: Colour) -> None:
    canvas.fill(ellipse(0, 26, 27, 19, power=2.2), colour)


def _nose(canvas: Canvas, y: float = 15.0, colour: Colour = INK) -> None:
    canvas.fill(smooth((-7, y - 4), (0, y - 5), (7, y - 4), (5, y + 2), (0, y + 5), (-5, y + 2)), colour)


def _rosy(palette: Palette) -> Colour:
    return mix(palette.pale, CORAL, 0.5)


def _round_ears(canvas: Canvas, outer: Colour, inner: Colour, radius: float) -> None:
    for ear in canvas.sides(53, -45):
        ear.fill(circle(0, 0, radius), outer)
        ear.fill(circle(-2, 3, radius * 0.58), inner)


def _pointed_ears(canvas: Canvas, outer: Colour, inner: Colour, height: float) -> None:
    for ear in canvas.sides(46, -32, turn=16):
        ear.fill(smooth((-22, 4), (-8, -height * 0.62), (0, -height), (11, -height * 0.6), (22, 10)), outer)
        ear.fill(smooth((-10, 0), (-4, -height * 0.46), (0, -height * 0.7), (6, -height * 0.44), (13, 4)), inner)


def _bear(canvas: Canvas, palette: Palette) -> None:
    _round_ears(canvas, darker(palette.fur), palette.pale, 21)
    draw_head(canvas, palette.fur)
    _muzzle(canvas, palette.pale)
    _nose(canvas)


def _mouse(canvas: Canvas, palette: Palette) -> None:
    for ear in canvas.sides(60, -44):
        ear.fill(circle(0, 0, 33), darker(palette.fur))
        ear.fill(circle(0, 2, 22), _rosy(palette))
    draw_head(canvas, palette.fur)
    _muzzle(canvas, palette.pale)
    _nose(canvas, colour=darker(CORAL))


def _koala(canvas: Canvas, palette: Palette) -> None:
    for ear in canvas.sides(68, -28):
        ear.fill(scallop(0, 0, 27, 27, waves=9, depth=0.14), darker(palette.fur))
        ear.fill(circle(-3, 3, 16), palette.pale)
    draw_head(canvas, palette.fur)
    canvas.fill(ellipse(0, 7, 11, 14, power=2.4), INK)
    canvas.fill(ellipse(-3, 0, 3, 4), mix(INK, palette.pale, 0.5))


def _panda(canvas: Canvas, palette: Palette) -> None:
    patches = darker(palette.fur, 0.34)
    _round_ears(canvas, patches, darker(patches), 20)
    draw_head(canvas, lighter(palette.pale, 0.6))
    for patch in canvas.sides(30, 3, turn=32):
        patch.fill(ellipse(0, 1, 17, 22), patches)
    _nose(canvas)


def _cat(canvas: Canvas, palette: Palette) -> None:
    _pointed_ears(canvas, darker(palette.fur), _rosy(palette), 52)
    draw_head(canvas, palette.fur)
    with canvas.inside(HEAD) as clipped:
        for x, length in ((-15, 17), (0, 24), (15, 17)):
            clipped.stroke([(x, -62), (x * 0.8, -60 + length)], darker(palette.fur, 0.25), 7)
    for cheek in canvas.sides(46, 22):
        cheek.stroke([(2, -2), (32, -7)], palette.pale, 2.4)
        cheek.stroke([(2, 6), (31, 9)], palette.pale, 2.4)
    _muzzle(canvas, palette.pale)
    _nose(canvas, colour=darker(CORAL))


def _fox(canvas: Canvas, palette: Palette) -> None:
    _pointed_ears(canvas, darker(palette.fur), mix(palette.fur, INK, 0.6), 58)
    draw_head(canvas, palette.fur)
    with canvas.inside(HEAD) as clipped:
        for cheek in clipped.sides(0, 0):
            cheek.fill(smooth((0, 10), (16, 22), (40, 16), (74, 2), (78, 50), (40, 68), (-2, 70)), palette.pale)
    _nose(canvas)


def _rabbit(canvas: Canvas, palette: Palette) -> None:
    for ear in canvas.sides(32, -44, turn=17):
        ear.fill(ellipse(0, -27, 17, 40, power=2.2), darker(palette.fur))
        ear.fill(ellipse(0, -25, 8.5, 29, power=2.2), _rosy(palette))
    draw_head(canvas, palette.fur)
    _muzzle(canvas, palette.pale)
    _nose(canvas, colour=darker(CORAL))


def _dog(canvas: Canvas, palette: Palette) -> None:
    draw_head(canvas, palette.fur)
    with canvas.inside(HEAD) as clipped:
        clipped.fill(
            smooth((-9, -70), (9, -70), (10, -20), (30, 20), (30, 60), (-30, 60), (-30, 20), (-10, -20)), palette.pale
        )
    for ear in canvas.sides(56, -34, turn=-12):
        ear.fill(
            smooth((-12, -14), (12, -10), (24, 22), (20, 54), (6, 60), (-6, 42), (-14, 12)), darker(palette.fur, 0.32)
        )
    _nose(canvas)


def _sheep(canvas: Canvas, palette: Palette) -> None:
    wool = lighter(palette.pale, 0.5)
    canvas.fill(scallop(0, -4, 67, 57, waves=15, depth=0.12), darker(wool, 0.08))
    for ear in canvas.sides(62, -2, turn=24):
        ear.fill(ellipse(12, 0, 20, 11), darker(palette.fur))
    canvas.fill(ellipse(0, 8, 54, 46, power=2.4), palette.fur)
    canvas.fill(scallop(0, -40, 38, 19, waves=11, depth=0.16), wool)
    _nose(canvas, y=17, colour=mix(palette.fur, INK, 0.7))


def _woolly_torso(canvas: Canvas, palette: Palette) -> None:
    wool = lighter(palette.pale, 0.5)
    clothe(canvas, wool)
    for x, y in ((-26, -34), (10, -40), (34, -18), (-6, -14), (-36, -6)):
        canvas.stroke(arc(x, y, 9, 8, (10, 190)), darker(wool, 0.12), 3)


def _lion(canvas: Canvas, palette: Palette) -> None:
    mane = mix(palette.fur, palette.hair, 0.55)
    canvas.fill(scallop(0, 0, 76, 67, waves=14, depth=0.15), mane)
    _round_ears(canvas, darker(palette.fur), mane, 17)
    canvas.fill(ellipse(0, 3, 60, 53, power=2.3), palette.fur)
    _muzzle(canvas, palette.pale)
    _nose(canvas)


def _hedgehog(canvas: Canvas, palette: Palette) -> None:
    spines = mix(palette.fur, palette.hair, 0.5)
    canvas.fill(scallop(0, -6, 72, 58, waves=22, depth=0.13), darker(spines))
    canvas.fill(scallop(0, -4, 68, 54, waves=18, depth=0.08), spines)
    canvas.fill(
        smooth((0, -24), (28, -32), (56, -8), (52, 36), (0, 56), (-52, 36), (-56, -8), (-28, -32)), palette.pale
    )
    _nose(canvas)


ANIMALS = (
    Creature(_bear),
    Creature(_mouse),
    Creature(_koala),
    Creature(_panda),
    Creature(_cat),
    Creature(_fox),
    Creature(_rabbit),
    Creature(_dog),
    Creature(_sheep, torso=_woolly_torso),
    Creature(_lion),
    Creature(_hedgehog),
)
