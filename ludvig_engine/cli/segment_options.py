"""The options of `ludvig segment` beside its prompts: plain tables, so that they cost no time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..features import text_models
from ..paper.names import NAMES
from ..words.vocabulary import NEGATIVES
from .arguments import File

Out = Annotated[
    Path,
    typer.Option(help="Write scores (N) and selected (N) to this .safetensors, in file order"),
    File((".safetensors",)),
]
Keep = Annotated[
    Path | None,
    typer.Option(help="Also write the selected splats to this .ply"),
    File(splats=True),
]
Remove = Annotated[
    Path | None,
    typer.Option(help="Also write the unselected splats to this .ply"),
    File(splats=True),
]
Diffusion = Annotated[
    bool, typer.Option("--diffusion/--no-diffusion", help="Spread the scores along the graph")
]
Threshold = Annotated[
    float | None,
    typer.Option(
        help="Select scores above this, 0..1; default: chosen from the data", min=0, max=1
    ),
]
Reading = Annotated[
    int,
    typer.Option(
        help="How the first click is read: -1 is the next smaller thing around it, 1 the next "
        "larger one, and so on; 0: the best guess"
    ),
]
Guess = Annotated[
    bool, typer.Option("--guess", help="Select the best guess even if the words are not found")
]
Negatives = Annotated[
    list[str] | None,
    typer.Option(help=f"Words for what you do not mean; default: {', '.join(NEGATIVES)}"),
]
Templates = Annotated[
    list[str] | None,
    typer.Option(help='Sentences to put the words in, such as "a photo of a {}"; default: {}'),
]
TextModel = Annotated[
    str, typer.Option(help=f"The model that compares words with photos: auto, {text_models()}")
]
Sam = Annotated[
    str | None,
    typer.Option(help="Outline clicks, boxes and words by sam2, sam, sam3 or sam-pth"),
]
SamViews = Annotated[
    bool,
    typer.Option("--sam-views", help="Segment every photo with that SAM instead of using features"),
]
Config = Annotated[
    str | None,
    typer.Option("--config", help=f"An experiment of LUDVIG's paper: {', '.join(NAMES)}"),
]
