"""Hashes that the authors of crypt_blowfish published (wrapper.c), as far as all of `$2a$`, `$2b$` and `$2y$` agree.

`$2a$` of crypt_blowfish differs on purpose for a few passwords with a byte of ones: there they are those of `$2y$`.
"""

VECTORS = [
    (b"U*U", b"CCCCCCCCCCCCCCCCCCCCC.", b"E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    (b"U*U*", b"CCCCCCCCCCCCCCCCCCCCC.", b"VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    (b"U*U*U", b"XXXXXXXXXXXXXXXXXXXXXO", b"AcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
    (b"", b"CCCCCCCCCCCCCCCCCCCCC.", b"7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
    (
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        b"abcdefghijklmnopqrstuu",
        b"5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
    # Bytes beyond 127, which some implementations took for negative numbers: `$2x$` are their hashes.
    (b"\xa3", b"/OK.fbVrR/bpIqNJ5ianF.", b"Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"),
    (b"\xff\xff\xa3", b"/OK.fbVrR/bpIqNJ5ianF.", b"CE5elHaaO4EbggVDjb8P19RukzXSM3e"),
    (b"\xff\xa3345", b"/OK.fbVrR/bpIqNJ5ianF.", b"nRht2l/HRhr6zmCp9vYUvvsqynflf9e"),
    (b"\xff\xa334\xff\xff\xff\xa3345", b"/OK.fbVrR/bpIqNJ5ianF.", b"o./n25XVfn6oAPaUvHe.Csk4zRfsYPi"),
    (b"\xa3ab", b"/OK.fbVrR/bpIqNJ5ianF.", b"6IflQkJytoRVc1yuaNtHfiuq.FRlSIS"),
    # All 72 bytes, and the last ones of them.
    (b"\xaa" * 72, b"/OK.fbVrR/bpIqNJ5ianF.", b"swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6"),
    (b"\xaa\x55" * 36, b"/OK.fbVrR/bpIqNJ5ianF.", b"R9xrDjiycxMbQE2bp.vgqlYpW5wx2yy"),
    (b"\x55\xaa\xff" * 24, b"/OK.fbVrR/bpIqNJ5ianF.", b"9tQZzcJfm3uj2NvJ/n5xkhpqLrMpWCe"),
]
"""Password, salt, and digest at cost 5."""
