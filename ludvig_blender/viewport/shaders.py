"""GLSL of the pass that draws splats, built by Blender's `gpu` module for OpenGL, Vulkan and Metal.

It uses only what the Python API has had since Blender 4.2: float textures and a uniform block, but
neither storage buffers nor compute shaders.
"""

from __future__ import annotations

from typing import Literal

import gpu

_UNIFORMS = """
struct SplatUniforms {
  mat4 projection;
  vec4 size;    /* width, height in pixels; focal lengths in pixels */
  vec4 limits;  /* slopes are clamped to these for the Jacobian: x low, high; y low, high */
  vec4 view;    /* nearest depth drawn, 1 if orthographic, 1 to draw what is nearer than the limits
                   of pixels or -1 what is not, 1 if all splats count as selected (first pass) or
                   if the selection gets an outline (second pass) */
  vec4 tint;    /* color of the selection, and how much of it tints what is selected */
};
"""

_VERTEX = """
/* The texel of element i of a data texture, which has rows of 4096: see texels.py. */
ivec2 place(int i) { return ivec2(i & 4095, i >> 12); }

void main()
{
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);  /* outside the view, for splats that are not drawn */
  int splat = int(texelFetch(order_tex, place(gl_InstanceID), 0).r);
  float state = texelFetch(state_tex, place(splat), 0).r;
  if (state > 1.5) {
    return;
  }
  vec4 mean = texelFetch(geometry_tex, place(3 * splat), 0);
  vec4 cov_a = texelFetch(geometry_tex, place(3 * splat + 1), 0);
  vec4 cov_b = texelFetch(geometry_tex, place(3 * splat + 2), 0);
  /* Rows of the 3x4 matrix from object space to the camera: right, up, forward. Then what the
     object was trained with: 1 if compensated, culling, px^2 added to covariances, most alpha.
     Then 1 if it lies over Blender's drawing of it, and 1 if only its selection is shown. */
  int object = 5 * int(cov_b.z);
  vec4 right = texelFetch(objects_tex, place(object), 0);
  vec4 up = texelFetch(objects_tex, place(object + 1), 0);
  vec4 forward = texelFetch(objects_tex, place(object + 2), 0);
  vec4 trained = texelFetch(objects_tex, place(object + 3), 0);
  vec4 shown = texelFetch(objects_tex, place(object + 4), 0);
  vec4 point = vec4(mean.xyz, 1.0);
  vec3 t = vec3(dot(right, point), dot(up, point), dot(forward, point));
  if (t.z < u.view.x) {
    return;
  }
  vec4 clip = u.projection * vec4(t.xy, -t.z, 1.0);
  vec2 ndc = clip.xy / clip.w;
  if (trained.y >= 0.0 && max(abs(ndc.x), abs(ndc.y)) > 1.0 + trained.y) {
    return;
  }
  /* The rows of the Jacobian times the rotation. */
  vec3 ju, jv;
  if (u.view.y > 0.5) {
    ju = u.size.z * right.xyz;
    jv = u.size.w * up.xyz;
  }
  else {
    vec2 slope = clamp(t.xy / t.z, u.limits.xz, u.limits.yw);
    ju = u.size.z / t.z * (right.xyz - slope.x * forward.xyz);
    jv = u.size.w / t.z * (up.xyz - slope.y * forward.xyz);
  }
  vec3 cx = cov_a.xyz, cy = vec3(cov_a.yw, cov_b.x), cz = vec3(cov_a.z, cov_b.xy);
  vec3 su = vec3(dot(cx, ju), dot(cy, ju), dot(cz, ju));
  vec3 sv = vec3(dot(cx, jv), dot(cy, jv), dot(cz, jv));
  float xx = dot(ju, su), xy = dot(ju, sv), yy = dot(jv, sv);
  float sharp = max(xx * yy - xy * xy, 0.0);
  xx += trained.z;
  yy += trained.z;
  float det = xx * yy - xy * xy;
  if (!(det > 0.0)) {
    return;
  }
  float opacity = trained.x > 0.5 ? mean.w * sqrt(sharp / det) : mean.w;
  float reach = 2.0 * log(255.0 * opacity);  /* squared radius in sigmas where alpha is 1/255 */
  if (!(reach > 0.0)) {
    return;
  }
  /* A rectangle along the ellipse's axes, as large as alpha >= 1/255 needs. */
  float middle = 0.5 * (xx + yy), spread = length(vec2(0.5 * (xx - yy), xy));
  float large = middle + spread, small = max(middle - spread, 0.0);
  vec2 straight = xx >= yy ? vec2(1.0, 0.0) : vec2(0.0, 1.0);
  vec2 axis = abs(xy) > 1e-6 * large ? normalize(vec2(xy, large - xx)) : straight;
  vec2 extent = sqrt(reach * vec2(large, small)) + 0.5;
  vec2 offset = corner.x * extent.x * axis + corner.y * extent.y * vec2(-axis.y, axis.x);

  gl_Position = vec4(ndc + 2.0 * offset / u.size.xy, 0.0, 1.0);
  center = vec4((0.5 * ndc + 0.5) * u.size.xy, t.z, opacity);
  conic = vec4(vec3(yy, -xy, xx) / det, trained.w);
  vec3 rgb = texelFetch(color_tex, place(splat), 0).rgb;
  bool selected = state > 0.5 || u.view.w > 0.5;
  float tinted = selected ? u.tint.a : 0.0;
  bool only = shown.y > 0.5;
  color = vec4(mix(rgb, u.tint.rgb, only ? 1.0 : tinted), only ? tinted : 1.0);
  /* Blender's drawing of the same splats is somewhere within their depths. */
  more = vec4(1.0 - 0.02 * shown.x, selected ? 1.0 : 0.0, 0.0, 0.0);
}
"""

