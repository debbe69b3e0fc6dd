from collections.abc import Callable

from .canvas import Canvas
from .palette import Palette

Layer = Callable[[Canvas, Palette], None]
