"""The cache finds entries again, is bounded and shared, and never returns damaged ones."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from ludvig_engine.cache import store as cache_module
from ludvig_engine.cache.store import Cache, default_folder, key, key_of_array

ARRAYS = {
    "features": np.arange(12, dtype=np.float32).reshape(3, 4),
    "seen": np.array([True, False, True]),
}
NAME = key("test", 1, {})


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def same(a, b) -> bool:
    return a.keys() == b.keys() and all(
        a[n].dtype == b[n].dtype and np.array_equal(a[n], b[n]) and a[n].shape == b[n].shape
        for n in a
    )


def files(cache) -> list:
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


def test_what_is_put_is_found(cache):
    assert cache.get(NAME) is None
    cache.put(NAME, ARRAYS, about="three Gaussians")
    assert same(cache.get(NAME), ARRAYS)
    assert same(Cache(cache.folder).get(NAME), ARRAYS)
    assert same(safetensors.numpy.load_file(files(cache)[0]), ARRAYS)  # any tool can look into it
    odd = {
        "none": np.zeros((0, 3), np.float32),
        "one": np.array(2.0),
        "strided": np.arange(10)[::3],
        "half": np.float16([1]),
    }
    cache.put(key("odd", 1, {}), odd)
    assert same(cache.get(key("odd", 1, {})), odd)
    cache.put(key("empty", 1, {}), {})
    assert cache.get(key("empty", 1, {})) == {}


def test_made_once(cache):
    made = []
    for _ in range(3):
        assert same(cache.get_or(NAME, lambda: made.append(1) or ARRAYS), ARRAYS)
    assert made == [1]


@given(
    st.dictionaries(st.text(), st.integers() | st.text() | st.booleans() | st.none()), st.randoms()
)
def test_keys_do_not_depend_on_the_order_of_parameters(params, source):
    items = list(params.items())
    source.shuffle(items)
    assert key("stage", 1, params) == key("stage", 1, dict(items))


def test_keys_depend_on_everything_else():
    keys = [
        key("stage", 1, {"a": 1}),
        key("stages", 1, {"a": 1}),
        key("stage", 2, {"a": 1}),
        key("stage", 1, {"a": 2}),
        key("stage", 1, {"a": "1"}),
        key("stage", 1, {"b": 1}),
        key("stage", 1, {"a": 1}, "x"),
        key("stage", 1, {"a": 1}, "x", "y"),
        key("stage", 1, {"a": 1}, "xy"),
        key_of_array(np.zeros(4)),
        key_of_array(np.zeros((2, 2))),
        key_of_array(np.zeros(4, np.int64)),
        key_of_array(np.ones(4)),
    ]
    assert len(set(keys)) == len(keys)
    with pytest.raises(ValueError, match="JSON"):
        key("stage", 1, float("nan"))
    with pytest.raises(TypeError):
        key("stage", 1, np.zeros(3))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "", "/etc/passwd", NAME.upper(), NAME + "0", NAME[:-1] + "\n"]
)
def test_a_key_is_never_a_path(cache, name):
    for use in cache.get, lambda name: cache.put(name, ARRAYS):
        with pytest.raises(ValueError, match="is not a key"):
            use(name)
    assert not cache.folder.exists()


def damage(data: bytes, how: str) -> bytes:
    half = len(data) // 2
    return {
        "empty": b"",
        "truncated": data[:half],
        "last byte missing": data[:-1],
        "longer": data + b"\0",
        # What a power cut leaves of a file that was not flushed.
        "zeros at the end": data[:-16] + bytes(16),
        "all zeros": bytes(len(data)),
        "one bit": data[:-3] + bytes([data[-3] ^ 16]) + data[-2:],
        "another dtype": data.replace(b'"F32"', b'"I32"'),
        "another shape": data.replace(b"[3,4]", b"[4,3]"),
        "another name": data.replace(b'"seen"', b'"been"'),
        "not a frame": b"PK\3\4" + data,
        "pickle": b"\x80\x04cos\nsystem\n(S'echo'\ntR.",
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        *("empty", "truncated", "last byte missing", "longer", "zeros at the end", "all zeros"),
        *("one bit", "another dtype", "another shape", "another name", "not a frame", "pickle"),
    ],
)
def test_a_damaged_entry_is_dropped_and_made_again(cache, how, caplog):
    cache.put(NAME, ARRAYS)
    [path] = files(cache)
    intact = path.read_bytes()
    path.write_bytes(damage(intact, how))
    assert path.read_bytes() != intact
    assert cache.get(NAME) is None
    assert not path.exists()
    assert "damaged" in caplog.text
    assert same(cache.get_or(NAME, lambda: ARRAYS), ARRAYS)
    assert path.read_bytes() == intact


def test_an_entry_under_the_wrong_name_is_not_believed(cache):
    cache.put(NAME, ARRAYS)
    other = cache._path(key("test", 2, {}))
    other.parent.mkdir(exist_ok=True)
    files(cache)[0].rename(other)
    assert cache.get(key("test", 2, {})) is None


def test_the_longest_unused_goes_first(tmp_path):
    cache = Cache(tmp_path, limit=10 * 4200)
    names = [key("step", 1, n) for n in range(20)]
    payload = {"a": np.zeros(1000, np.float32)}
    for n, name in enumerate(names[:9]):
        cache.put(name, payload)
        os.utime(cache._path(name), (1000 + n, 1000 + n))
    # This entry is used now, so the next oldest has to go.
    assert cache.get(names[0])
    for name in names[9:12]:
        cache.put(name, payload)
    assert cache.usage().size <= cache.limit
    kept = [n for n, name in enumerate(names) if cache._path(name).exists()]
    assert 0 in kept and 11 in kept
    assert 1 not in kept
    assert kept[1:] == list(range(kept[1], 12))
    assert cache.usage().entries == len(kept)


def test_the_limit_holds_over_many_entries_and_engines(tmp_path):
    caches = [Cache(tmp_path, limit=50_000), Cache(tmp_path, limit=50_000)]
    for n in range(100):
        caches[n % 2].put(key("step", 1, n), {"a": np.zeros(500, np.float32)})
        # Each counts what it adds itself, and looks at the whole folder now and then.
        assert caches[0].usage().size <= 2 * 50_000
    assert caches[1].usage().size > 20_000


def test_clearing_takes_what_is_ours_only(cache):
    mine = cache.folder / "ab" / "holiday.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    for n in range(5):
        cache.put(key("step", 1, n), ARRAYS)
    size = cache.usage().size
    assert cache.clear() == size > 0
    assert files(cache) == [mine]
    assert cache.usage().entries == 0
    assert cache.clear() == 0


def test_what_a_killed_engine_left_is_swept_up(cache):
    cache.put(NAME, ARRAYS)
    old, new = (
        cache._path(NAME).with_name(".ludvig-1.safetensors"),
        cache._path(NAME).with_name(".ludvig-2.safetensors"),
    )
    for path in old, new:
        path.write_bytes(b"half")
    os.utime(old, (1000, 1000))
    assert cache.usage().entries == 1
    assert not old.exists()
    assert new.exists()  # another engine may be writing it just now


def test_a_full_disk_costs_no_result_and_is_told_once(tmp_path):
    """On a real full disk if the test may mount one, else on a simulated one."""
    notes = []
    full = tmp_path / "full"
    full.mkdir()
    mounted = (
        sys.platform == "linux"
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(full)],
            capture_output=True,
            check=False,
        ).returncode
    )
    try:
        with pytest.MonkeyPatch.context() as patch:
            if not mounted:
                usage = type("usage", (), {"free": 0})
                patch.setattr("shutil.disk_usage", lambda path: usage)
            cache = Cache(full / "cache", note=notes.append)
            for n in range(6):
                found = cache.get_or(
                    key("step", 1, n), lambda n=n: {"a": np.full(100_000, n, np.float32)}
                )
                assert found["a"][-1] == n
        assert len(notes) == 1
        assert "disk is full" in notes[0] and "not kept" in notes[0]
        # There is no half-written file.
        assert not [path for path in files(cache) if path.name.startswith(".")]
        for path in files(cache):
            assert cache.get(path.stem) is not None
        assert len(files(cache)) == (2 if mounted else 0)
    finally:
        if mounted:
            subprocess.run(["umount", str(full)], check=True)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    notes = []
    cache = Cache(tmp_path / "file" / "cache", note=notes.append)
    assert same(cache.get_or(NAME, lambda: ARRAYS), ARRAYS)
    assert len(notes) == 1


def test_threads_and_processes_may_share_a_folder(tmp_path):
    """Two processes with two threads each write and read the same entries during eviction."""
    script = """
