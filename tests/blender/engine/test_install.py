"""The engine's environment is really made from the zip, interrupted, repaired and removed."""

import io
import itertools
import json
import os
import re
import stat
import subprocess
import sys
import urllib.request
import zipfile
from importlib.util import find_spec
from pathlib import Path

import bpy
import pytest
from waiting import wait_for

import clouds
from engines import about, installed
from extension import NAME, blender_module
from tools import lock

install = blender_module("ludvig_blender.engine.install")
uv = blender_module("ludvig_blender.engine.uv")
torch_build = blender_module("ludvig_blender.engine.torch_build")
settings = blender_module("ludvig_blender.engine.settings")
TORCH = "2.13.0"
EngineError = blender_module("ludvig_engine.errors").EngineError
Cancelled = blender_module("ludvig_engine.errors").Cancelled


class Watch:
    """Collects what is reported; cancels at a stage."""

    def __init__(self, cancel_at=""):
        self.stages, self.cancel_at = [], cancel_at
        self.bytes = []

    def report(self, stage, done, total):
        assert 0 <= done <= total
        self.stages.append(stage)

    def report_bytes(self, stage, done, total):
        assert 0 <= done <= (total or done)
        self.stages.append(stage)
        self.bytes.append((done, total))

    def check(self):
        if self.cancel_at and self.stages and self.cancel_at in self.stages[-1]:
            raise Cancelled


FAKE = """#!{python}
import pathlib, sys, time
arguments = sys.argv[1:]
print("fake uv", *arguments, flush=True)
if arguments[0] == "venv":
    for name in ("bin/python", "Scripts/python.exe"):  # of Linux and of Windows
        python = pathlib.Path(arguments[-1], name)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text('#!/bin/sh\\necho "$2 keeps $NUMBA_CACHE_DIR"\\n')
        python.chmod(0o755)
elif arguments[1] == "compile" and "{trouble}" != "fail":
    large = "nvidia-cublas==13.1.1.3\\n" if "{trouble}" == "large" else ""
    pathlib.Path(arguments[-1]).write_text(large + "torch=={torch}\\n", "utf-8")
elif "{trouble}" == "fail":
    print("error: no such package on the index", file=sys.stderr)
    sys.exit(2)
elif "{trouble}" == "slow":
    time.sleep(6000)
elif "{trouble}" == "grow":
    pathlib.Path("cache").mkdir(exist_ok=True)
    pathlib.Path("cache", "package").write_bytes(bytes(3_000_000))
    time.sleep(6000)
"""


@pytest.fixture(autouse=True)
def space(tmp_path, monkeypatch):
    """A disk with room for everything, whatever this one has."""
    usage = install.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda path: usage._replace(free=10**12))


@pytest.fixture
def fake_uv(tmp_path, monkeypatch):
    if os.name == "nt":
        pytest.skip("the stand-in for uv is a script")

    def make(trouble=""):
        program = tmp_path / "bin" / "uv"
        program.parent.mkdir(exist_ok=True)
        program.write_text(FAKE.format(python=sys.executable, trouble=trouble, torch=TORCH))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(uv, "find", lambda folder: program)

    make()
    return make


def test_the_marker_comes_last(tmp_path, fake_uv):
    made = install.Installation(tmp_path / "Großer Spaß ß 目录")
    assert made.state == "none"
    watch = Watch()
    made.install(watch, learned=False)
    assert made.state == "complete" and not made.learned
    assert list(dict.fromkeys(watch.stages)) == [
        "Making the environment", "Installing the engine's packages", "Trying the engine",
        "Compiling the engine",
    ]  # fmt: skip
    assert "--require-hashes" in made.log.read_text("utf-8")
    made.remove()
    assert made.state == "none" and not made.folder.exists()


