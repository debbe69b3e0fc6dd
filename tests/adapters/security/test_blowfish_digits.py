from tests.adapters.security.written_blowfish_digits import HEADER, fractional_digits_of_pi, header


def test_the_constants_of_the_extension_are_the_digits_of_pi() -> None:
    # Bailey, Borwein and Plouffe, On the Rapid Computation of Various Polylogarithmic Constants, 1997
    assert f"{fractional_digits_of_pi(64):x}" == "243f6a8885a308d3"
    assert HEADER.read_text(encoding="utf-8") == header()
