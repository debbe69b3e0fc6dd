"""The documents of the HTTP API and of the events, and Swagger UI, the page that shows the former.

The page loads nothing from another origin.
"""

from functools import cache, lru_cache
from importlib.resources import files
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta
from werkzeug.exceptions import NotFound

from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount_flask.web.application import HttpApplication
from hexaccount_flask.web.entity_tags import IfNoneMatch, content_tag
from hexaccount_flask.web.headers import JSON
from hexaccount_flask.web.inputs import Parameter
from hexaccount_flask.web.operations import Routes
from hexaccount_flask.web.responses import Cacheable, Redirect, cacheable

_CACHED = ("Cache-Control", "public, max-age=3600")
_DOCUMENT_HEADERS = (_CACHED, ("Cross-Origin-Resource-Policy", "cross-origin"))
_PAGE_HEADERS = (
    _CACHED,
    (
        "Content-Security-Policy",
        (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ),
)
_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "png": "image/png",
}

FileName: TypeAlias = Literal[
    "index.html", "page.js", "page.css", "swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"
]
_OWN_FILES = ("index.html", "page.js", "page.css")


def _parse_file_name(name: str) -> str:
    if name not in get_args(FileName):
        raise NotFound
    return name


FileInPath: TypeAlias = Annotated[
    str,
    Parameter(
        name="file",
        place="path",
        schema=Annotated[FileName, Meta(description="The name of the file.")],
        parse=_parse_file_name,
        errors=[NotFound],
    ),
]

DOCUMENTS = RateLimitPolicy("documents", RateLimit.of(60, 1, 1000, 5), local=True)

routes = Routes()


class Document(Cacheable):
    """A document for machines."""

    specs = cacheable("The document.", {JSON: dict[str, Any]})


class PageFile(Cacheable):
    """A file of the page."""

    specs = cacheable("The file.", dict.fromkeys(_MEDIA_TYPES.values(), bytes))


@routes.add("GET", "/swagger.json", tag="documents", limit=DOCUMENTS)
def get_openapi(app: HttpApplication, if_none_match: IfNoneMatch) -> Document:
    """Get this document."""
    return _document(*_openapi(app), if_none_match)


@routes.add("GET", "/asyncapi.json", tag="documents", limit=DOCUMENTS)
def get_asyncapi(if_none_match: IfNoneMatch) -> Document:
    """Get the document of the events that the service publishes (AsyncAPI 3)."""
    return _document(*_asyncapi(), if_none_match)


@routes.add("GET", "/swagger", tag="swagger", limit=DOCUMENTS, page=True)
def find_page() -> Redirect:
    """Find the page that shows this document, on which you can try operations out."""
    return Redirect("swagger/index.html")


@routes.add("GET", "/swagger/", tag="swagger", limit=DOCUMENTS, page=True)
def find_page_from_its_folder() -> Redirect:
    """Find the page from its folder."""
    return Redirect("index.html")


@routes.add("GET", "/swagger/<file>", tag="swagger", limit=DOCUMENTS, page=True)
def get_page(file: FileInPath, if_none_match: IfNoneMatch) -> PageFile:
    """Get the page, which is index.html, or another of its files."""
    content, tag = _file(file)
    media_type = _MEDIA_TYPES[file.rpartition(".")[2]]
    return PageFile(content, tag, if_none_match, media_type=media_type, headers=_PAGE_HEADERS)


def _document(content: bytes, tag: str, if_none_match: str | None) -> Document:
    return Document(content, tag, if_none_match, media_type=JSON, headers=_DOCUMENT_HEADERS)


@lru_cache(1)
def _openapi(app: HttpApplication) -> tuple[bytes, str]:
    from hexaccount_flask.web.openapi import openapi  # noqa: PLC0415 - only imported when it is requested

    return _encoded(openapi(app))


@cache
def _asyncapi() -> tuple[bytes, str]:
    from hexaccount.events.async_api import async_api  # noqa: PLC0415 - only imported when it is requested

    return _encoded(async_api())


def _encoded(document: dict[str, Any]) -> tuple[bytes, str]:
    content = msgspec.json.encode(document)
    return content, content_tag(content)


@cache
def _file(name: str) -> tuple[bytes, str]:
    folder = files("hexaccount_flask") / "swagger" if name in _OWN_FILES else files("flask_swagger_ui") / "dist"
    content = (folder / name).read_bytes()
    return content, content_tag(content)
