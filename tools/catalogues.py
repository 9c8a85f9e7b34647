"""What the catalogues of translations lack, and have in vain: `python tasks.py texts`."""

from __future__ import annotations

import json
from pathlib import Path

from ludvig_blender.translation import po
from tools import texts

FOLDER = texts.ADDON / "translation"


def main() -> None:
    """Print what is missing, and write the catalogues anew: with empty entries for it."""
    for one in texts.composed():
        print(f"{one.place}:{one.line} composes {one.text!r} without `say`")
    wanted = texts.texts()
    for path in sorted(FOLDER.glob("*.po")):
        for problem in problems(path, wanted):
            print(problem)
        path.write_text(written(path, wanted), "utf-8", newline="\n")
    print(f"The user interface has {len(wanted)} texts.")


def problems(path: Path, wanted: dict[str, str]) -> list[str]:
    """What a catalogue lacks, and what it has in vain."""
    known = po.read(path)
    missing = [text for text in wanted if text not in known]
    gone = [text for text in known if text not in wanted]
    return [
        *(f"{path.stem} lacks {text!r}, of {wanted[text]}" for text in missing),
        *(f"{path.stem} has {text!r}, which the extension no longer says" for text in gone),
    ]


def written(path: Path, wanted: dict[str, str]) -> str:
    """A catalogue with exactly these texts, in the order of the source; comments are dropped."""
    known = po.read(path)
    head = f"Language: {path.stem}\nContent-Type: text/plain; charset=UTF-8\n"
    entries = [f'msgid ""\nmsgstr {_quoted(head)}\n']
    for text, place in wanted.items():
        entries.append(
            f"#: {place}\nmsgid {_quoted(text)}\nmsgstr {_quoted(known.get(text, ''))}\n"
        )
    return "\n".join(entries)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
