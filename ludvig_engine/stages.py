"""The stages of work that progress reports name, with an id for programs and a text for people.

`for photo in job.track(photos, EXTRACT.of(extractor.name)):` reports "Extracting features (colour)"
to people and the id "extract" to programs, whatever the extractor is.
"""

from __future__ import annotations


class Stage(str):
    """The text of a stage. It is a plain string to code that only shows it; `id` is for programs.

    `name` is the text without details, for places with little room.
    """

    id: str
    name: str

    def __new__(cls, id: str, name: str, detail: str = "") -> Stage:
        stage = super().__new__(cls, f"{name} ({detail})" if detail else name)
        stage.id, stage.name = id, name
        return stage

    def of(self, detail: str) -> Stage:
        """The same stage with a detail in parentheses after its text, such as the extractor's."""
        return Stage(self.id, self.name, detail)

    def reading(self, text: str) -> Stage:
        """The same stage with another text."""
        return Stage(self.id, text)

    @classmethod
    def named(cls, text: str) -> Stage:
        """`text` itself if it is a stage, else a stage of that text with the id "".

        A third-party extractor may report plain strings.
        """
        return text if isinstance(text, Stage) else cls("", text)


START = Stage("start", "Starting")
READ_CAMERAS = Stage("read_cameras", "Reading cameras")
READ_SPLATS = Stage("read_splats", "Reading splats")
COMPARE_PHOTOS = Stage("compare_photos", "Comparing with the photos")
PLAN = Stage("plan", "Planning views")
TRY_SETTINGS = Stage("try_settings", "Trying settings on the photos")
DOWNLOAD = Stage("download", "Downloading")

PREPARE = Stage("prepare", "Preparing")
EXTRACT = Stage("extract", "Extracting features")
READ_FEATURES = Stage("read_features", "Reading features")
TRY_GPU = Stage("try_gpu", "Comparing the GPU with the CPU")
UPLIFT = Stage("uplift", "Uplifting features")
REFINE = Stage("refine", "Refining features")
FIND_FLOATERS = Stage("find_floaters", "Finding floaters")
GRAPH = Stage("graph", "Finding neighbors")
COLOR = Stage("color", "Coloring")

READ_PROMPTS = Stage("read_prompts", "Reading prompts")
SEE_PICTURE = Stage("see_picture", "Looking at the picture")
SEGMENT_PHOTOS = Stage("segment_photos", "Segmenting photos")
SEGMENT_EVERYTHING = Stage("segment_everything", "Segmenting everything")
FIND_WORDS = Stage("find_words", "Finding words")
BANDWIDTHS = Stage("bandwidths", "Searching bandwidths")
DIFFUSE = Stage("diffuse", "Diffusing")
LEARN = Stage("learn", "Learning")
COMPARE_PROMPTS = Stage("compare_prompts", "Comparing with the prompts")
GROUP = Stage("group", "Grouping")
MERGE = Stage("merge", "Merging")
ANSWER = Stage("answer", "Answering")
ENCODE = Stage("encode", "Encoding")

LOOK = Stage("look", "Looking at the object")
SPLIT = Stage("split", "Splitting the border")
FIND_HOLES = Stage("find_holes", "Finding holes")
FILL = Stage("fill", "Filling holes")

RENDER = Stage("render", "Rendering")
DRAW_SHEET = Stage("draw_sheet", "Drawing the sheet")
EVALUATE = Stage("evaluate", "Evaluating")
UPLIFT_SEGMENTS = Stage("uplift_segments", "Uplifting segments")
COMPARE_TRUTH = Stage("compare_truth", "Comparing with the truth")
COMPARE_MASKS = Stage("compare_masks", "Comparing with the exact masks")

STAGES = {stage.id: stage for stage in list(globals().values()) if isinstance(stage, Stage)}
