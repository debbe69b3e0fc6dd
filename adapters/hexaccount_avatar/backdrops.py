from .canvas import SIZE, Canvas
from .layer import Layer
from .palette import Palette, lighter, mix, veil
from .shapes import arc, circle, ellipse, heart, scallop, smooth, star

_GLOW = 0.3
_SCATTERED = (
    (-104, 40), (-62, 22), (-18, 30), (30, 18), (74, 34), (108, 62), (-116, 92), (-84, 70), (90, 98),
    (-100, 138), (118, 136), (-120, 184), (96, 172), (-88, 206), (116, 214), (-112, 240), (84, 240),
)  # fmt: skip


def _halo(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(circle(0, 132, 112), palette.pattern)
    canvas.fill(circle(0, 132, 92), mix(palette.sky, lighter(palette.sky), 0.6))


def _dots(canvas: Canvas, palette: Palette) -> None:
    for row in range(8):
        for column in range(-4, 5):
            shift = 17 if row % 2 else 0
            canvas.fill(circle(column * 34 + shift, 8 + row * 34, 7), palette.pattern)


def _rays(canvas: Canvas, palette: Palette) -> None:
    for start in range(0, 360, 30):
        wedge = [(0.0, 150.0), *arc(0, 150, 220, 220, (start, start + 15))]
        canvas.fill(wedge, palette.pattern)


def _hills(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(circle(78, 56, 24), veil(palette.spark, 0.75))
    canvas.fill(ellipse(-84, 256, 130, 96), palette.pattern)
    canvas.fill(ellipse(96, 268, 120, 84), mix(palette.pattern, palette.accent, 0.18))


def _stripes(canvas: Canvas, palette: Palette) -> None:
    for left in range(-SIZE, SIZE, 52):
        slanted = [(left, SIZE), (left + 26, SIZE), (left + 146, 0), (left + 120, 0)]
        canvas.fill(slanted, palette.pattern)


def _confetti(canvas: Canvas, palette: Palette) -> None:
    colours = (palette.spark, palette.accent, palette.garment, lighter(palette.sky))
    for index, (x, y) in enumerate(_SCATTERED):
        colour = mix(palette.sky, colours[index % len(colours)], 0.65)
        piece = circle(0, 0, 4.5) if index % 2 else ellipse(0, 0, 8, 3.2, power=4)
        canvas.at(x, y, turn=index * 47).fill(piece, colour)


def _rainbow(canvas: Canvas, palette: Palette) -> None:
    colours = (palette.garment, palette.spark, palette.accent)
    for index, colour in enumerate(colours):
        canvas.fill(circle(0, 150, 118 - 12 * index), mix(palette.sky, colour, 0.5))
    canvas.fill(circle(0, 150, 82), lighter(palette.sky, _GLOW))


def _clouds(canvas: Canvas, palette: Palette) -> None:
    for x, y, size in ((-84, 52, 1.0), (86, 84, 0.8), (-98, 158, 0.7), (100, 186, 0.95)):
        cloud = canvas.at(x, y, size=size)
        for puff in (circle(-16, 4, 14), circle(2, -4, 19), circle(20, 5, 13), ellipse(2, 11, 32, 9, power=4)):
            cloud.fill(puff, lighter(palette.sky, 0.5))


def _stars(canvas: Canvas, palette: Palette) -> None:
    for index, (x, y) in enumerate(_SCATTERED):
        size = 10 if index % 3 == 0 else 6
        canvas.at(x, y, turn=index * 23).fill(star(0, 0, size), mix(palette.sky, palette.spark, 0.8))


def _hearts(canvas: Canvas, palette: Palette) -> None:
    for index, (x, y) in enumerate(_SCATTERED):
        size = 10 if index % 3 == 0 else 7
        canvas.at(x, y, turn=(index * 29) % 50 - 25).fill(heart(0, 0, size), mix(palette.sky, palette.garment, 0.45))


def _leaves(canvas: Canvas, palette: Palette) -> None:
    for index, (x, y) in enumerate(_SCATTERED):
        leaf = canvas.at(x, y, turn=index * 67, size=0.9 + index % 3 * 0.2)
        leaf.fill(smooth((0, -13), (7, -2), (0, 13), (-7, -2)), palette.pattern)
        leaf.stroke([(0, -8), (0, 17)], mix(palette.pattern, palette.accent, 0.2), 1.6)


def _blossom(canvas: Canvas, palette: Palette) -> None:
    canvas.fill(scallop(0, 134, 98, 98, waves=12, depth=0.16), palette.pattern)
    canvas.fill(circle(0, 134, 90), lighter(palette.sky, _GLOW))


BACKDROPS: tuple[Layer, ...] = (
    _halo, _dots, _rays, _hills, _stripes, _confetti, _rainbow, _clouds, _stars, _hearts, _leaves, _blossom,
)  # fmt: skip