def test_it_compiles_outside_of_what_an_update_replaces(tmp_path, fake_uv, monkeypatch):
    """Where the engine looks for it later, unless the user has chosen a folder."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    made, watch = install.Installation(tmp_path / "engine"), Watch()
    made.install(watch, learned=False)
    said = made.log.read_text("utf-8")
    assert f"ludvig_engine.service.first_run keeps {tmp_path / 'kernels'}" in said
    assert made.state == "complete" and made.folder not in (tmp_path / "kernels").parents
    extension = Path(install.__file__).parents[2]
    kept = Path(settings.environment()["NUMBA_CACHE_DIR"])
    assert kept.parent == settings.folder().parent and extension not in kept.parents
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "own"))
    assert settings.environment()["NUMBA_CACHE_DIR"] == str(tmp_path / "own")


def test_compiling_can_be_canceled(tmp_path, fake_uv):
    made = install.Installation(tmp_path / "engine")
    with pytest.raises(Cancelled):
        made.install(Watch(cancel_at="Compiling"), learned=False)
    assert made.state == "incomplete"


def test_what_fails_is_incomplete_and_can_be_mended(tmp_path, fake_uv):
    made = install.Installation(tmp_path / "engine")
    made.install(Watch(), learned=False)
    fake_uv("fail")
    with pytest.raises(EngineError) as caught:
        made.install(Watch(), learned=False)
    assert (
        caught.value.kind == "install_failed"
        and "no such package on the index" in caught.value.message
    )
    assert made.state == "incomplete"
    fake_uv()
    made.install(Watch(), learned=False)
    assert made.state == "complete"


def test_cancelling_waits_for_nothing_and_leaves_no_process(tmp_path, fake_uv):
    fake_uv("slow")
    made, watch = install.Installation(tmp_path / "engine"), Watch(cancel_at="packages")
    with pytest.raises(Cancelled):
        made.install(watch, learned=False)
    assert made.state == "incomplete"
    if Path("/proc").is_dir():
        running = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists()]
        assert not any(str(tmp_path).encode() in command for command in running)


def test_the_bar_counts_the_bytes_that_are_there(tmp_path, fake_uv, monkeypatch):
    fake_uv("grow")
    monkeypatch.setattr(install, "CORE_SIZE", 10_000_000)
    watch = Watch()
    clock = blender_module("ludvig_blender.engine.runner").time
    now = itertools.count()  # looks at every check
    monkeypatch.setattr(clock, "monotonic", lambda: 10 * next(now))
    # A look may come while the file is still being written.
    watch.check = lambda: watch.bytes and watch.bytes[-1][0] >= 3_000_000 and cancel()

    def cancel():
        raise Cancelled

    with pytest.raises(Cancelled):
        install.Installation(tmp_path / "engine").install(watch, learned=False)
    assert watch.bytes[0] == (0, 20_000_000)
    done, total = watch.bytes[-1]
    assert 3_000_000 <= done < 3_100_000 and total == 20_000_000


@pytest.mark.parametrize("trouble", ["slow", "fail"])
def test_after_an_interruption_there_are_repair_and_remove(tmp_path, fake_uv, monkeypatch, trouble):
    pump = blender_module("ludvig_blender.engine.pump")
    panel = blender_module("ludvig_blender.ui.engine_panel")
    operators = blender_module("ludvig_blender.operators.installing")
    made = install.Installation(tmp_path / "engine")
    monkeypatch.setattr(settings, "folder", lambda: made.folder)
    settings.look()
    assert settings.state() == "none"  # as the panel asks while nothing is there
    fake_uv(trouble)
    task = pump.start(operators.installing(made, learned=False), failed=lambda error: None)
    assert wait_for(lambda: made.log.exists() and b" pip " in made.log.read_bytes(), pump.tick)
    if trouble == "slow":
        task.cancel()
    assert wait_for(lambda: task.done, pump.tick)
    assert task.error.kind == ("cancelled" if trouble == "slow" else "install_failed")
    assert settings.state() == "incomplete"
    assert panel.INSTALL[settings.state()] == "Repair..."
    made.remove()
    settings.look()
    assert settings.state() == "none"
    monkeypatch.undo()
    settings.look()


def test_an_older_one_is_outdated_and_a_lost_python_is_seen(tmp_path, fake_uv):
    made = install.Installation(tmp_path / "engine")
    made.install(Watch(), learned=False)
    marker = made.folder / "complete.json"
    whole = marker.read_text()
    marker.write_text(json.dumps({"requirements": "others", "learned": False}))
    assert made.state == "outdated"
    marker.write_text(whole)
    made.python.unlink()
    assert made.state == "incomplete"


def test_no_space_is_told_before_anything_is_done(tmp_path, fake_uv, monkeypatch):
    usage = install.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    watch = Watch()
    with pytest.raises(EngineError) as caught:
        install.Installation(tmp_path / "engine").install(watch, learned=True)
    assert caught.value.kind == "no_space" and not watch.stages


NONE = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_TORCH_BACKEND", *uv.FROM_PIP)


@pytest.fixture
def no_index(monkeypatch):
    """A computer where nobody has set an index."""
    for name in NONE:
        monkeypatch.delenv(name, raising=False)


def test_settings_of_pip_are_handed_on(no_index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://studio.example/simple")
    assert uv.environment()["UV_DEFAULT_INDEX"] == "https://studio.example/simple"


def computer(monkeypatch, system="linux", driver=0, amd=False):
    monkeypatch.setattr(torch_build.system.sys, "platform", system)
    monkeypatch.setattr(torch_build, "nvidia_driver", lambda: driver)
    monkeypatch.setattr(torch_build.Path, "exists", lambda path: amd and str(path) == "/dev/kfd")


@pytest.mark.parametrize(
    "system, driver, amd, environment, backend, known, large",
    [
        ("linux", 0, False, {}, "cpu", True, False),
        ("linux", 580, False, {}, "", True, True),
        ("linux", 575, False, {}, "auto", False, True),
        ("linux", 0, True, {}, "auto", False, True),
        ("win32", 0, False, {}, "", True, False),
        ("win32", 591, False, {}, "cu130", True, True),
        ("win32", 552, False, {}, "auto", False, True),
        ("darwin", 0, False, {}, "", True, False),
        # A studio's index has what the studio wants, with a GPU or not: at most the large build.
        ("linux", 0, False, {"UV_DEFAULT_INDEX": "https://a.example"}, "", False, True),
        ("win32", 591, False, {"UV_INDEX": "https://a.example"}, "", False, True),
        ("darwin", 0, False, {"UV_INDEX": "https://a.example"}, "", False, False),
        ("linux", 0, False, {"UV_FIND_LINKS": ""}, "cpu", True, False),
        ("linux", 591, False, {"UV_TORCH_BACKEND": "cu126"}, "cu126", False, True),
        ("linux", 591, False, {"UV_TORCH_BACKEND": "cpu"}, "cpu", False, False),
    ],
)
def test_the_build_of_pytorch(system, driver, amd, environment, backend, known, large, monkeypatch):
    computer(monkeypatch, system, driver, amd)
    build = torch_build.choose(environment)
    size = torch_build.LARGE if large else torch_build.SMALL
    assert (build.backend, build.known, build.size) == (backend, known, size)
    if build.known:
        text = build.requirement.read_text("utf-8")
        assert f"torch=={TORCH}+{backend} " in text if backend else f"torch=={TORCH} " in text
        assert build.arguments[0] == "--require-hashes"
    else:
        assert build.arguments == [f"torch=={TORCH}"]


@pytest.mark.parametrize("system, driver", [("linux", 0), ("linux", 591), ("win32", 591)])
def test_everything_is_installed_with_hashes(
    system, driver, tmp_path, fake_uv, no_index, monkeypatch
):
    computer(monkeypatch, system, driver)
    monkeypatch.setattr(install, "obstacle", lambda: "")
    made = install.Installation(tmp_path / "engine")
    made.install(Watch(), learned=True)
    log = made.log.read_text("utf-8")
    commands = [line for line in log.splitlines() if line.startswith("fake uv pip install")]
    assert len(commands) == 3 and all("--require-hashes" in line for line in commands), log
    assert ("--python >=3.12,<3.15" in log) == (system == "win32")


def test_what_has_no_known_hash_is_pinned(tmp_path, fake_uv, no_index, monkeypatch):
    computer(monkeypatch, "linux", 552)
    made = install.Installation(tmp_path / "engine")
    made.install(Watch(), learned=True)
    lines = made.log.read_text("utf-8").splitlines()
    last = [line for line in lines if line.startswith("fake uv pip install")][-1]
    assert f" torch=={TORCH} " in last and "--require-hashes" not in last


@pytest.mark.parametrize(
    "packages, large",
    [
        ("sympy==1.14.0\ntorch==2.13.0+cpu\n", False),
        ("torch==2.13.0\n", False),
        ("torch==2.13.0 ; sys_platform == 'linux'\n", False),
        ("nvidia-cublas==13.1.1.3\ntorch==2.13.0\n", True),
        ("torch==2.13.0+cu130\n", True),
        ("torch==2.13.0+rocm6.4 \\\n    --hash=sha256:0\n", True),
    ],
)
def test_the_size_of_what_an_index_offers(packages, large):
    assert torch_build.resolved_size(packages) == (
        torch_build.LARGE if large else torch_build.SMALL
    )


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("gigabytes", [4, 13])
def test_a_studios_index_is_asked_before_pytorch_is_downloaded(
    large, gigabytes, tmp_path, fake_uv, no_index, monkeypatch
):
    """The small build needs 3 GB while it is installed, the large one 12.2."""
    monkeypatch.setenv("UV_INDEX", "https://studio.example/simple")
    monkeypatch.setattr(torch_build.system.sys, "platform", "linux")
    fake_uv("large" if large else "")
    usage = install.shutil.disk_usage(tmp_path)
    free = usage._replace(free=gigabytes * 10**9)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda path: free)
    made, watch = install.Installation(tmp_path / "engine"), Watch()
    if large and gigabytes == 4:
        with pytest.raises(EngineError, match=r"needs 12\.2 GB") as caught:
            made.install(watch, learned=True)
        assert caught.value.kind == "no_space"
        assert "Installing PyTorch" not in watch.stages and made.state == "incomplete"
        return
    made.install(watch, learned=True)
    assert made.state == "complete"
    total = 2 * (torch_build.LARGE if large else torch_build.SMALL)
    assert total in {total for _, total in watch.bytes}


def wheel(index, name, requirement=""):
    """A wheel with nothing in it, on a package index in a folder."""
    project, version, *_ = name.split("-")
    described = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
    described += f"Requires-Dist: {requirement}\n" if requirement else ""
    made = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    folder = index / project.replace("_", "-")
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(f'<a href="{name}.whl">{name}.whl</a>')
    with zipfile.ZipFile(folder / f"{name}.whl", "w") as archive:
        inside = f"{project}-{version}.dist-info"
        archive.writestr(f"{inside}/METADATA", described)
        archive.writestr(f"{inside}/WHEEL", made)
        archive.writestr(f"{inside}/RECORD", "")


@pytest.mark.parametrize("large", [False, True])
def test_uv_says_what_an_index_offers(large, tmp_path, uv_program, no_index, monkeypatch):
    index = tmp_path / "index"
    wheel(index, f"torch-{TORCH}-py3-none-any", "nvidia-cublas" if large else "sympy")
    wheel(index, "nvidia_cublas-13.1.1.3-py3-none-any")
    wheel(index, "sympy-1.14.0-py3-none-any")
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.as_uri())
    made = install.Installation(tmp_path / "engine")
    made.folder.mkdir()
    run = install.Runner(made.folder, made.log, Watch())
    run([uv_program, "venv", made.folder / "venv"], "Making the environment")
    size = made._offered(run, uv_program)
    assert size == (torch_build.LARGE if large else torch_build.SMALL)


@pytest.mark.parametrize(
    "name, value",
    [
        ("PIP_INDEX_URL", "http://studio.example/simple"),
        ("UV_DEFAULT_INDEX", "http://studio.example/simple"),
        ("UV_INDEX", "https://a.example studio=http://studio.example/simple"),
        ("UV_FIND_LINKS", "/opt/wheels,http://studio.example/wheels"),
        ("UV_EXTRA_INDEX_URL", "http://user:secret@studio.example/simple"),
    ],
)
def test_an_index_over_plain_http_is_refused(name, value, tmp_path, fake_uv, no_index, monkeypatch):
    monkeypatch.setenv(name, value)
    watch = Watch()
    with pytest.raises(EngineError, match=r"is http://studio\.example, but") as caught:
        install.Installation(tmp_path / "engine").install(watch, learned=False)
    assert caught.value.kind == "insecure" and not watch.stages
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["https://a.example/simple", "http://127.0.0.1:9/simple", "a=https://a.example", "/x"]
)
def test_indexes_that_are_asked(value, no_index, monkeypatch):
    monkeypatch.setenv("UV_INDEX", value)
    uv.check_indexes()


@pytest.mark.parametrize(
    "system, machine, macos, refused",
    [
        ("linux", "x86_64", "", False),
        ("linux", "aarch64", "", True),
        ("win32", "AMD64", "", False),
        ("win32", "ARM64", "", True),
        ("darwin", "arm64", "14.5", False),
        ("darwin", "arm64", "13.6.1", True),
        ("darwin", "x86_64", "15.0", True),
    ],
)
def test_a_computer_without_packages_is_told_first(
    system, machine, macos, refused, tmp_path, fake_uv, no_index, monkeypatch
):
    monkeypatch.setattr(install.system.sys, "platform", system)
    monkeypatch.setattr(install.system.platform, "machine", lambda: machine)
    monkeypatch.setattr(install.system.platform, "mac_ver", lambda: (macos, ("", "", ""), machine))
    assert bool(install.obstacle()) == refused
    if not refused:
        return
    watch = Watch()
    with pytest.raises(EngineError, match="Nothing was downloaded") as caught:
        install.Installation(tmp_path / "engine").install(watch, learned=False)
    assert caught.value.kind == "unsupported" and not watch.stages
    assert not (tmp_path / "engine").exists()
    assert not bpy.ops.ludvig.install_engine.poll()


def test_uv_in_the_current_folder_is_not_run(tmp_path, monkeypatch):
    program = tmp_path / uv.system.program("uv")
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", os.pathsep.join(["", "."]))
    assert uv.find(tmp_path / "engine") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert uv.find(tmp_path / "engine") == program


class Answer(io.BytesIO):
    """What `web.get` returns, with a content of our own."""

    def __init__(self, content):
        super().__init__(content)
        self.headers = {}


@pytest.mark.parametrize(
    "index", [b"<html>", b"{}", b"[]", b'{"files": [{}]}', b'{"files": []}', b'{"files": 3}']
)
def test_an_index_that_answers_nonsense(index, tmp_path, no_index, monkeypatch):
    monkeypatch.setattr(uv.web, "get", lambda *_: Answer(index))
    with pytest.raises(EngineError, match="could not be downloaded") as caught:
        uv.fetch(tmp_path, lambda *_: None)
    assert caught.value.kind == "no_network" and not any(tmp_path.iterdir())


@pytest.mark.parametrize("address", ["https://files.example/uv.whl", "../../files/uv.whl"])
def test_an_endless_download_ends(address, tmp_path, no_index, monkeypatch):
    """And addresses may be relative to the index's page."""
    wheel = uv.WHEELS[uv.system.kind()]
    name = f"uv-{uv.VERSION}-py3-none-{wheel.platform}.whl"
    index = json.dumps({"files": [{"filename": name, "url": address}]}).encode()
    asked = []

    def get(url, headers, secret):
        asked.append(url)
        return Answer(index if url.endswith("/uv/") else bytes(3_000_000))

    monkeypatch.setattr(uv.web, "get", get)
    monkeypatch.setattr(uv, "LARGEST", 1_000_000)
    with pytest.raises(EngineError, match="more than 1,000,000 bytes came"):
        uv.fetch(tmp_path, lambda *_: None)
    assert not any(tmp_path.iterdir()) and asked[1].endswith("/uv.whl")
    assert asked[1].startswith(("https://files.example/", "https://pypi.org/"))


