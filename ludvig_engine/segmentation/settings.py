"""The numbers of the segmentation: each with its unit, its effect and what it is worth.

`ludvig eval ablation` changes them one at a time and measures what that does to selections from one
click and from one mask; docs/segmentation.md has its table. A number whose change nothing notices
does not belong here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How prompts become a segment.

    Scores and likelihoods P are in 0..1; λ weighs P in the diffusion (walk.py).
    """

    # ---- what is told apart by what

    # Bandwidth of the feature similarities on the edges, in squared median feature distances. A
    # wider one lets scores flow over the borders of objects.
    bandwidth: float = 4.0
    # Weight of the position beside the features, in standard deviations of both. At 0 a likeness
    # learned from one side of an object finds everything of its color, wherever it is.
    place: float = 1.6
    # Inverse regularization of the likeness that is learned from the prompts themselves.
    first_C: float = 5.0
    # The same in each round of self-training, whose labels are less certain.
    round_C: float = 0.5
    # The same for the last likeness, which is learned on the Gaussians themselves.
    last_C: float = 5.0
    # Weight of a random sample of the scene, as examples of what is not the object, beside what a
    # prompt says is not.
    background: float = 0.3
    # Least paint that makes a Gaussian an example, as a share of the paint on the Gaussian that has
    # most.
    clear: float = 0.02

    # ---- how scores spread

    # λ, the weight of P against similarities of at most 1. A smaller one lets seeds spread farther
    # along the graph. On the shipped scene, 0.03 costs 6.4 % IoU with one click, and 0.3 costs 1 %.
    prior: float = 0.1
    # The factor on λ for the first diffusion, when P knows only what the prompt shows.
    first: float = 0.1
    # Weight of the clearest evidence, on the same scale as λ: scores under a prompt stay near what
    # it says.
    trust: float = 30.0
    # λ is raised fourfold, again and again, while less than this share of what P selects is left
    # after diffusion: a walk that reaches farther than the object is large dissolves it.
    kept: float = 0.5
    # Steps of the last diffusion, on all Gaussians; it starts from the superpoints' answer.
    last_steps: int = 8

    # ---- how often it is learned again, and which reading of a prompt is taken

    # Rounds of learning P from the two parts that the diffusion before gave. On the shipped scene,
    # one round costs 1.1 % IoU with one click, and six rounds change nothing.
    rounds: int = 3
    # A round needs that many Gaussians on either side.
    fewest: int = 20
    # Where readings of a prompt as a part begin: shares of the way from Li's threshold, which is
    # wide, to the highest score. The other two readings begin at Otsu's threshold and half way from
    # Otsu's to Li's.
    narrower: tuple[float, ...] = (0.4, 0.6)
    # Penalty per relative extent: an answer as large as the scene needs a gap between its scores
    # that is larger by this.
    extent: float = 0.3
    # Penalty for reading a prompt as a part, and for each time λ was raised, on the same scale.
    doubt: float = 0.1

    # ---- clicks and strokes, which are read as nested groups (nesting.py, strokes.py)

    # How much longer a feature distance becomes by a concave crease of 1 (about 60 degrees).
    concave: float = 3.0
    # The power of (surface of the smaller group / contact) in the cost of a merge: two groups that
    # touch along much of the smaller one merge first. Without it, the best group around a click is
    # worse by .10 IoU.
    compact: float = 0.3
    # The usual share of the scene that a thing has, and how many e-folds from that are unusual.
    # Without it, one click in the middle of a thing finds .015 IoU less.
    usual: float = 0.05
    unusual: float = 2.5
    # How many e-folds likelier a first click means a group that all that is learned from it is
    # nearly the same as. On the tuning scenes, one click finds .736 at 0, .753 at 2 and .729 at 8.
    votes: float = 2.0
    # Nothing that is larger than this share of the scene is meant by a click, unless the scene is
    # one thing with nothing around it (`Picture.alone`). Without this, jumble loses .087 IoU after
    # ten clicks, and the other tuning scenes that were tried nothing.
    most: float = 0.6
    # The share of clicks that are put in the middle of what they mean, with a density that grows
    # with this power of the depth, 1 in the very middle; the others are anywhere in it. On four
    # tuning scenes, a first click in the middle of a thing and one anywhere in it find groups of
    # .84 and .69 IoU at 0.7, and of .83 and .74 at 0.3. At 1, clicks anywhere find .44 on two.
    careful: float = 0.7
    middle: float = 12.0
    # A correction takes a group in which it is at least this deep; otherwise it moves the border.
    # Without it, 4 % instead of none of the corrections do harm.
    clear_group: float = 0.5
    # A click that is closer to the border than this share of the selection's depth corrects the
    # border only, if the group that it means is mostly elsewhere.
    rim: float = 0.2
    # Weight of the selection, as λ, in the diffusion from strokes that move its border.
    pull: float = 0.3

    # ---- what no prompt's picture shows (completing.py, labeling.py)

    # Least that pictures show of a Gaussian for it to be seen clearly, as a share of what they show
    # of the usual one (the mean, weighted by the same).
    seen_clearly: float = 0.3
    # How pure superpoints and groups are that are one thing: of what is seen of them, this share is
    # on one side of the object's border.
    pure: float = 0.95
    # How likely a superpoint that is not seen is the object, as far as nothing else is known of it.
    # At 0.5, unseen walls join what stands before them: masks of the tuning scenes find 86.6
    # instead of 89.6.
    unseen: float = 0.45
    # The cost of a merge, in median ones, at which it joins two things as often as parts of one.
    border: float = 8.0
    # λ, the weight of the groups' answer in the diffusion from what is seen. On the tuning scenes,
    # five clicks find .017 IoU less at 0.2, and .006 less at 1.
    unseen_prior: float = 0.5


DEFAULT_SETTINGS = Settings()
