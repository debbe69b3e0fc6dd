from tests.documented.written_api import FILE, written


def test_the_api_in_the_docs_is_that_of_the_service() -> None:
    assert FILE.read_text() == written(), "write it with python -m tests.documented.written_api"
