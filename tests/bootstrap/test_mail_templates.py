import pytest
from click.testing import CliRunner

from hexaccount.bootstrap import drivers
from hexaccount.bootstrap.program import SettingsProgram
from hexaccount_click.cli import cli


def test_without_the_library_a_preview_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(drivers, "find_spec", lambda name: None)
    result = CliRunner().invoke(cli, ["mail", "preview", "recovery"], obj=SettingsProgram())
    assert result.exit_code == 2
    assert result.stderr.startswith("error: mail.url: mail needs a driver; install it with: ")
    assert "[mail]" in result.stderr


def test_a_preview_needs_no_store_and_no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["mail", "preview", "recovery", "--locale", "fa"], obj=SettingsProgram())
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "گذرواژهٔ تازه‌ای انتخاب کنید")
    assert list(tmp_path.iterdir()) == []
