"""`ludvig info`: what is in a scene, and whether its cameras belong to it."""

from __future__ import annotations

from ..io.load import load_scene
from ..pictures.check import check
from .common import (
    AsJson,
    MaxSize,
    Near,
    Photos,
    Splats,
    Views,
    bars,
    console,
    notes,
    print_json,
    raster,
)


def command(
    splats: Splats,
    views: Views = None,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = 0.2,
    json: AsJson = False,
) -> None:
    """Count, bounds, SH degree, cameras, and the alignment check: rendered views against the photos."""
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size, need_photos=False)
    means = scene.gaussians.means
    values: dict[str, object] = {
        "gaussians": scene.file_count,
        "usable": len(scene),
        "sh_degree": scene.gaussians.sh_degree,
        "bounds": [means.min(0), means.max(0)],
        "views": len(scene.views),
        "photos": sum(view.photo is not None for view in scene.views),
        "sizes": sorted({view.photo_size for view in scene.views if view.photo is not None}),
        "notes": scene.notes,
    }
    if values["photos"]:
        with bars(json) as job:
            found = check(scene, raster=raster(near), job=job)
        values |= {"psnr": dict(zip(found.names, found.psnr.round(2).tolist(), strict=True))}
        values |= {"fits": found.fits, "verdict": found.verdict}
    if json:
        print_json(values)
        return
    low, high = means.min(0), means.max(0)
    console.print(
        f"{splats.name}: {scene.file_count:,} Gaussians, SH degree {scene.gaussians.sh_degree}"
    )
    console.print(
        f"  from ({low[0]:.2f}, {low[1]:.2f}, {low[2]:.2f}) to ({high[0]:.2f}, {high[1]:.2f}, {high[2]:.2f})"
    )
    if views is not None:
        shapes = ", ".join(f"{w}x{h}" for w, h in values["sizes"][:3])  # type: ignore[index]
        console.print(
            f"  {values['views']} cameras, {values['photos']} photos {shapes and f'of {shapes}'}"
        )
    if "psnr" in values:
        for name, value in zip(found.names, found.psnr, strict=True):
            console.print(f"    {value:5.1f} dB  {name}")
        console.print(found.verdict, style="green" if found.fits else "red")
    notes(scene.notes)
