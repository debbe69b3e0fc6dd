from collections.abc import Iterable, Sequence
from math import copysign, cos, pi, radians, sin

Point = tuple[float, float]
Outline = Sequence[Point]

_STEPS = 72
_STEPS_PER_BEND = 10


def ellipse(x: float, y: float, width: float, height: float, *, power: float = 2.0) -> Outline:
    """Return a superellipse with these half axes; a power above two makes it plumper."""
    angles = (2 * pi * step / _STEPS for step in range(_STEPS))
    return [(x + width * _bulge(cos(angle), power), y + height * _bulge(sin(angle), power)) for angle in angles]


def _bulge(share: float, power: float) -> float:
    return copysign(abs(share) ** (2 / power), share)


def circle(x: float, y: float, radius: float) -> Outline:
    """Return a circle."""
    return ellipse(x, y, radius, radius)


def arc(x: float, y: float, width: float, height: float, span: tuple[float, float]) -> Outline:
    """Return the part of an ellipse between two angles, in degrees clockwise from the right."""
    start, end = span
    angles = (radians(start + (end - start) * step / _STEPS) for step in range(_STEPS + 1))
    return [(x + width * cos(angle), y + height * sin(angle)) for angle in angles]


def box(left: float, top: float, right: float, bottom: float, *, corner: float = 0.0) -> Outline:
    """Return a rectangle with rounded corners."""
    corners = [
        (right - corner, bottom - corner, 0),
        (left + corner, bottom - corner, 90),
        (left + corner, top + corner, 180),
        (right - corner, top + corner, 270),
    ]
    return [point for x, y, angle in corners for point in arc(x, y, corner, corner, (angle, angle + 90))]


def smooth(*points: Point) -> Outline:
    """Return a smooth closed curve through the points."""
    count = len(points)
    bends = ([points[(index + ahead) % count] for ahead in (-1, 0, 1, 2)] for index in range(count))
    return [point for bend in bends for point in _between(*bend)]


def curve(*points: Point) -> Outline:
    """Return a smooth open curve through the points."""
    padded = [points[0], *points, points[-1]]
    bends = (padded[index : index + 4] for index in range(len(points) - 1))
    return [*(point for bend in bends for point in _between(*bend)), points[-1]]


def _between(before: Point, start: Point, end: Point, after: Point) -> Iterable[Point]:
    for step in range(_STEPS_PER_BEND):
        share = step / _STEPS_PER_BEND
        yield (
            _catmull_rom(before[0], start[0], end[0], after[0], share),
            _catmull_rom(before[1], start[1], end[1], after[1], share),
        )


def _catmull_rom(before: float, start: float, end: float, after: float, share: float) -> float:
    slope = end - before
    bend = 2 * before - 5 * start + 4 * end - after
    twist = 3 * start - before - 3 * end + after
    return start + (slope * share + bend * share**2 + twist * share**3) / 2


def star(x: float, y: float, radius: float, *, points: int = 5, waist: float = 0.52) -> Outline:
    """Return a star that stands on two of its points."""
    outline = []
    for corner in range(2 * points):
        reach = radius * (waist if corner % 2 else 1.0)
        angle = pi * corner / points - pi / 2
        outline.append((x + reach * cos(angle), y + reach * sin(angle)))
    return outline


def heart(x: float, y: float, size: float) -> Outline:
    """Return a heart around a point, about twice `size` wide."""
    outline = []
    for step in range(_STEPS):
        angle = 2 * pi * step / _STEPS
        height = 13 * cos(angle) - 5 * cos(2 * angle) - 2 * cos(3 * angle) - cos(4 * angle)
        outline.append((x + size * sin(angle) ** 3, y - size * height / 16))
    return outline


def scallop(x: float, y: float, width: float, height: float, *, waves: int, depth: float) -> Outline:
    """Return an ellipse with a wavy edge, like wool or petals."""
    outline = []
    for step in range(2 * _STEPS):
        angle = pi * step / _STEPS
        swell = 1 + depth * abs(sin(waves * angle / 2))
        outline.append((x + width * swell * cos(angle), y + height * swell * sin(angle)))
    return outline