import sys, threading, numpy as np
from pathlib import Path
from ludvig_engine.cache.store import Cache, key
cache = Cache(Path(sys.argv[1]), limit=200_000)
wrong = []
def use():
    for round in range(4):
        for n in range(40):
            found = cache.get_or(key("shared", 1, n), lambda: {"a": np.full(2000, n, np.float32)})
            if not (found["a"] == n).all():
                wrong.append(n)
threads = [threading.Thread(target=use) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
sys.exit(bool(wrong))
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        _, log = process.communicate(timeout=60)
        assert process.returncode == 0, log
        assert "damaged" not in log
    assert not [path for path in files(Cache(tmp_path)) if path.name.startswith(".")]


def test_a_file_is_known_by_its_content(cache, tmp_path, monkeypatch):
    a, b = tmp_path / "a.jpg", tmp_path / "größer 目录.jpg"
    a.write_bytes(b"photo" * 1000)
    b.write_bytes(b"photo" * 1000)
    for path in a, b:
        os.utime(path, (1000, 1000))
    first = cache.key_of_file(a)
    assert cache.key_of_file(b) == first
    assert len(files(cache)) == 2

    reads = []
    monkeypatch.setattr(
        cache_module.hashlib,
        "file_digest",
        lambda *a: reads.append(a) or (_ for _ in ()).throw(OSError),
    )
    # The file is not read again, not even by the next engine.
    assert Cache(cache.folder).key_of_file(a) == first
    monkeypatch.undo()
    assert reads == []

    a.write_bytes(b"Photo" * 1000)
    os.utime(a, (1001, 1001))
    assert cache.key_of_file(a) != first


def test_a_file_that_has_just_changed_is_not_trusted_to_show_it(cache, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"1")
    now = time.time()
    os.utime(path, (now, now))
    first = cache.key_of_file(path)
    path.write_bytes(b"2")
    os.utime(path, (now, now))  # the same size and time
    assert cache.key_of_file(path) != first


def test_the_default_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("LUDVIG_CACHE", str(tmp_path / "here"))
    assert Cache().folder == tmp_path / "here"
    monkeypatch.delenv("LUDVIG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache_module.system.sys, "platform", "linux")
    assert default_folder() == tmp_path / "ludvig"


def test_checking_costs_less_than_a_cryptographic_hash(cache):
    data = {"a": np.ones(8_000_000, np.float32)}

    def seconds(act) -> float:
        start = time.thread_time()
        act()
        return time.thread_time() - start

    checking = min(seconds(lambda: cache_module._checksum(data)) for _ in range(3))
    hashing = min(seconds(lambda: hashlib.blake2b(data["a"]).digest()) for _ in range(3))
    assert checking < hashing


def test_two_threads_adding_at_once_count_right(tmp_path):
    cache = Cache(tmp_path)
    cache.put(NAME, ARRAYS)  # from here on it adds up
    threads = [
        threading.Thread(target=lambda t=t: [cache.put(key("t", t, n), ARRAYS) for n in range(20)])
        for t in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache._size == cache.usage().size
