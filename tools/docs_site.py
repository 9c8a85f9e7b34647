"""What the site has beside docs/: pages that lie elsewhere in the repository, and links that lead
to them.

Hooks of MkDocs, named in mkdocs.yml.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# Files outside docs/, and what they are called in the site.
PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "demo/README.md": "demo.md",
    "demo/scenes/README.md": "demo_scenes.md",
    "LICENSE": "LICENSE",
    "tasks.py": "tasks.py",
    **{
        f"examples/{path.name}": f"examples/{path.name}"
        for path in (ROOT / "examples").glob("*.py")
    },
}
EMPTY = re.compile(r'–\s*<div class="doc-md-description">\s*</div>')
LINK = re.compile(r"(\]\()([^)#\s]+)")


def on_files(files: Files, *, config: Any) -> Files:
    """Add them."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Turn the links, which are written for the repository."""
    source = {page: source for source, page in PAGES.items()}.get(page.file.src_uri)
    return turned(markdown, source or f"docs/{page.file.src_uri}")


def on_page_content(html: str, **_: Any) -> str:
    """Leave out the dash behind a field that nothing more is said about."""
    return EMPTY.sub("", html)


def turned(text: str, source: str) -> str:
    """A file of the repository, with its links as they are between the pages of the site."""

    def link(match: re.Match[str]) -> str:
        if "://" in match[2]:
            return match[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[2]))
        return match[1] + posixpath.relpath(in_site(target), posixpath.dirname(in_site(source)))

    return LINK.sub(link, text)


def in_site(source: str) -> str:
    """Where a file of the repository is in the site."""
    return PAGES.get(source, source.removeprefix("docs/"))
