from dataclasses import dataclass

from .canvas import Canvas
from .layer import Layer
from .palette import Colour, Palette, darker
from .shapes import Outline, ellipse
from .torso import TORSO, clothe

# All heads have one size, with the origin in their middle, so that every hat and all glasses fit.
HEAD: Outline = ellipse(0, 0, 69, 58, power=2.3)
_LIT: Outline = ellipse(0, -2.5, 67.5, 55.5, power=2.3)
_BELLY: Outline = ellipse(0, 6, 34, 52)


def draw_head(canvas: Canvas, colour: Colour) -> None:
    """Draw a plump head with some shade at its chin."""
    canvas.fill(HEAD, darker(colour))
    canvas.fill(_LIT, colour)


def furry_torso(canvas: Canvas, palette: Palette) -> None:
    """Draw a body with a pale belly."""
    clothe(canvas, palette.fur)
    with canvas.inside(TORSO) as clipped:
        clipped.fill(_BELLY, palette.pale)


@dataclass(frozen=True, slots=True)
class Creature:
    """The creature that wears the other layers."""

    head: Layer
    torso: Layer = furry_torso
    behind: Layer | None = None
    has_beak: bool = False
