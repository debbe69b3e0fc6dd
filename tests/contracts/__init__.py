"""The rules that every store keeps: suites in `suites`, and one test module for each store of ours."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.suites")
