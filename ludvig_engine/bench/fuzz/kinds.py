"""The kinds of files that users give, one row each: a valid one, and what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ...cache.store import Cache, key
from ...eval.scannet import read_labels, read_texts
from ...features import load_extractor
from ...io.load import load_scene
from ...io.photos import read_photo
from ...io.result import read_result
from ...io.views import load_views
from ...scene import Camera, Photo, View
from ...segmentation import painting
from . import other_seeds, splat_seeds

Files = Mapping[str, bytes]
_ENTRY = key("fuzz", 1, ["an entry"])


@dataclass(frozen=True)
class Kind:
    """A kind of files."""

    name: str
    files: Callable[[], Files]  # names in a folder, and contents
    read: Callable[[Path], object]  # reads the folder
    mutated: tuple[str, ...] = ()  # the files that are damaged; none: any of them
    # Packs the damaged files, so that the damage is found behind a checksum.
    pack: Callable[[Files], Files] | None = None


def kinds() -> dict[str, Kind]:
    """All kinds, by name."""
    rows = [*_splats(), *_cameras(), *_images(), *_arrays()]
    return {row.name: row for row in rows}


def _splats() -> list[Kind]:
    s = splat_seeds
    plain: dict[str, tuple[str, Callable[[], bytes]]] = {
        "PLY": ("a.ply", partial(s.ply, s.USUAL)),
        "PLY, big endian": ("a.ply", partial(s.ply, s.USUAL, ">")),
        "PLY, text": ("a.ply", partial(s.ply, s.USUAL, "")),
        "PLY, two scales": ("a.ply", partial(s.ply, s.FLAT)),
        "PLY, filter_3D": ("a.ply", partial(s.ply, s.MIP)),
        "PLY, red green blue": ("a.ply", partial(s.ply, s.RGB)),
        "PLY, gzipped": ("a.ply.gz", lambda: s.gzipped(s.ply(s.USUAL))),
        "PLY in a zip": ("a.zip", lambda: s.zipped({"a.ply": s.ply(s.USUAL)})),
        "compressed PLY": ("a.compressed.ply", s.compressed_ply),
        ".splat": ("a.splat", s.splat),
        ".spz version 2": ("a.spz", partial(s.spz, 2)),
        ".spz version 3": ("a.spz", partial(s.spz, 3)),
        ".spz, gzipped": ("a.spz", lambda: s.gzipped(s.spz(3))),
        ".sog": ("a.sog", lambda: s.zipped(s.sog(2))),
    }
    if find_spec("zstandard"):
        plain[".spz version 4"] = ("a.spz", partial(s.spz, 4))
    rows = [
        Kind(name, partial(_one, file, make), partial(_read_splats, file))
        for name, (file, make) in plain.items()
    ]
    for version in (1, 2):
        parts = partial(s.sog, version)
        rows += [Kind(f".sog version {version}, unpacked", parts, partial(_read_splats, ""))]
        pack = lambda files: {"a.sog": s.zipped(files)}  # noqa: E731 - shorter than a function
        inside = partial(_read_splats, "a.sog")
        rows += [Kind(f".sog version {version}, inside", parts, inside, pack=pack)]
    for level in (0, 1, 2):
        pack = lambda files: {"a.ksplat": s.headed(files)}  # noqa: E731 - as above
        inside = partial(_read_splats, "a.ksplat")
        rows += [Kind(f".ksplat level {level}", partial(s.ksplat, level), inside, pack=pack)]
    inside = partial(_read_splats, "a.ply.gz")
    pack = lambda files: {"a.ply.gz": s.gzipped(files["a.ply"])}  # noqa: E731 - as above
    make = partial(_one, "a.ply", partial(s.ply, s.USUAL))
    return [*rows, Kind("PLY, gzipped, inside", make, inside, pack=pack)]


def _cameras() -> list[Kind]:
    o = other_seeds
    photos = {f"images/{name}": o.photo() for name in o.PHOTOS}
    colmap = {"bin": o.colmap_bin(), "text": o.colmap_text()}
    rows = [
        Kind(f"COLMAP, {name}", partial(_with, photos, model, "sparse/0/"), _read_views, mutated)
        for name, model in colmap.items()
        for mutated in [tuple(f"sparse/0/{file}" for file in model)]
    ]
    for name, file, content in (
        ("transforms.json", "transforms.json", o.transforms()),
        ("cameras.json", "cameras.json", o.cameras_json()),
    ):
        rows += [Kind(name, partial(_with, photos, {file: content}), _read_views, (file,))]
    both = {"transforms.json": o.transforms(), "dataparser_transforms.json": o.dataparser()}
    mutated = ("dataparser_transforms.json",)
    return [
        *rows,
        Kind("dataparser_transforms.json", partial(_with, photos, both), _read_views, mutated),
    ]


def _images() -> list[Kind]:
    o = other_seeds
    cameras = {"transforms.json": o.transforms(), "images/b.png": o.photo()}
    rows = []
    for name, format_, mode in (
        *(
            ("PNG", "PNG", "RGB"),
            ("PNG with alpha", "PNG", "RGBA"),
            ("PNG with a palette", "PNG", "P"),
        ),
        *(("JPEG", "JPEG", "RGB"), ("WebP", "WEBP", "RGB"), ("TIFF", "TIFF", "RGB")),
    ):
        files = {**cameras, "images/a.png": o.photo(format_, mode)}
        rows += [Kind(f"photo, {name}", partial(dict, files), _read_views, ("images/a.png",))]
    for name, content, read in (
        ("mask", o.mask(), painting.photo_mask),
        ("scribble", o.scribble(), painting.photo_scribble),
    ):
        rows += [Kind(name, partial(dict, {"m.png": content}), partial(_paint, read))]
    return rows


def _arrays() -> list[Kind]:
    o = other_seeds
    maps = {
        "map, .npy": ("a.npy", o.npy()),
        "map, .npz": ("a.npz", o.npz()),
        "map, .png": ("a.png", o.photo()),
    }
    rows = [
        Kind(name, partial(dict, {file: content}), _read_map)
        for name, (file, content) in maps.items()
    ]
    labels = splat_seeds.ply(("x", "y", "z", "label"))
    for name, file, content, read in (
        ("result", "a.safetensors", o.result(), read_result),
        ("class embeddings", "a.json", o.texts(), read_texts),
        ("ScanNet labels", "a.ply", labels, read_labels),
    ):
        rows += [Kind(name, partial(dict, {file: content}), partial(_read_file, read, file))]
    return [*rows, Kind("cache entry", _cache_entry, lambda folder: Cache(folder).get(_ENTRY))]


def _one(name: str, make: Callable[[], bytes]) -> Files:
    return {name: make()}


def _with(photos: Files, cameras: Files, place: str = "") -> Files:
    return {**photos, **{place + name: content for name, content in cameras.items()}}


def _read_splats(name: str, folder: Path) -> None:
    scene = load_scene(folder / name)
    # What gets through must be what a scan can have.
    assert len(scene), "no splats"
    for array in vars(scene.gaussians).values():
        assert np.isfinite(array).all() and (np.abs(array) <= 1e15).all(), "absurd values"
    assert (scene.gaussians.scales >= 0).all(), "negative scales"


def _read_views(folder: Path) -> None:
    views, _ = load_views(folder, need_photos=False)
    for view in views[:4]:
        assert np.isfinite(view.camera.viewmat).all() and np.isfinite(view.camera.K).all(), "NaN"
        if view.photo:
            pixels = read_photo(view).pixels
            assert pixels.shape == (view.camera.height, view.camera.width, 3), "another shape"


def _read_file(read: Callable[[Path], object], name: str, folder: Path) -> object:
    return read(folder / name)


def _paint(read: Callable[[View, Path], object], folder: Path) -> object:
    return read(_view(), folder / "m.png")


def _read_map(folder: Path) -> None:
    pixels = np.zeros((other_seeds.HEIGHT, other_seeds.WIDTH, 3), np.float32)
    assert np.isfinite(load_extractor(f"files:{folder}", device="cpu")(Photo("a", pixels))).all()


def _view() -> View:
    K = np.array([[30.0, 0, 16], [0, 30, 12], [0, 0, 1]])
    camera = Camera(np.eye(4), K, other_seeds.WIDTH, other_seeds.HEIGHT)
    return View("a", camera, photo_size=(other_seeds.WIDTH, other_seeds.HEIGHT))


def _cache_entry() -> Files:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        cache = Cache(Path(place))
        cache.put(_ENTRY, {"values": np.arange(60, dtype=np.float32)}, about="a test")
        return {
            str(path.relative_to(place).as_posix()): path.read_bytes()
            for path in Path(place).rglob("*.safetensors")
        }
