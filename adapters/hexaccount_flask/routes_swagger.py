"""Swagger UI, the page on which people read the API document and try it out; no part of it comes from elsewhere."""

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, NamedTuple, TypeAlias, get_args

from flask import Blueprint, Request
from msgspec import Meta
from werkzeug.exceptions import NotFound

from hexaccount_flask.answers import Elsewhere, Public, kept_by_caches
from hexaccount_flask.entity_tags import IfNoneMatch, content_tag
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.limits import RouteLimits
from hexaccount_flask.operation import operation
from hexaccount_flask.parameters import Parameter
from hexaccount_flask.query import in_path

_PAGE = "/swagger/index.html"

FileName: TypeAlias = Literal[
    "index.html", "page.js", "page.css", "swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"
]

_NAMES: tuple[FileName, ...] = get_args(FileName)
_OURS = ("index.html", "page.js", "page.css")
_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "png": "image/png",
}
_HEADERS = (
    ("Cache-Control", "public, max-age=3600"),
    (
        "Content-Security-Policy",
        (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ),
)


class PageFile(Public):
    """A file of the page."""

    ways = kept_by_caches("The file.", dict.fromkeys(_MEDIA_TYPES.values(), bytes))


class _File(NamedTuple):
    content: bytes
    tag: str
    media_type: str


def _file_name(request: Request) -> str:
    name = in_path(request, "file")
    if name not in _NAMES:
        raise NotFound
    return name


FileInPath: TypeAlias = Annotated[
    str,
    Parameter(
        name="file",
        place="path",
        of=Annotated[FileName, Meta(description="The name of the file.")],
        read=_file_name,
        refuses=[NotFound],
    ),
]


def swagger_routes(limits: RouteLimits) -> Blueprint:
    """Return the routes of the page."""
    routes = Blueprint("swagger", __name__)

    @routes.get("/swagger")
    @runs_in("quick")
    @limits.limited("documents")
    @operation()
    def find_page() -> Elsewhere:
        """Find the page on which this document can be read and tried out."""
        return Elsewhere(_PAGE)

    @routes.get("/swagger/")
    @runs_in("quick")
    @limits.limited("documents")
    @operation()
    def find_page_from_its_folder() -> Elsewhere:
        """Find that page, too."""
        return Elsewhere(_PAGE)

    @routes.get("/swagger/<file>")
    @runs_in("quick")
    @limits.limited("documents")
    @operation()
    def get_page(file: FileInPath, if_none_match: IfNoneMatch) -> PageFile:
        """See that page: `/swagger/index.html`."""
        found = _file(file)
        return PageFile(found.content, found.tag, if_none_match, media_type=found.media_type, headers=_HEADERS)

    return routes


@cache
def _file(name: str) -> _File:
    place = files("hexaccount_flask") / "swagger" if name in _OURS else files("flask_swagger_ui") / "dist"
    content = (place / name).read_bytes()
    return _File(content, content_tag(content), _MEDIA_TYPES[name.rpartition(".")[2]])
