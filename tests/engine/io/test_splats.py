import numpy as np
import pytest
from scipy.spatial import cKDTree

from ludvig_engine.errors import EngineError
from ludvig_engine.io.ply import write_ply
from ludvig_engine.io.quantized import SH_C0
from ludvig_engine.io.splats import read_splats


def test_the_content_counts_not_the_name(folder, make_gaussians, same):
    gaussians = make_gaussians(10)
    for name in ("a.ply", "b.splat", "c", "d.PLY"):
        write_ply(folder / name, gaussians)
        same(read_splats(folder / name).gaussians, gaussians, atol=1e-7)


def test_other_files_are_refused(folder):
    for name, content, match in [
        ("a.ksplat", bytes(100), "a.ksplat cannot be read"),
        ("a.obj", bytes(100), "a.obj is not a splat file"),
        ("a", b"", "a is not a splat file"),
        ("a.ply", bytes(100), "not a PLY"),
        ("a.spz", bytes(100), "not an SPZ file"),
        ("a.sog", bytes(100), "a.sog cannot be read"),
        ("a.splat", bytes(33), "33 bytes"),
    ]:
        (folder / name).write_bytes(content)
        with pytest.raises(EngineError, match=match) as caught:
            read_splats(folder / name)
        assert caught.value.kind == "bad_file"
    for missing in (folder / "nowhere.ply", folder):
        with pytest.raises(EngineError) as caught:
            read_splats(missing)
        assert caught.value.kind == "not_found"


def features(gaussians):
    """Columns to match splats by: positions repeat, and some formats reorder the rows."""
    return np.column_stack(
        [gaussians.means * 1000, 3 * np.log(gaussians.scales + 1e-9), 3 * gaussians.sh0[:, 0]]
    )


@pytest.mark.parametrize(
    ("name", "position", "log_scale", "opacity", "color"),
    [
        ("banana.splat", 1e-6, 1e-6, 0.004, 0.01),
        ("banana.compressed.ply", 1e-3, 5e-3, 0.003, 0.005),
        ("banana_v3.spz", 2e-4, 0.04, 0.003, 0.02),
        ("banana_v4.spz", 2e-4, 0.04, 0.003, 0.02),
        ("banana_sh0.sog", 4e-4, 0.04, 0.006, 0.01),
    ],
)
def test_one_scene_in_every_format(data, name, position, log_scale, opacity, color):
    """splat-transform converted the scene: nine of ten splats are as near as the format allows."""
    if "v4" in name:
        pytest.importorskip(
            "zstandard", reason="zstandard is not installed: SPZ version 4 is not tested"
        )
    reference = read_splats(data / "banana/gs/point_cloud.ply").gaussians
    splats = read_splats(data / "formats/banana_all_formats" / name)
    got = splats.gaussians
    assert len(got) == 79_988 and splats.valid.all()
    wanted = reference.take(cKDTree(features(reference)).query(features(got))[1])
    errors = {
        "position": (np.abs(got.means - wanted.means).max(1), position),
        "log scale": (np.abs(np.log(got.scales / wanted.scales)).max(1), log_scale),
        "opacity": (np.abs(got.opacities - wanted.opacities), opacity),
        "color": (SH_C0 * np.abs(got.sh0 - wanted.sh0).max((1, 2)), color),
        "rotation": (1 - np.abs((got.quats * wanted.quats).sum(1)), 2e-4),
    }
    for what, (error, bound) in errors.items():
        assert np.percentile(error, 90) < bound, what
    if got.sh_degree:
        assert got.sh_degree == 3
        # The sign may change with the axes. SPZ keeps only 4 bits.
        for k in range(15):
            assert np.corrcoef(got.shN[:, k].ravel(), wanted.shN[:, k].ravel())[0, 1] > 0.2


def summary(path):
    """The table an independent decoder made: column -> (min, max, median, mean)."""
    rows = [
        line.strip("| \n").split("|")
        for line in path.read_text("utf-8").splitlines()
        if line.startswith("| ")
    ]
    return {row[0].strip(): [float(cell) for cell in row[1:5]] for row in rows[1:]}


@pytest.mark.parametrize(
    "name",
    [
        "biker.compressed.ply",
        "guitar.compressed.ply",
        "biker.spz",
        "sog_playbot_2_0",
        "sog_playcanvas-logo",
    ],
)
def test_scenes_of_others_as_another_decoder_reads_them(data, name):
    if name == "biker.spz":
        pytest.importorskip(
            "zstandard", reason="zstandard is not installed: SPZ version 4 is not tested"
        )
    folder = data / "formats/playcanvas"
    got = read_splats(folder / name).gaussians
    table = summary(
        folder / (f"{name}_meta.json.summary.txt" if "sog" in name else f"{name}.summary.txt")
    )
    columns = {axis: got.means[:, i] for i, axis in enumerate("xyz")}
    columns |= {f"rot_{i}": got.quats[:, i] for i in range(4)} | {
        f"scale_{i}": got.scales[:, i] for i in range(3)
    }
    columns |= {f"f_dc_{i}": 0.5 + SH_C0 * got.sh0[:, 0, i] for i in range(3)}
    for column, values in columns.items():
        low, high, median, mean = table[column]
        found = [values.min(), values.max(), np.median(values)] + (
            [values.mean()] if column in "xyz" else []
        )
        np.testing.assert_allclose(
            found, [low, high, median, mean][: len(found)], rtol=2e-4, atol=2e-5, err_msg=column
        )
    translucent = got.opacities[got.opacities < 1]  # it leaves out infinite logits
    found = [translucent.min(), np.median(translucent)]
    np.testing.assert_allclose(found, [table["opacity"][i] for i in (0, 2)], rtol=1e-4)
