from hexaccount_mail_templates import SAMPLES

TOKEN = str(SAMPLES["recovery"]["link"])


def test_a_preview_has_the_subject_and_the_text(run):
    result = run("mail", "preview", "recovery")
    assert (result.exit_code, result.stderr) == (0, "The language is en.\n")
    assert result.stdout.startswith("Choose a new password\n\nA new password was requested for your account at ")
    assert f"\n{TOKEN}\n" in result.stdout


def test_a_preview_is_in_the_language_that_fits_best(run):
    assert "دسامبر" in run("mail", "preview", "new_device", "--locale", "fa-AF, en;q=0.5").stdout
    assert run("mail", "preview", "new_device", "--locale", "tlh").stderr == "The language is en.\n"


def test_a_preview_shows_the_html_part(run):
    html = run("mail", "preview", "recovery", "--locale", "fa", "--html").stdout
    assert html.startswith('<!DOCTYPE html>\n<html lang="fa" dir="rtl">')
    assert f'<a href="{TOKEN}"' in html


def test_an_unknown_name_lists_all_names(run):
    result = run("mail", "preview", "recovry")
    assert result.exit_code == 2
    assert [name for name in SAMPLES if f"'{name}'" not in result.stderr] == []


def test_a_preview_opens_no_store(run, program):
    program.open_error = AssertionError("opened")
    assert run("mail", "preview", "invitation").exit_code == 0
