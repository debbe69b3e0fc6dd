from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from .accessories import ACCESSORIES
from .animals import ANIMALS
from .backdrops import BACKDROPS
from .birds import BIRDS
from .creature import Creature
from .faces import CHEEKS, EYES, MOUTHS
from .fantasy import FANTASY
from .glasses import GLASSES
from .hats import HATS
from .layer import Layer
from .outfits import OUTFITS
from .palette import PALETTES, Palette
from .people import PEOPLE

CREATURES = (*ANIMALS, *BIRDS, *FANTASY, *PEOPLE)

_Option = TypeVar("_Option")


@dataclass(frozen=True, slots=True)
class Choices:
    """The parts of one picture."""

    palette: Palette
    backdrop: Layer
    creature: Creature
    eyes: Layer
    mouth: Layer
    cheeks: Layer | None
    outfit: Layer | None
    accessory: Layer | None
    glasses: Layer | None
    hat: Layer | None


def choose(identifier: str) -> Choices:
    """Return the choices for an identifier; they never change, because clients cache the picture."""
    # A URL may contain a lone surrogate.
    digest = sha256(identifier.encode("utf-8", "surrogatepass")).digest()
    # Each layer has its own bytes, so that a new hat changes nothing but the hats.
    return Choices(
        palette=_one_of(PALETTES, digest[0:2]),
        backdrop=_one_of(BACKDROPS, digest[2:4]),
        creature=_one_of(CREATURES, digest[4:6]),
        eyes=_one_of(EYES, digest[6:8]),
        mouth=_one_of(MOUTHS, digest[8:10]),
        cheeks=_perhaps(CHEEKS, digest[10:13], percent=70),
        outfit=_perhaps(OUTFITS, digest[13:16], percent=70),
        accessory=_perhaps(ACCESSORIES, digest[16:19], percent=60),
        glasses=_perhaps(GLASSES, digest[19:22], percent=40),
        hat=_perhaps(HATS, digest[22:25], percent=70),
    )


def _one_of(options: Sequence[_Option], lot: bytes) -> _Option:
    return options[int.from_bytes(lot) % len(options)]


def _perhaps(options: Sequence[_Option], lot: bytes, *, percent: int) -> _Option | None:
    return _one_of(options, lot[1:]) if lot[0] * 100 < percent * 256 else None
