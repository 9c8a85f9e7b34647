"""Which commit of each hub repository is fetched, and the hash that its weights must have.

The hashes were published by people who use these commits. Each was found in two independent places
or more, but for that of sam-huge, which one project states. For a row without a hash, the hub's own
at the first download is taken on trust; `ludvig.json` beside the weights says so, and records it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """A commit of a repository, and its weights."""

    commit: str
    sha256: str = ""  # "": no hash is published
    size: int = 0  # bytes; 0: not known beforehand
    name: str = "model.safetensors"


# By the model's id. There is no row for tips: of it neither a commit nor a hash is published, so
# that its newest commit is fetched.
PINS = {
    "dinov2-small": Pin("0d9846e56b43a21fa46d7f3f5070f0506a5795a9"),
    "dinov2-base": Pin(
        "a1d738ccfa7ae170945f210395d99dde8adb1805",
        "7a6f7b3b9fa4b8732e707476a03cd6cdce210048582f21aafb7991c17d98e362",
    ),
    "dinov2-large": Pin(
        "e4c89a4e05589de9b3e188688a303d0f3c04d0f3",
        "edccedab2c4e164e80833096de89a32a6e8d7365870499a066a61dbc8894b42b",
    ),
    "dinov2-giant": Pin(
        "8d0d49f77fb8b5dd78842496ff14afe7dd4d85cb",
        "c03832d44691e99b62ae28c4dfa2f134853a3614b3756c94f525109cce5a5051",
        4546030112,
    ),
    "dinov3-small": Pin(
        "114c1379950215c8b35dfcd4e90a5c251dde0d32",
        "4610ad75edef83e75afdebf162d148dc628045ea6cbb83d67d4708c709c4f91d",
        86406384,
    ),
    "dinov3-base": Pin(
        "5931719e67bbdb9737e363e781fb0c67687896bc",
        "9a21ac3df0c63839d62612dda6f454d816c25611cc7a52966ed5a5a94921dc8b",
        342662192,
    ),
    "dinov3-large": Pin(
        "ea8dc2863c51be0a264bab82070e3e8836b02d51",
        "dcb2e45127cccbf1601e5f42fef165eea275c8e5213197e8dcf3f48822718179",
        1212559808,
    ),
    # This commit has no safetensors. What torch saved is read as weights only.
    "clip": Pin(
        "57c216476eefef5ab752ec549e440a49ae4ae5f3",
        "ec89c7b09c749a60aae3c9cd910516f24b58214a7df060b48962d14c469cfbf0",
        598641023,
        "pytorch_model.bin",
    ),
    "clip-laion": Pin("7288da5a0d6f0b51c4a2b27c624837a9236d0112"),
    "siglip2": Pin(
        "3f9f96cb90da5dbc758b01813f2f6f1aee24c1ab",
        "6125cacc01fa93bdc98a0c5101cefcd69b2ed1f8ab4f38d86f4ad5984f5dc863",
        1500985224,
    ),
    "sam": Pin(
        "70c1a07f894ebb5b307fd9eaaee97b9dfc16068f",
        "892c410e496344e527255ccdcb2cb7244a609acb5389c7c4fdba1288f861c579",
        374979480,
    ),
    "sam-huge": Pin(
        "87aecf0df4ce6b30cd7de76e87673c49644bdf67",
        "edfb0462392541fca9af44ff039bfb32dbd0c939997f3abb77a26e23af7afd7c",
    ),
    "sam2-tiny": Pin(
        "de431c4043854a71d8101e17995dfe596bf101a5",
        "48c14467e5cf9e51870511feb72c89688e82dd74523142c0538b663e193ac2a7",
        155908064,
    ),
    "sam2-small": Pin(
        "ee5bba1d82bb8749febdf90f45e84b687142ba03",
        "0a4067b11ce1e23d5229203f11c718a823060d15a4b23fa2372a7d4b77cbbc60",
        184305280,
    ),
    "sam2-base": Pin(
        "b7320756a13354e7530a63935656d35b2f91a290",
        "2012733a0de5d03efd1bba550a2847c4551be9ef2e0d497c83074df66189f780",
        323476296,
    ),
    "sam2-large": Pin(
        "665f8e2ad61cf5f53d65644ff27c8ee525124610",
        "dc407dce21301fd94abb395c5099b4f2c455fdc8a8f261ac3d0ea6d4cd197230",
        897897416,
    ),
    "sam3": Pin(
        "3c879f39826c281e95690f02c7821c4de09afae7",
        "6d06f0a5f84e435071fe6603e61d0b4cc7b40e0d39d487cfd4d67d8cc11cc14a",
        3439938512,
    ),
}
