from .canvas import Canvas
from .palette import INK, Colour, darker, veil
from .shapes import ellipse

# Coordinates are relative to the middle of the lower edge.
TORSO = ellipse(0, 4, 58, 78, power=2.3)
_ARM = ellipse(0, 0, 15, 38, power=2.3)
_CHIN_SHADE = ellipse(0, -66, 52, 20)


def clothe(canvas: Canvas, colour: Colour) -> None:
    """Draw body and arms in one colour."""
    for arm in canvas.sides(54, -10, turn=-14):
        arm.fill(_ARM, darker(colour))
    canvas.fill(TORSO, colour)


def shade_under_chin(canvas: Canvas) -> None:
    """Draw the shadow of the head on the body."""
    with canvas.inside(TORSO) as clipped:
        clipped.fill(_CHIN_SHADE, veil(INK, 0.14))
