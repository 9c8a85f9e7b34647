from pathlib import Path

import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.files import open_file


def test_opens_and_closes(folder):
    (folder / "x").write_bytes(b"abc")
    with open_file(folder / "x") as file:
        assert file.read() == b"abc"
    assert file.closed


def test_explains_refusals(folder, monkeypatch):
    with pytest.raises(EngineError, match="There is no file") as caught, open_file(folder / "x"):
        pass
    assert caught.value.kind == "not_found"
    with pytest.raises(EngineError, match="is a folder") as caught, open_file(folder):
        pass

    def refuse(self, *args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(EngineError, match="Permission denied") as caught, open_file(folder / "y"):
        pass
    assert caught.value.kind == "no_access"
