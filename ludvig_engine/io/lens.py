"""Photos through real lenses: the pinhole camera that covers a photo, and the mapping between them.

The lens models themselves are COLMAP's (pycolmap). They are polynomials that go astray far from the
center: beyond the photo they may fold back into it, beyond 90 degrees pycolmap returns the pixel
unchanged, and Newton's method may fail. So a ray counts only if it projects back to the pixel that
it came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..arrays import Array, Bool, Float, Shaped
from .shots import Intrinsics, UnusableCamera, limited

# The part of a photo's width or height that a lens must cover. Real ones cover more than 0.6; with
# less, a photo would be handled at many times the limit on its pinhole camera.
_SMALLEST = 0.25
# Every so many pixels it is tested whether a ray projects back, which takes ten times as long as
# projecting it: 5 s for a photo with a thin prism lens. Lenses fail in areas, not in single pixels.
_STEP = 4


@dataclass(frozen=True)
class Lens:
    """A distorted photo of `photo_size` pixels, and the pinhole camera that shows all of it.

    Both have about the same number of pixels per degree in the center, so images can be mapped in
    either direction without aliasing. Files of other sizes are resized to `photo_size` first.
    """

    # As the camera file gives it, for the size that the file states.
    distorted: Intrinsics
    photo_size: tuple[int, int]  # width, height
    pinhole: Intrinsics

    @classmethod
    def covering(
        cls, distorted: Intrinsics, size: tuple[int, int], max_size: int | None = None
    ) -> Lens:
        """The lens of a photo of `size`, and a pinhole camera that covers it.

        If the long side of the pinhole camera would exceed `max_size` pixels, both are scaled down
        together. The pinhole camera reaches at most half a photo beyond each border, which is 72
        degrees off axis for a 180 degree fisheye, whose full picture would be infinite. Raises
        `EngineError` "bad_file" if the model has no ray for any pixel.
        """
        scale = np.array(size) / distorted.size
        borders = [np.linspace(0, n, 65) for n in distorted.size]
        rays = _rays(distorted, np.stack(np.meshgrid(*borders), -1).reshape(-1, 2))
        if np.isnan(rays).all():
            raise UnusableCamera(
                f"{distorted.model} with {_numbers(distorted)} has no ray for any of its pixels",
                "Calibrate the camera again.",
            )
        focal, center = distorted.K[[0, 1], [0, 1]] * scale, distorted.K[:2, 2] * scale
        low = np.maximum(np.nanmin(rays, 0) * focal, -center - np.array(size) / 2)
        high = np.minimum(np.nanmax(rays, 0) * focal, -center + np.array(size) * 1.5)
        full = np.ceil(high - low).astype(int)
        if min(full / size) < _SMALLEST:
            raise UnusableCamera(
                f"{distorted.model} with {_numbers(distorted)} has rays for hardly any of its "
                "pixels",
                "Calibrate the camera again.",
            )
        width, height = limited((int(full[0]), int(full[1])), max_size)
        down = np.array([width, height]) / full
        params = (*(focal * down).tolist(), *(-low * down).tolist())
        photo_size = tuple(max(1, round(n * d)) for n, d in zip(size, down.tolist(), strict=True))
        return cls(
            distorted, (photo_size[0], photo_size[1]), Intrinsics("PINHOLE", params, width, height)
        )

    def to_pinhole(self, xy: Float[Array, "P 2"]) -> Float[Array, "P 2"]:
        """Points of the photo in the pinhole camera, in pixels; NaN where the lens model fails."""
        fx, fy, cx, cy = self.pinhole.params
        return _rays(self.distorted, xy * self._scale) * (fx, fy) + (cx, cy)

    def from_pinhole(self, xy: Float[Array, "P 2"]) -> Float[Array, "P 2"]:
        """Points of the pinhole camera in the photo, in pixels; NaN where the lens model fails."""
        pixels = self.projected(xy)
        pixels[~(np.abs(self.to_pinhole(pixels) - xy) < 0.1).all(1)] = np.nan
        return pixels

    def projected(self, xy: Float[Array, "P 2"]) -> Float[Array, "P 2"]:
        """The same, but where the lens model fails they are anywhere."""
        fx, fy, cx, cy = self.pinhole.params
        return _pixels(self.distorted, (xy - (cx, cy)) / (fx, fy)) / self._scale

    def undistort(
        self, image: Shaped[Array, "h w ..."]
    ) -> tuple[Shaped[Array, "H W ..."], Bool[Array, "H W"]]:
        """An image of `photo_size` in the pinhole camera, and which pixels the photo covers.

        The other pixels are 0.
        """
        return _sample(image, *_map(self, self.pinhole.size))

    def to_photo(self, image: Shaped[Array, "H W ..."]) -> Shaped[Array, "h w ..."]:
        """An image of the pinhole camera in the photo's geometry; 0 outside the pinhole camera."""
        return _sample(image, *_map(self, self.photo_size, to_photo=True))[0]

    @property
    def _scale(self) -> Float[Array, " 2"]:
        return np.array(self.distorted.size) / self.photo_size


