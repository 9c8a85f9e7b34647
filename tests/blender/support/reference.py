"""3DGS by the book, in float64 NumPy, to compare the viewport's shader with.

It is fast enough for small pictures only.
"""

import numpy as np

C0 = 0.28209479177387814


def render(means, quats, scales, opacities, colors, viewmat, K, width, height, near=0.01):
    """Premultiplied color and alpha (H, W, 4), and depth x alpha (H, W).

    gsplat's conventions: `viewmat` world -> camera with OpenCV axes, `K` in pixels with centers at
    +0.5, blur 0.3 px², alpha at most 0.99 and at least 1/255, slopes clamped 0.3 tan(fov/2) beyond
    the border, stop below 1e-4.
    """
    fx = K[0, 0]
    fy = K[1, 1]
    cx = K[0, 2]
    cy = K[1, 2]
    w, x, y, z = quats.astype(np.float64).T
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]).transpose(2, 0, 1)  # fmt: skip
    axes = turn * scales[:, None, :].astype(np.float64)
    points = means @ viewmat[:3, :3].T + viewmat[:3, 3]
    picture, depth = np.zeros((height, width, 4)), np.zeros((height, width))
    through = np.ones((height, width))
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    for i in np.argsort(points[:, 2], kind="stable"):
        tx, ty, tz = points[i]
        if tz < near:
            continue
        slope_x = np.clip(tx / tz, (-cx - 0.15 * width) / fx, (width - cx + 0.15 * width) / fx)
        slope_y = np.clip(ty / tz, (-cy - 0.15 * height) / fy, (height - cy + 0.15 * height) / fy)
        J = np.array([[fx, 0, -fx * slope_x], [0, fy, -fy * slope_y]]) / tz
        M = J @ viewmat[:3, :3] @ axes[i]
        conic = np.linalg.inv(M @ M.T + 0.3 * np.eye(2))
        dx, dy = u - (fx * tx / tz + cx), v - (fy * ty / tz + cy)
        power = -0.5 * (conic[0, 0] * dx * dx + conic[1, 1] * dy * dy) - conic[0, 1] * dx * dy
        alpha = np.minimum(0.99, opacities[i] * np.exp(power))
        alpha[(alpha < 1 / 255) | (through * (1 - alpha) <= 1e-4)] = 0
        weight = alpha * through
        picture[..., :3] += weight[..., None] * colors[i]
        picture[..., 3] += weight
        depth += weight * tz
        through *= 1 - alpha
    return picture, depth
