"""Files are packed here by https://developer.playcanvas.com/user-manual/gaussian-splatting/formats/sog"""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.io.sog import read_sog
from ludvig_engine.io.splats import read_splats

WIDTH = 20


def webp(values):
    """Rows of 4 bytes as an image of WIDTH columns, padded."""
    padded = np.zeros((-(-len(values) // WIDTH) * WIDTH, 4), np.uint8)
    padded[: len(values)] = values
    out = io.BytesIO()
    Image.fromarray(padded.reshape(-1, WIDTH, 4)).save(out, "WEBP", lossless=True, exact=True)
    return out.getvalue()


def opaque(values):
    return np.column_stack([values, np.full(len(values), 255)])


def encode(gaussians, version):
    """The parts by name. Codebooks are 256 even steps; the palette has an entry for every splat."""
    n, s = gaussians.shN.shape[:2]
    parts, meta = {}, {"version": 2, "count": n} if version == 2 else {}

    def quantize(values, part):
        """To bytes, and how to get back: by a codebook, or by ranges."""
        low, high = values.min(), values.max()
        meta[part] = {"codebook": np.linspace(low, high, 256).tolist()}
        if version == 1:
            low, high = (values.min(0), values.max(0)) if part != "shN" else (low, high)
            meta[part] = {"mins": np.asarray(low).tolist(), "maxs": np.asarray(high).tolist()}
        return np.round((values - low) / (high - low) * 255)

    stretched = np.sign(gaussians.means) * np.log1p(np.abs(gaussians.means))
    low, high = stretched.min(0), stretched.max(0)
    words = np.round((stretched - low) / (high - low) * 65535).astype(np.int64)
    meta["means"] = {
        "mins": low.tolist(),
        "maxs": high.tolist(),
        "files": ["means_l.webp", "means_u.webp"],
    }
    if version == 1:
        meta["means"]["shape"] = [n, 3]
    parts["means_l.webp"], parts["means_u.webp"] = (
        webp(opaque(words & 255)),
        webp(opaque(words >> 8)),
    )
    largest = np.abs(gaussians.quats).argmax(1)
    signs = np.sign(gaussians.quats[np.arange(n), largest])[:, None]
    three = np.stack(
        [np.delete(q, i) for q, i in zip(gaussians.quats * signs, largest, strict=True)]
    )
    parts["quats.webp"] = webp(
        np.column_stack([np.round((three / np.sqrt(2) + 0.5) * 255), 252 + largest])
    )
    meta["quats"] = {"files": ["quats.webp"]}
    parts["scales.webp"] = webp(opaque(quantize(np.log(gaussians.scales), "scales")))
    meta["scales"]["files"] = ["scales.webp"]
    if version == 2:
        alphas = np.round(gaussians.opacities * 255)
        parts["sh0.webp"] = webp(np.column_stack([quantize(gaussians.sh0[:, 0], "sh0"), alphas]))
    else:
        logits = np.log(gaussians.opacities / (1 - gaussians.opacities))
        parts["sh0.webp"] = webp(quantize(np.column_stack([gaussians.sh0[:, 0], logits]), "sh0"))
    meta["sh0"]["files"] = ["sh0.webp"]
    if s:
        # Splat i uses entry order[i] of the palette.
        order = np.random.default_rng(0).permutation(n)
        palette = np.zeros((-(-n // 64) * 64, s, 3))
        palette[order] = gaussians.shN
        pixels = quantize(palette, "shN").astype(np.uint8).reshape(-1, 64 * s, 3)
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "WEBP", lossless=True)
        parts["shN_centroids.webp"] = out.getvalue()
        parts["shN_labels.webp"] = webp(
            opaque(np.column_stack([order & 255, order >> 8, np.zeros(n)]))
        )
        meta["shN"]["files"] = ["shN_centroids.webp", "shN_labels.webp"]
    parts["meta.json"] = json.dumps(meta).encode()
    return parts


def save_folder(folder, parts):
    folder.mkdir(exist_ok=True)
    for name, content in parts.items():
        (folder / name).write_bytes(content)


def save_zip(path, parts):
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in parts.items():
            bundle.writestr(name, content)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("degree", range(4))
def test_round_trip(folder, make_gaussians, version, degree):
    gaussians = make_gaussians(1010, degree)  # not a whole number of rows
    parts = encode(gaussians, version)
    save_folder(folder / "scene", parts)
    save_zip(folder / "a.sog", parts)
    for path in (folder / "scene", folder / "scene/meta.json", folder / "a.sog"):
        splats = read_sog(path)
        got = splats.gaussians
        assert splats.valid.all() and got.sh_degree == degree
        np.testing.assert_allclose(got.means, gaussians.means, atol=1e-3)
        spans = [
            np.ptp(np.log(gaussians.scales)),
            np.ptp(gaussians.sh0),
            np.ptp(gaussians.shN) if degree else 0,
        ]
        np.testing.assert_allclose(
            np.log(got.scales), np.log(gaussians.scales), atol=spans[0] / 255 * 0.51
        )
        np.testing.assert_allclose(got.sh0, gaussians.sh0, atol=spans[1] / 255 * 0.51)
        np.testing.assert_allclose(got.shN, gaussians.shN, atol=spans[2] / 255 * 0.51)
        np.testing.assert_allclose(
            got.opacities, gaussians.opacities, atol=0.51 / 255 if version == 2 else 0.01
        )
        assert np.abs((got.quats * gaussians.quats).sum(1)).min() > 0.9999


def test_damaged_files_are_explained(tmp_path, make_gaussians):
    parts = encode(make_gaussians(100, 1), 2)

    def refused(path):
        with pytest.raises(EngineError) as caught:
            read_sog(path)
        assert caught.value.kind in ("bad_file", "not_found") and caught.value.fixes

    save_zip(tmp_path / "a.sog", parts)
    whole = (tmp_path / "a.sog").read_bytes()
    for length in range(0, len(whole), 501):
        (tmp_path / "b.sog").write_bytes(whole[:length])
        refused(tmp_path / "b.sog")
    for name in parts:
        for content in (None, b"", parts[name][:30], bytes(100)):
            save_folder(tmp_path / "scene", parts)
            (tmp_path / "scene" / name).unlink() if content is None else (
                tmp_path / "scene" / name
            ).write_bytes(content)
            refused(tmp_path / "scene")
        shutil.rmtree(tmp_path / "scene")
        save_zip(
            tmp_path / "b.sog", {key: content for key, content in parts.items() if key != name}
        )
        refused(tmp_path / "b.sog")
    meta = json.loads(parts["meta.json"])
    for change in (
        *({"count": 5000}, {"count": 0}, {"count": "x"}, {"sh0": {}}, {"means": 5}),
        {"quats": meta["sh0"]},
        {"scales": {**meta["scales"], "codebook": [1, 2]}},
    ):
        save_folder(
            tmp_path / "scene", {**parts, "meta.json": json.dumps({**meta, **change}).encode()}
        )
        refused(tmp_path / "scene")


def test_a_folder_that_was_zipped_as_a_whole(folder, make_gaussians):
    parts = encode(make_gaussians(100, 1), 2)
    save_zip(folder / "a.sog", parts)
    save_zip(folder / "b.zip", {f"my scene/{name}": content for name, content in parts.items()})
    for name in ("means", "shN"):
        np.testing.assert_array_equal(
            getattr(read_splats(folder / "b.zip").gaussians, name),
            getattr(read_sog(folder / "a.sog").gaussians, name),
        )


@pytest.mark.parametrize(
    ("chosen", "said"),
    [("meta.json", r"^meta\.json is not"), ("", r"^The meta\.json of scan is not")],
)
def test_damaged_json_is_named_once(tmp_path, chosen, said):
    (tmp_path / "scan").mkdir()
    (tmp_path / "scan/meta.json").write_text('{"version": 2,')
    with pytest.raises(EngineError, match=said):
        read_sog(tmp_path / "scan" / chosen)


def test_bombs_are_refused_before_they_are_unpacked(tmp_path, make_gaussians, monkeypatch):
    """Images of few bytes and many pixels, members that unpack to gigabytes, endless brackets."""
    parts = encode(make_gaussians(100, 1), 2)
    meta = json.loads(parts["meta.json"])
    out = io.BytesIO()
    Image.new("1", (13300, 13300)).save(out, "PNG")
    for change, match in [
        ({"means_l.webp": out.getvalue()}, "has 13,300 x 13,300 pixels"),
        ({"shN_centroids.webp": out.getvalue()}, "has 13,300 x 13,300 pixels"),
        ({"meta.json": b"[" * 100_000}, "not valid JSON"),
        ({"meta.json": json.dumps({**meta, "count": 10**8}).encode()}, "do not hold 100,000,000"),
        ({"meta.json": b'{"count": NaN}'}, "do not hold nan"),
        ({"meta.json": bytes(1 << 25)}, "unpacks to 34 MB"),
    ]:
        with zipfile.ZipFile(tmp_path / "a.sog", "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, content in {**parts, **change}.items():
                bundle.writestr(name, content)
        decoded = []
        with monkeypatch.context() as patch:
            patch.setattr(Image.Image, "convert", lambda *a, d=decoded, **k: d.append(a) or 1 / 0)
            with pytest.raises(EngineError) as caught:
                read_sog(tmp_path / "a.sog")
        if "shN" in "".join(change):  # the other images come first
            assert decoded
            with pytest.raises(EngineError) as caught:
                read_sog(tmp_path / "a.sog")
        else:
            assert not decoded
        assert match in caught.value.message


def test_files_outside_the_folder_are_not_read(tmp_path, make_gaussians):
    parts = encode(make_gaussians(100, 0), 2)
    meta = json.loads(parts["meta.json"])
    meta["quats"]["files"] = ["../secret.webp"]
    (tmp_path / "secret.webp").write_bytes(parts.pop("quats.webp"))
    save_folder(tmp_path / "scene", {**parts, "meta.json": json.dumps(meta).encode()})
    with pytest.raises(EngineError, match=r"no file .*scene/secret\.webp"):
        read_sog(tmp_path / "scene")


def test_what_is_missing_or_unknown_is_named(tmp_path, make_gaussians):
    parts = encode(make_gaussians(100, 0), 2)
    meta = json.loads(parts["meta.json"])
    for change, match in [
        ({"quats.webp": None}, "it has no quats.webp"),
        ({"quats.webp": b"hello"}, "quats.webp is neither a WebP nor a PNG image"),
        ({"meta.json": json.dumps({**meta, "version": 99}).encode()}, "of version 99"),
        ({"meta.json": b'{"frames": []}'}, "has no splats"),
        ({"meta.json": b'[{"id": 0}]'}, "has no splats"),
    ]:
        changed = {**parts, **change}
        save_zip(tmp_path / "a.sog", {n: c for n, c in changed.items() if c is not None})
        with pytest.raises(EngineError, match=match):
            read_sog(tmp_path / "a.sog")


def test_another_json_is_not_taken_for_the_meta_json_beside_it(tmp_path, make_gaussians):
    save_folder(tmp_path / "scene", encode(make_gaussians(100, 0), 2))
    (tmp_path / "scene/transforms.json").write_text('{"frames": []}')
    assert len(read_sog(tmp_path / "scene/meta.json").gaussians) == 100
    with pytest.raises(EngineError, match=r"transforms.json has no splats.*meta.json of a SOG"):
        read_sog(tmp_path / "scene/transforms.json")