def _numbers(distorted: Intrinsics) -> str:
    return ", ".join(f"{value:.6g}" for value in distorted.params)


def _pixels(distorted: Intrinsics, rays: Float[Array, "P 2"]) -> Float[Array, "P 2"]:
    return distorted.colmap().img_from_cam(np.column_stack([rays, np.ones(len(rays))]))


def _rays(distorted: Intrinsics, pixels: Float[Array, "P 2"]) -> Float[Array, "P 2"]:
    """Directions (x/z, y/z) of pixels; NaN where the model has none."""
    rays = distorted.colmap().cam_from_img(np.ascontiguousarray(pixels))
    rays[~(np.abs(_pixels(distorted, rays) - pixels) < 0.1).all(1)] = np.nan
    return rays


# Photos usually share one or two cameras. A map takes 14 MB at 1600 pixels.
@lru_cache(maxsize=4)
def _map(
    lens: Lens, size: tuple[int, int], to_photo: bool = False
) -> tuple[Float[Array, "2 h w"], Bool[Array, "h w"]]:
    """For each pixel of the target its row and column in the source, and whether that is inside."""
    width, height = size
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    centers = np.stack([x.ravel(), y.ravel()], 1)
    source = lens.to_pinhole(centers) if to_photo else lens.projected(centers)
    limit = lens.pinhole.size if to_photo else lens.photo_size
    with np.errstate(invalid="ignore"):
        inside = ((source >= 0) & (source <= limit)).all(1).reshape(height, width)
    if not to_photo:
        inside &= _shown(lens, size)
    rows_columns = np.nan_to_num(source.T[::-1] - 0.5).reshape(2, height, width).astype(np.float32)
    return rows_columns, inside


def _shown(lens: Lens, size: tuple[int, int]) -> Bool[Array, "h w"]:
    """Which pixels of the pinhole camera, of this size, the lens model has in its photo.

    Tested at the corners of cells of `_STEP` pixels; pixels count if all corners of their cell do.
    """
    sides = [max(2, -(-side // _STEP) + 1) for side in size]
    x, y = (np.linspace(0.5, n - 0.5, count) for n, count in zip(size, sides, strict=True))
    corners = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    good = ~np.isnan(lens.from_pinhole(corners)).any(1).reshape(len(y), len(x))
    cells = good[:-1, :-1] & good[1:, :-1] & good[:-1, 1:] & good[1:, 1:]
    columns, rows = (
        np.minimum(np.arange(n) * (count - 1) // max(n - 1, 1), count - 2)
        for n, count in zip(size, sides, strict=True)
    )
    return cells[np.ix_(rows, columns)]


def _sample(
    image: Shaped[Array, ...], rows_columns: Float[Array, "2 h w"], inside: Bool[Array, "h w"]
) -> tuple[Shaped[Array, "h w ..."], Bool[Array, "h w"]]:
    """Sample an image, bilinearly if it is of floats, else by the nearest pixel; 0 outside."""
    # Imported here, because only distorted photos need it, and reading cameras does not.
    from scipy.ndimage import map_coordinates

    order = 1 if image.dtype.kind == "f" else 0
    channels = image.reshape(*image.shape[:2], -1)
    out = np.empty((*inside.shape, channels.shape[2]), image.dtype)
    for channel in range(channels.shape[2]):
        map_coordinates(
            channels[..., channel], rows_columns, out[..., channel], order=order, mode="nearest"
        )
    out[~inside] = 0
    return out.reshape(*inside.shape, *image.shape[2:]), inside
