from dataclasses import dataclass

from .canvas import Canvas
from .layer import Layer
from .palette import Colour, Palette, darker
from .shapes import Outline, ellipse
from .torso import TORSO, clothe

# Heads are drawn around their own middle and are all of one size, so that every hat and all glasses fit them.
HEAD: Outline = ellipse(0, 0, 69, 58, power=2.3)
_LIT: Outline = ellipse(0, -2.5, 67.5, 55.5, power=2.3)
_BELLY: Outline = ellipse(0, 6, 34, 52)


def draw_head(canvas: Canvas, colour: Colour) -> None:
    """Draw a plump head with a little shade at its chin."""
    canvas.fill(HEAD, darker(colour))
    canvas.fill(_LIT, colour)


def furry_torso(canvas: Canvas, palette: Palette) -> None:
    """Draw a body with a pale belly."""
    clothe(canvas, palette.fur)
    with canvas.inside(TORSO) as clipped:
        clipped.fill(_BELLY, palette.pale)


@dataclass(frozen=True, slots=True)
class Creature:
    """Somebody who wears the rest of the picture."""

    head: Layer
    torso: Layer = furry_torso
    behind: Layer | None = None
    has_beak: bool = False
