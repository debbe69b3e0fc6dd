from .canvas import Canvas
from .creature import HEAD, Creature, draw_head
from .palette import BEAK, Colour, Palette, darker, lighter, mix
from .shapes import circle, ellipse, smooth


def _beak(canvas: Canvas, width: float, colour: Colour = BEAK) -> None:
    canvas.fill(smooth((-width * 0.7, 23), (width * 0.7, 23), (0, 35)), darker(colour, 0.25))
    canvas.fill(smooth((-width, 21), (0, 11), (width, 21), (0, 27)), colour)


def _tuft(canvas: Canvas, colour: Colour) -> None:
    for turn in (-28, 0, 28):
        canvas.at(0, -54, turn=turn).fill(ellipse(0, -11, 5.5, 15), colour)


def _chick(canvas: Canvas, palette: Palette) -> None:
    _tuft(canvas, darker(palette.fur))
    draw_head(canvas, palette.fur)
    canvas.fill(ellipse(0, 26, 42, 26, power=2.3), lighter(palette.fur, 0.5))
    _beak(canvas, 15)


def _penguin(canvas: Canvas, palette: Palette) -> None:
    draw_head(canvas, mix(palette.fur, palette.accent, 0.45))
    with canvas.inside(HEAD) as clipped:
        for cheek in clipped.sides(27, 0):
            cheek.fill(ellipse(0, 4, 32, 35), lighter(palette.pale))
        clipped.fill(ellipse(0, 40, 52, 36), lighter(palette.pale))
    _beak(canvas, 13)


def _owl(canvas: Canvas, palette: Palette) -> None:
    for ear in canvas.sides(46, -40, turn=26):
        ear.fill(smooth((-16, 6), (-3, -14), (2, -34), (12, -12), (18, 12)), darker(palette.fur))
    draw_head(canvas, palette.fur)
    for disc in canvas.sides(27, 2):
        disc.fill(circle(0, 0, 30), lighter(palette.fur, 0.3))
        disc.fill(circle(0, 0, 22), palette.pale)
    _beak(canvas, 11)


def _parrot(canvas: Canvas, palette: Palette) -> None:
    _tuft(canvas, palette.garment)
    draw_head(canvas, palette.fur)
    for patch in canvas.sides(30, 4):
        patch.fill(ellipse(0, 0, 22, 25), palette.pale)
    canvas.fill(smooth((-15, 14), (0, 6), (15, 14), (12, 30), (0, 44), (-12, 30)), palette.spark)
    canvas.fill(smooth((-9, 31), (0, 34), (9, 31), (4, 41), (0, 44), (-4, 41)), darker(palette.spark, 0.3))


BIRDS = (
    Creature(_chick, has_beak=True),
    Creature(_penguin, has_beak=True),
    Creature(_owl, has_beak=True),
    Creature(_parrot, has_beak=True),
)
