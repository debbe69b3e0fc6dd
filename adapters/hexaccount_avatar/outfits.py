from .canvas import Canvas
from .layer import Layer
from .palette import WHITE, Palette, darker, lighter
from .shapes import arc, box, circle, curve, ellipse, heart, smooth, star
from .torso import TORSO, clothe


def _jumper(canvas: Canvas, palette: Palette) -> None:
    clothe(canvas, palette.garment)
    with canvas.inside(TORSO) as clipped:
        clipped.stroke(arc(0, -72, 40, 20, (20, 160)), lighter(palette.garment), 7)


def _stripes(canvas: Canvas, palette: Palette) -> None:
    clothe(canvas, palette.garment)
    with canvas.inside(TORSO) as clipped:
        for y in (-52, -32, -12):
            clipped.stroke(curve((-70, y - 8), (0, y + 4), (70, y - 8)), lighter(palette.garment, 0.75), 8)


def _dots(canvas: Canvas, palette: Palette) -> None:
    clothe(canvas, palette.garment)
    with canvas.inside(TORSO) as clipped:
        for row, y in enumerate((-48, -32, -16, 0)):
            for column in range(-3, 4):
                clipped.fill(circle(column * 20 + row % 2 * 10, y, 3.6), lighter(palette.garment, 0.7))


def _dungarees(canvas: Canvas, palette: Palette) -> None:
    clothe(canvas, lighter(palette.garment, 0.75))
    with canvas.inside(TORSO) as clipped:
        for side in (-1, 1):
            clipped.stroke([(side * 44, -76), (side * 26, -30)], palette.accent, 11)
        clipped.fill(box(-34, -36, 34, 20, corner=8), palette.accent)
        clipped.fill(box(-14, -20, 14, 20, corner=5), darker(palette.accent))
    for side in (-1, 1):
        canvas.fill(circle(side * 26, -29, 4), palette.spark)


def _hoodie(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(ellipse(0, -56, 56, 26, power=2.4), darker(palette.garment, 0.22))
    clothe(canvas, palette.garment)
    with canvas.inside(TORSO) as clipped:
        clipped.stroke(arc(0, -82, 46, 32, (15, 165)), darker(palette.garment), 12)
        clipped.fill(box(-26, -14, 26, 20, corner=9), darker(palette.garment))
    for side in (-1, 1):
        canvas.stroke(curve((side * 12, -46), (side * 14, -36), (side * 13, -26)), WHITE, 3)


def _suit(canvas: Canvas, palette: Palette) -> None:
    cloth = darker(palette.garment, 0.3)
    clothe(canvas, cloth)
    with canvas.inside(TORSO) as clipped:
        clipped.fill([(-26, -84), (26, -84), (0, 2)], WHITE)
        for side in (-1, 1):
            clipped.fill([(side * 22, -84), (side * 44, -66), (side * 26, -40), (0, 4)], darker(cloth))


def _zigzag(canvas: Canvas, palette: Palette) -> None:
    clothe(canvas, palette.garment)
    teeth = [(x, -36 + (9 if index % 2 else -3)) for index, x in enumerate(range(-72, 73, 12))]
    with canvas.inside(TORSO) as clipped:
        clipped.stroke(teeth, palette.spark, 6)
        clipped.stroke([(x, y + 18) for x, y in teeth], lighter(palette.garment, 0.75), 6)


def _raincoat(canvas: Canvas, palette: Palette) -> None:
    clothe(canvas, palette.spark)
    canvas.stroke([(0, -56), (0, 0)], darker(palette.spark, 0.2), 3)
    for side in (-1, 1):
        canvas.fill(smooth((0, -62), (side * 34, -66), (side * 28, -46), (side * 8, -48)), lighter(palette.spark))
    for y in (-34, -14):
        canvas.fill(circle(7, y, 3.4), palette.accent)


def _heart(canvas: Canvas, palette: Palette) -> None:
    clothe(canvas, lighter(palette.accent, 0.65))
    canvas.fill(heart(0, -26, 15), palette.garment)


def _star(canvas: Canvas, palette: Palette) -> None:
    clothe(canvas, palette.garment)
    canvas.fill(star(0, -25, 18), palette.spark)


OUTFITS: tuple[Layer, ...] = (
    _jumper, _stripes, _dots, _dungarees, _hoodie, _suit, _zigzag, _raincoat, _heart, _star,
)  # fmt: skip
