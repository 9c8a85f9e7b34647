"""Links in the documentation lead somewhere.

Files, images and headings exist, and web addresses are well-formed.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")),
    ROOT / "demo" / "README.md",
    ROOT / "demo" / "scenes" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
# [text](target "title"), [name]: target, and <img src="target"> or <a href="target">
LINK = re.compile(
    r"""\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)|<(?:img|a)\b[^>]*?(?:src|href)="([^"]+)\"""",
    re.MULTILINE,
)


def prose(page: Path) -> str:
    """The text of a page without its code, in which brackets mean something else."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]+`", "", text)


def anchors(page: Path) -> set[str]:
    """What a link may put behind #, by GitHub's rule: the headings, and what is named in HTML."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set(re.findall(r'<\w+[^>]*\b(?:id|name)="([^"]+)"', text))
    for title in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", text, re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        number = 0
        while (name := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(name)
    return found


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere. Addresses in the web are looked at, not visited."""
    links = ["".join(match.groups(default="")) for match in LINK.finditer(prose(page))]
    return [link for link in links if not leads_somewhere(page, link)]


def leads_somewhere(page: Path, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme:
        return parts.scheme in ("http", "https") and bool(
            re.fullmatch(r"[\w.-]+\.\w+", parts.netloc)
        )
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return target.exists() and (not parts.fragment or parts.fragment in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    assert broken(page) == []


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("[a](other.md)", True),
        ("[a](#two-words-and-a-code)", True),
        ("[a](other.md#second-1)", True),
        ("![a](picture.png 'title')", True),
        ("[a](https://example.org/x_(y))", True),
        ("```\n[a](gone.md)\n```", True),
        ("[a](gone.md)", False),
        ("[a](#no-such-heading)", False),
        ("[a](other.md#second-2)", False),
        ("![a](gone.png)", False),
        ('<img src="gone.png">', False),
        ("[a][b]\n\n[b]: gone.md", False),
        ("[a](https:/example.org)", False),
        ("[a](htps://example.org)", False),
    ],
)
def test_the_check_sees_what_it_is_for(link, good, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Two words, and a `code`\n\n{link}\n")
    (tmp_path / "other.md").write_text("# Second\n\n## Second\n")
    (tmp_path / "picture.png").touch()
    assert (broken(page) == []) == good
