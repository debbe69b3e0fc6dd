from dataclasses import dataclass

Colour = str  # "#rrggbb", or "#rrggbbaa" for a translucent colour

INK: Colour = "#33272f"
WHITE: Colour = "#ffffff"
CORAL: Colour = "#ef7b7b"
BEAK: Colour = "#f5a03c"
LEAF: Colour = "#6bb36b"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours that match."""

    sky: Colour
    pattern: Colour
    fur: Colour
    pale: Colour
    skin: Colour
    hair: Colour
    garment: Colour
    accent: Colour
    spark: Colour


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """Return a mix with this share (0 to 1) of the second colour."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _channels(colour: Colour) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def darker(colour: Colour, share: float = 0.14) -> Colour:
    """Return a colour in shade."""
    return mix(colour, INK, share)


def lighter(colour: Colour, share: float = 0.35) -> Colour:
    """Return a colour in light."""
    return mix(colour, WHITE, share)


def veil(colour: Colour, share: float) -> Colour:
    """Return a colour with this opacity, from 0 to 1."""
    return f"{colour}{round(255 * share):02x}"


PALETTES = (
    Palette("#bfe3e8", "#a9d6dd", "#e2a860", "#fbebcf", "#f2c6a0", "#6b4226", "#e4695e", "#33658a", "#f9c74f"),
    Palette("#f9d9c6", "#f3c8b0", "#9a6a50", "#eed6bd", "#c98d64", "#3b2a2a", "#3e8e8a", "#e9a23b", "#f7e08b"),
    Palette("#f7e6b5", "#efd794", "#a88fd0", "#ece1f7", "#9a6443", "#2b2230", "#f08a7b", "#4f6db8", "#ffd666"),
    Palette("#fbd5db", "#f5c0ca", "#7cc3a5", "#e2f5e9", "#f6d2b5", "#c0562f", "#5b6fb0", "#f2716b", "#ffd36b"),
    Palette("#9cc9e8", "#86badf", "#f7f0e8", "#ffe3d6", "#e8b48a", "#3a3048", "#f26d6d", "#2f5d8c", "#ffce5a"),
    Palette("#cfe6c4", "#bad9ad", "#ee8f4b", "#fff1df", "#ffdcc2", "#dfa63a", "#3f6c8f", "#c9485b", "#ffe08a"),
    Palette("#fce1a8", "#f7d188", "#8c9db3", "#e6ecf2", "#a86f4a", "#2a222c", "#ef6f6c", "#3aa39b", "#fff0b8"),
    Palette("#c9ddf5", "#b3ceef", "#f2a3b3", "#ffe9e6", "#f0be94", "#4e3629", "#7b6dc2", "#3e9c8f", "#ffd86e"),
    Palette("#47528a", "#535f9b", "#f2cf97", "#fff3dc", "#e0a878", "#8a4b2d", "#e77c8e", "#6fc2c8", "#ffe28a"),
    Palette("#ffe0cc", "#fbceb2", "#73b0dc", "#e4f3fc", "#7d4e36", "#241c24", "#f4a259", "#d1495b", "#ffe9a0"),
    Palette("#3f8077", "#4b8f85", "#f0b48c", "#fff0e0", "#f4c9a4", "#b5652d", "#f4d35e", "#ee6c4d", "#fff2c2"),
    Palette("#d8cff2", "#c8bcea", "#f3cf66", "#fff6da", "#d79d72", "#4a2f3a", "#5aa9a6", "#e0607e", "#fff0a8"),
    Palette("#f6b8a8", "#f0a593", "#b9c4cf", "#f4f7f9", "#8f5b40", "#2d2329", "#3d5a80", "#ffcb69", "#fff1cc"),
    Palette("#a8dcc8", "#93d0b9", "#c98b6b", "#f6e2cf", "#fbd7bb", "#9c3d2e", "#f6c25b", "#7a5ca8", "#fff0b0"),
    Palette("#f3e3d3", "#e9d3bd", "#d9776a", "#fde3d8", "#b97c54", "#33262c", "#4d7c8a", "#f2b950", "#ffe6a3"),
    Palette("#b9d0f2", "#a4c0ea", "#a5b979", "#f1f6dc", "#ecb98d", "#5d3a28", "#e8775f", "#5b5ea6", "#ffd97a"),
    Palette("#6a4c78", "#785988", "#f4b6c2", "#fff0f0", "#c68a62", "#2f1f2d", "#58b4ae", "#f9c66b", "#fff0c0"),
    Palette("#fff0c9", "#fbe2a4", "#5fae9f", "#e1f4ee", "#f7cdb0", "#d9822b", "#ee7f8f", "#3b6ea5", "#ffd24d"),
    Palette("#cfeaf0", "#b8dee7", "#b07f9e", "#f5e4ee", "#dba27a", "#403040", "#f2a65a", "#3c7a89", "#ffe08f"),
    Palette("#e3ecc2", "#d3dfa6", "#8f8be0", "#e9e8fc", "#a56b48", "#1f1a22", "#f06c8a", "#2e8b80", "#ffdd73"),
    Palette("#f8c9dd", "#f2b3ce", "#fdf4ea", "#ffe0dc", "#ffd9bf", "#7a4a32", "#69a8d8", "#9a5fb5", "#ffd773"),
    Palette("#2f5673", "#3a6484", "#9fd3c7", "#eefaf5", "#ebb68c", "#d5642f", "#f2845c", "#f6d55c", "#fff3bf"),
    Palette("#ffd2a6", "#fcc18b", "#a4847a", "#f3e3da", "#845239", "#291f26", "#4f9d92", "#c8553d", "#ffe9b0"),
    Palette("#d5e0e6", "#c3d2da", "#f29e7a", "#fff0e4", "#f3c39b", "#2f3b52", "#5e7ce2", "#e2566f", "#ffd768"),
)
