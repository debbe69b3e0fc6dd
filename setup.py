"""The extension in C; everything else about the distribution is in setup.cfg, which has no way to say this."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "hexaccount_security._interleaved_bcrypt",
            sources=["adapters/hexaccount_security/interleaved_bcrypt.c"],
            depends=["adapters/hexaccount_security/blowfish_digits.h"],
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
            # Python's own flags may ask for less, and for symbols that are three times as large.
            extra_compile_args=["-O3", "-g0"],
            # Without a compiler the service hashes by another engine, which `hexaccount doctor` names.
            optional=True,
        )
    ]
)
