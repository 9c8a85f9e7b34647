"""`ludvig info`: count what is in a scene, and check that its cameras fit the splats."""

from __future__ import annotations

from ..errors import plural
from ..io.load import load_scene
from .common import (
    AsJson,
    MaxSize,
    Near,
    Photos,
    Splats,
    Views,
    bars,
    cache,
    notes,
    nothing_kept,
    print_json,
    report,
)


def command(
    splats: Splats,
    views: Views = None,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = None,
    json: AsJson = False,
) -> None:
    """Print count, bounds, SH degree and cameras, and compare rendered views with the photos.

    Without cameras it prints the views that are planned from the splats.
    """
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size, need_photos=False)
    # Imported here, so that a wrong file is refused without what draws, lifts and learns.
    from ..cache.step import Steps
    from ..pictures.check import check
    from ..pictures.fitted import fitted
    from ..planning.pictured import pictured

    with bars(json, nothing_kept) as job:
        steps = Steps(cache(False), job)
        scene = pictured(fitted(scene, near=near, job=job), steps, max_size=max_size)
    means = scene.gaussians.means
    values: dict[str, object] = {
        "gaussians": scene.file_count,
        "usable": len(scene),
        "sh_degree": scene.gaussians.sh_degree,
        "bounds": [means.min(0), means.max(0)],
        "views": len(scene.views),
        "photos": sum(view.photo is not None for view in scene.views),
        "names": [view.name for view in scene.views],
        "sizes": sorted({view.photo_size for view in scene.views if view.photo is not None}),
        "raster": scene.raster.listed(),
        "notes": scene.notes,
    }
    if values["photos"]:
        with bars(json, nothing_kept) as job:
            found = check(scene, job=job)
        values |= {"psnr": dict(zip(found.names, found.psnr.round(2).tolist(), strict=True))}
        values |= {"fits": found.fits, "verdict": found.verdict}
    if json:
        print_json(values)
        return
    low, high = means.min(0), means.max(0)
    count = plural(scene.file_count, "Gaussian")
    report(f"{splats.name}: {count}, SH degree {scene.gaussians.sh_degree}")
    corners = [", ".join(f"{value:.2f}" for value in corner) for corner in (low, high)]
    report(f"  from ({corners[0]}) to ({corners[1]})")
    if views is not None:
        shapes = ", ".join(f"{w}x{h}" for w, h in values["sizes"][:3])  # type: ignore[index]
        cameras = plural(len(scene.views), "camera")
        photos_ = plural(sum(view.photo is not None for view in scene.views), "photo")
        report(f"  {cameras}, {photos_}{shapes and f' of {shapes}'}")
    else:
        for view in scene.views:
            place = ", ".join(f"{value:.2f}" for value in view.camera.center)
            ahead = ", ".join(f"{value:.2f}" for value in view.camera.viewmat[2, :3])
            size = "x".join(map(str, view.photo_size))
            report(f"    {view.name}  {size} at ({place}), looking along ({ahead})")
        report("  `ludvig render --view all --what rgb --out DIR` without --views shows them.")
    if "psnr" in values:
        for name, value in zip(found.names, found.psnr, strict=True):
            report(f"    {value:5.1f} dB  {name}")
        report(found.verdict, style="green" if found.fits else "red")
    notes(scene.notes)
