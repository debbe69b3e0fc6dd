import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hexaccount.accounts.ports import AvatarArtist
from hexaccount_avatar import PillowAvatarArtist
from hexaccount_avatar.accessories import ACCESSORIES
from hexaccount_avatar.backdrops import BACKDROPS
from hexaccount_avatar.choices import CREATURES, Choices, choose
from hexaccount_avatar.faces import CHEEKS, EYES, MOUTHS
from hexaccount_avatar.glasses import GLASSES
from hexaccount_avatar.hats import HATS
from hexaccount_avatar.outfits import OUTFITS
from hexaccount_avatar.palette import PALETTES

LAYERS: dict[str, Sequence[object]] = {
    "palette": PALETTES,
    "backdrop": BACKDROPS,
    "creature": CREATURES,
    "eyes": EYES,
    "mouth": MOUTHS,
    "cheeks": (None, *CHEEKS),
    "outfit": (None, *OUTFITS),
    "accessory": (None, *ACCESSORIES),
    "glasses": (None, *GLASSES),
    "hat": (None, *HATS),
}

DRAW_ONE = """
import sys
from hexaccount_avatar import PillowAvatarArtist
sys.stdout.buffer.write(PillowAvatarArtist().draw(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def artist() -> AvatarArtist:
    return PillowAvatarArtist()


@pytest.fixture(scope="module")
def gallery(artist: AvatarArtist) -> list[bytes]:
    """Give the pictures of users each of whom has a kind of a layer that none before has, until all kinds are seen."""
    seen: set[tuple[int, int]] = set()
    first = []
    for name in (f"user-{number}" for number in range(2_000)):
        kinds = set(enumerate(places_in_layers(choose(name))))
        if not kinds <= seen:
            seen |= kinds
            first.append(name)
    assert len(seen) == sum(map(len, LAYERS.values()))
    return [artist.draw(name) for name in first]


def pixels(png: bytes) -> bytes:
    with Image.open(BytesIO(png)) as image:
        return image.convert("RGB").tobytes()


def drawn_in_another_process(identifier: str, hash_seed: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    drawn = subprocess.run(
        [sys.executable, "-c", DRAW_ONE, identifier], env=environment, check=True, capture_output=True
    )
    return drawn.stdout


def places_in_layers(chosen: Choices) -> list[int]:
    return [list(options).index(getattr(chosen, layer)) for layer, options in LAYERS.items()]


def test_every_process_draws_the_same_bytes(artist: AvatarArtist) -> None:
    one, other = (drawn_in_another_process("ada.lovelace", seed) for seed in ("1", "2"))
    assert one == other == artist.draw("ada.lovelace")


def test_drawing_others_in_between_changes_nothing(artist: AvatarArtist) -> None:
    first = artist.draw("ada.lovelace")
    artist.draw("grace.hopper")
    assert artist.draw("ada.lovelace") == first


def test_a_picture_is_a_complete_png_of_256_by_256_pixels(artist: AvatarArtist) -> None:
    png = artist.draw("ada.lovelace")
    with Image.open(BytesIO(png)) as image:
        image.verify()
        assert (image.format, image.size) == ("PNG", (256, 256))


def test_a_picture_has_not_changed_since_clients_cached_it(artist: AvatarArtist) -> None:
    # Pixels, because another version of zlib may compress the same picture to other bytes.
    # A new digest means a new picture for every user: change it only on purpose.
    digest = sha256(pixels(artist.draw("ada.lovelace"))).hexdigest()
    assert digest == "6223580073bffaba695cf0d6c8daa2fb078d06616af4581d8171eac64e7b5311"


def test_no_kind_of_any_layer_has_changed_since_clients_cached_it(gallery: list[bytes]) -> None:
    digest = sha256(b"".join(map(pixels, gallery))).hexdigest()
    assert digest == "a2adaf21b66f5af8492d2f8984e4772aaca2101693a29fbcf903a48a7298e2f6"


def test_choices_for_an_identifier_have_not_changed_since_clients_cached_them() -> None:
    places = [places_in_layers(choose(f"user-{number}")) for number in range(100)]
    digest = sha256(repr(places).encode()).hexdigest()
    assert digest == "3c2be173e23f2c0109909284922bea64eaa74313a52bb9b30eb225365f9186b6"


def test_fewer_than_one_in_a_hundred_identifiers_share_their_choices() -> None:
    assert len({choose(f"user-{number}") for number in range(10_000)}) > 9_900


@pytest.mark.parametrize("layer", LAYERS)
def test_every_kind_of_a_layer_is_chosen_for_some_user(layer: str) -> None:
    worn = {getattr(choose(f"user-{number}"), layer) for number in range(2_000)}
    assert worn == set(LAYERS[layer])


def test_all_pictures_of_the_gallery_look_different(gallery: list[bytes]) -> None:
    assert len({pixels(png) for png in gallery}) == len(gallery) > 30


def test_pictures_stay_small(gallery: list[bytes]) -> None:
    assert max(map(len, gallery)) < 20_000


@pytest.mark.parametrize("layer", LAYERS)
def test_every_kind_of_a_layer_can_be_seen(layer: str, artist: AvatarArtist, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = replace(choose("ada.lovelace"), creature=CREATURES[0], hat=None, glasses=None, accessory=None)
    seen = set()
    for kind in LAYERS[layer]:
        monkeypatch.setattr("hexaccount_avatar.artist.choose", lambda _, kind=kind: replace(bare, **{layer: kind}))
        seen.add(pixels(artist.draw("any")))
    assert len(seen) == len(LAYERS[layer])


@pytest.mark.parametrize(
    "identifier", ["", " ", "Ада Лавлейс", "李小龍", "🦊", "\x00", "\ud800", "../../etc/passwd", "x" * 10_000]
)
def test_any_text_has_a_picture(identifier: str, artist: AvatarArtist) -> None:
    assert len(pixels(artist.draw(identifier))) == 256 * 256 * 3


@settings(max_examples=25, deadline=None)
@given(identifier=st.text())
def test_no_text_is_rejected(identifier: str) -> None:
    assert len(PillowAvatarArtist().draw(identifier)) < 20_000


def test_identifiers_that_only_look_alike_have_different_pictures() -> None:
    cyrillic = "\u0430d\u0430"
    assert len({choose(identifier) for identifier in ("ada", "Ada", "ada ", cyrillic)}) == 4
