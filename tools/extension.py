"""The extension's zip, made and checked without Blender: `python tasks.py extension`.

What Blender's builder makes of the same manifest has the same content; a test compares the two. The
same files give the same bytes, so that a zip can be told from another by its digest.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from tools import manifest

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = "blender_manifest.toml"
# Zips store a time for each file, and none before 1980.
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Build the zip into dist/."""
    if wrong := manifest.problems():
        raise SystemExit("\n".join((*wrong, manifest.REMEDY)))
    path = build(ROOT / "dist")
    with zipfile.ZipFile(path) as packed:
        count = len(packed.namelist())
    size = path.stat().st_size / 1e6
    print(f"{path.relative_to(ROOT)}: {count} files, {size:.1f} MB. Drop it into Blender.")


def build(folder: Path) -> Path:
    """Pack what the manifest lists, and the manifest itself; the path of the zip."""
    said = manifest.read()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{said['id']}-{said['version']}.zip"
    partial = path.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in (MANIFEST, *said["build"]["paths"]):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, (ROOT / name).read_bytes())
    partial.replace(path)
    return path