FILES = sorted(install.CORE.parent.glob("requirements*.txt"))


def blocks(path):
    """The text of each requirement of a file."""
    return re.findall(r"^[a-z].*\n(?: .*\n)*", path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_requirements_are_pinned_and_hashed(path):
    assert len(blocks(path)) >= 1
    for block in blocks(path):
        assert re.match(r"[a-z0-9-]+==[\w.+]+( ; .*)? \\\n", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\s", block), block
    # Names of wheels and their hashes stand above the requirement that has these hashes.
    text = path.read_text("utf-8")
    for digest in re.findall(r"^# (\w{64}) torch-", text, re.MULTILINE):
        assert f"--hash=sha256:{digest}" in text


def test_all_files_have_the_same_versions():
    seen = {}
    for path in FILES:
        for line in (block.splitlines()[0].removesuffix(" \\") for block in blocks(path)):
            name, _, version = line.partition(" ;")[0].partition("==")
            marker = line.partition(" ;")[2]
            if name == "torch":
                assert version.partition("+")[0] == TORCH
            else:
                assert seen.setdefault((name, marker), version) == version, line


@pytest.mark.parametrize(
    "build, pythons, system",
    [
        ("cpu", ("311", "312", "313", "314"), "manylinux_2_28_x86_64"),
        ("cu130", ("312", "313", "314"), "win_amd64"),
    ],
)
def test_pytorchs_own_builds_have_a_hash_for_each_python(build, pythons, system):
    text = (install.CORE.parent / f"requirements-torch-{build}.txt").read_text("utf-8")
    for python in pythons:
        assert f" torch-{TORCH}+{build}-cp{python}-cp{python}-{system}.whl\n" in text


def test_offline_the_button_says_so():
    before = bpy.app.online_access
    bpy.context.preferences.system.use_online_access = False
    try:
        assert not bpy.app.online_access
        assert not bpy.ops.ludvig.install_engine.poll()
        assert not bpy.ops.ludvig.fetch_model.poll()
    finally:
        bpy.context.preferences.system.use_online_access = before


# ---- for real


def index():
    """Skips, loudly, if the package index cannot be reached."""
    address = uv.environment().get("UV_DEFAULT_INDEX", uv.INDEX)
    try:
        urllib.request.urlopen(f"{address}/uv/", timeout=10).close()
    except OSError as error:
        pytest.skip(
            f"NOT TESTED: installing the engine for real, as {address} is not reachable ({error})"
        )


@pytest.fixture
def online():
    index()
    system = bpy.context.preferences.system
    before, system.use_online_access = system.use_online_access, True
    yield
    system.use_online_access = before


@pytest.fixture(scope="module")
def uv_program(tmp_path_factory):
    index()
    return uv.find(Path()) or uv.fetch(tmp_path_factory.mktemp("uv"), lambda *_: None)


def test_uv_is_fetched_and_verified(tmp_path, online, monkeypatch):
    seen = []
    program = uv.fetch(tmp_path, lambda done, total: seen.append((done, total)))
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert uv.VERSION in said and seen[-1][0] == seen[-1][1] > 10_000_000
    assert uv.find(tmp_path)
    key = uv.system.kind()
    monkeypatch.setitem(uv.WHEELS, key, uv.Wheel(uv.WHEELS[key].platform, "0" * 64))
    with pytest.raises(EngineError) as caught:
        uv.fetch(tmp_path / "other", lambda *_: None)
    assert caught.value.kind == "wrong_hash" and not any((tmp_path / "other").iterdir())


# Systems by uv's names and the version of macOS, and by what Python says of itself.
SYSTEMS = {
    ("x86_64-manylinux_2_28", ""): ("linux", "x86_64", ""),
    ("aarch64-manylinux_2_28", ""): ("linux", "aarch64", ""),
    ("x86_64-pc-windows-msvc", ""): ("win32", "AMD64", ""),
    ("aarch64-pc-windows-msvc", ""): ("win32", "ARM64", ""),
    ("aarch64-apple-darwin", "14.0"): ("darwin", "arm64", "14.0"),
    ("aarch64-apple-darwin", "13.0"): ("darwin", "arm64", "13.0"),
    ("x86_64-apple-darwin", "15.0"): ("darwin", "x86_64", "15.0"),
}


@pytest.mark.parametrize("platform", lock.PLATFORMS, ids=" ".join)
def test_what_is_said_before_downloading_is_what_the_index_has(
    platform, online, uv_program, monkeypatch
):
    """uv resolves all requirements for a system: without fail exactly where nothing is said."""
    why = lock.lacking(*platform, "3.12", uv_program)
    name, machine, macos = SYSTEMS[platform]
    monkeypatch.setattr(install.system.sys, "platform", name)
    monkeypatch.setattr(install.system.platform, "machine", lambda: machine)
    monkeypatch.setattr(install.system.platform, "mac_ver", lambda: (macos, ("", "", ""), machine))
    assert bool(why) == bool(install.obstacle()), why
    assert not why or "pycolmap" in why or "llvmlite" in why


def test_without_a_network_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    with pytest.raises(EngineError) as caught:
        uv.fetch(tmp_path, lambda *_: None)
    assert caught.value.kind == "no_network" and "network" in caught.value.fixes[0].text


def test_install_engine_and_use_it(online, tmp_path):
    """The button installs the environment, the engine opens a scene, and removal leaves nothing."""
    engine = blender_module("ludvig_blender.engine.link")
    methods = blender_module("ludvig_engine.wire.methods")
    assert settings.state() == "none"
    if find_spec("numba"):  # or else the installation compiles for a minute
        import kept_kernels

        kernels = Path(settings.environment()["NUMBA_CACHE_DIR"])
        kept_kernels.copy(installed() / "ludvig_engine", kernels)
    try:
        assert bpy.ops.ludvig.install_engine(learned=False) == {"FINISHED"}
        assert settings.state() == "complete" and engine.state() == "running"
        made = install.Installation(settings.folder())
        told = install.CORE_SIZE
        assert 0.6 * told < made.size < 1.4 * told, (
            f"{made.size / 1e6:.0f} MB, not {told / 1e6:.0f}"
        )
        assert not (made.folder / "cache").exists()
        # The engine's code is the extension's.
        process = engine.connection().client.process
        if Path("/proc").is_dir():
            environment = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
            (path,) = [value for value in environment if value.startswith(b"PYTHONPATH=")]
            assert NAME.split(".")[-1].encode() in path
        bpy.ops.ludvig.import_splats(filepath=str(clouds.write_ply(tmp_path / "a.ply")))
        scene = engine.wait(about(bpy.context.object).open()).scene
        assert scene.count == 50
        listed = engine.wait(engine.ask(methods.ListFeatures()))
        assert any(info.spec == "colour" and info.ready for info in listed.extractors)
    finally:
        engine.stop(wait=True)
        bpy.ops.ludvig.remove_engine()
    assert settings.state() == "none"


def test_use_existing_python(tmp_path):
    """Any Python that has the packages will do; the error about another quotes what it says."""
    engine = blender_module("ludvig_blender.engine.link")
    own = settings.get()
    try:
        own.python = str(tmp_path / "none")
        with pytest.raises(EngineError) as caught:
            engine.wait(
                engine.ask(
                    blender_module("ludvig_engine.wire.methods").MemoryInfo(),
                    failed=lambda error: None,
                )
            )
        assert caught.value.kind == "not_installed"
        bare = tmp_path / "bare"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
        own.python = str(bare / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        with pytest.raises(EngineError) as caught:
            engine.wait(
                engine.ask(
                    blender_module("ludvig_engine.wire.methods").MemoryInfo(),
                    failed=lambda error: None,
                )
            )
        assert (
            caught.value.kind == "engine_failed" and "ModuleNotFoundError" in caught.value.message
        )
        assert any(fix.action == "show_log" for fix in caught.value.fixes)
    finally:
        own.python = ""
        engine.stop(wait=True)
