"""The guides of ``docs/guide/``, one page per audience and language, shown inside the portal."""

from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from portal.web.access import for_anyone, roles_of
from portal.web.host import city_of
from regions.staff.roles import Role

FOLDER = settings.BASE_DIR / "docs" / "guide"
AUDIENCES = ("citizen", "official", "gate", "auditor", "operator")
STAFF_BASE = "base_staff.html"
BASES = {"citizen": "base_citizen.html", "gate": "gate/base_gate.html"}
READS_ONLY = frozenset({Role.AUDITOR, Role.AUDIT_ADMIN})


@for_anyone
@require_safe
def guide(request: HttpRequest, audience: str) -> HttpResponse:
    if audience not in AUDIENCES:
        raise Http404
    language = translation.get_language()
    title, text = render_guide(language, audience, reverse("guide_picture", args=[language, "name"]))
    base = BASES.get(audience, STAFF_BASE) if city_of(request) else STAFF_BASE
    return render(request, "shared/guide.html", {"title": title, "text": text, "base": base})


@for_anyone
@require_safe
def guide_picture(request: HttpRequest, language: str, name: str) -> HttpResponse:  # noqa: ARG001
    """Return a picture of a guide, such as ``citizen_code``."""
    if language not in dict(settings.LANGUAGES) or name not in pictures(language):
        raise Http404
    picture = (FOLDER / "pictures" / language / f"{name}.png").read_bytes()
    return HttpResponse(picture, content_type="image/png", headers={"Cache-Control": "public, max-age=3600"})


def guide_for(request: HttpRequest) -> str:
    """Return the audience whose guide the footer links to."""
    if city_of(request) is None:
        return "operator"
    if request.path.startswith("/gate/"):
        return "gate"
    roles = roles_of(request) if hasattr(request, "user") else frozenset()
    if roles:
        return "auditor" if roles <= READS_ONLY else "official"
    return "official" if request.path.startswith("/staff/") else "citizen"


@lru_cache(maxsize=2 * len(AUDIENCES) * 2)
def render_guide(language: str, audience: str, picture_address: str) -> tuple[str, str]:
    """Return the guide's title and the HTML of its text, with pictures at the portal's own address."""
    source = (FOLDER / language / f"{audience}.md").read_text(encoding="utf-8")
    heading, _, body = source.partition("\n")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(body)
    for token in (inner for outer in tokens for inner in outer.children or ()):
        _rewrite_link(token, picture_address)
        if token.type == "softbreak" and language.startswith("zh"):
            # A line break in the file is no space in Chinese.
            token.type = "text"
    return heading.removeprefix("# "), markdown.renderer.render(tokens, markdown.options, {})


@lru_cache
def pictures(language: str) -> frozenset[str]:
    return frozenset(path.stem for path in (FOLDER / "pictures" / language).glob("*.png"))


def _rewrite_link(token: Token, picture_address: str) -> None:
    """Change a link between files to an address of the portal: ``../pictures/en/x.png``, ``auditor.md``."""
    if token.type == "image":
        name = str(token.attrs["src"]).rpartition("/")[2].removesuffix(".png")
        token.attrs["src"] = picture_address.replace("/name.png", f"/{name}.png")
    elif token.type == "link_open" and str(token.attrs["href"]).endswith(".md"):
        token.attrs["href"] = f"../{str(token.attrs['href']).removesuffix('.md')}/"