_FRAGMENT = """
void main()
{
  if (u.view.z != 0.0) {
    float limit = texelFetch(limit_tex, ivec2(gl_FragCoord.xy), 0).r;
    if ((center.z < limit) != (u.view.z > 0.0)) {
      discard;
    }
  }
  vec2 d = gl_FragCoord.xy - center.xy;
  float squares = conic.x * d.x * d.x + conic.z * d.y * d.y;
  float alpha = min(conic.w, center.w * exp(-0.5 * squares - conic.y * d.x * d.y));
  if (alpha < 1.0 / 255.0) {
    discard;
  }
  /* Splats that are not ours to show hide those behind them all the same. */
  out_color = vec4(color.rgb * color.a * alpha, alpha);
  out_depth = vec4(center.z * more.x * alpha, color.a * alpha, more.y * alpha, alpha);
}
"""


def splats() -> gpu.types.GPUShader:
    """The shader that blends splats into color and depth times alpha."""
    interface = gpu.types.GPUStageInterfaceInfo("ludvig_splat")
    for name in ("center", "conic", "color", "more"):
        interface.flat("VEC4", name)
    info = described(_VERTEX, _FRAGMENT, interface)
    for slot, name in enumerate(
        ("geometry_tex", "color_tex", "state_tex", "order_tex", "objects_tex", "limit_tex")
    ):
        info.sampler(slot, "FLOAT_2D", name)
    info.fragment_out(0, "VEC4", "out_color")
    info.fragment_out(1, "VEC4", "out_depth")
    return gpu.shader.create_from_info(info)


def described(
    vertex: str,
    fragment: str,
    interface: gpu.types.GPUStageInterfaceInfo,
    corner: Literal["VEC2", "VEC3"] = "VEC2",
) -> gpu.types.GPUShaderCreateInfo:
    """What the shaders of all passes have in common."""
    info = gpu.types.GPUShaderCreateInfo()
    info.typedef_source(_UNIFORMS)
    info.uniform_buf(0, "SplatUniforms", "u")
    info.vertex_in(0, corner, "corner")
    info.vertex_out(interface)
    info.vertex_source(vertex)
    info.fragment_source(fragment)
    return info
