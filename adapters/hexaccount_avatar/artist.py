from .canvas import SIZE, Canvas
from .choices import Choices, choose
from .torso import shade_under_chin

_CLOSENESS = 1.07
_HEAD_Y = -120
_EYES_Y = 2
_CROWN_Y = -58
_NECK_Y = 54


class PillowAvatarArtist:
    """Draws a small creature in layers, with Pillow."""

    def draw(self, identifier: str) -> bytes:
        choices = choose(identifier)
        canvas = Canvas.blank(choices.palette.sky)
        choices.backdrop(canvas, choices.palette)
        torso = canvas.at(0, SIZE, size=_CLOSENESS)
        head = torso.at(0, _HEAD_Y)
        _draw_bust(torso, head, choices)
        _draw_face(head, choices)
        _dress_up(head, choices)
        return canvas.png()


def _draw_bust(torso: Canvas, head: Canvas, choices: Choices) -> None:
    if choices.creature.behind:
        choices.creature.behind(head, choices.palette)
    choices.creature.torso(torso, choices.palette)
    if choices.outfit:
        choices.outfit(torso, choices.palette)
    shade_under_chin(torso)
    choices.creature.head(head, choices.palette)


def _draw_face(head: Canvas, choices: Choices) -> None:
    choices.eyes(head, choices.palette)
    if not choices.creature.has_beak:
        choices.mouth(head, choices.palette)
    if choices.cheeks:
        choices.cheeks(head, choices.palette)


def _dress_up(head: Canvas, choices: Choices) -> None:
    if choices.accessory:
        choices.accessory(head.at(0, _NECK_Y), choices.palette)
    if choices.glasses:
        choices.glasses(head.at(0, _EYES_Y), choices.palette)
    if choices.hat:
        choices.hat(head.at(0, _CROWN_Y), choices.palette)
