"""GLSL of the pass that lays drawn splats over Blender's picture, and outlines the selection.

The same covers the lines of a box (boxes.py) with the splats behind them: with COVER it runs first
and leaves the depth of the lines, so that no splat is laid over Blender's picture twice.
"""

from __future__ import annotations

import gpu

from .shaders import described

_VERTEX = """
void main()
{
  uv = 0.5 * corner + 0.5;
  gl_Position = vec4(corner, 0.0, 1.0);
}
"""

_STRIPS = """
void main()
{
  uv = 0.5 * corner.xy + 0.5;
  gl_Position = vec4(corner, 1.0);
}
"""

_FRAGMENT = """
/* Lay the outline of the selection over a color. It runs where the selection begins to cover what
   is seen: a line in the color of the selection, with a dark rim, because the line alone would not
   be seen on things of its own color. `far` becomes the depth of what has the outline, if that is
   nearer. */
void outline(ivec2 last, inout vec4 covered, inout float far)
{
  const float LEVEL = 0.35, SOFT = 0.08, LINE = 1.1, RIM = 2.3;  /* covered part; pixels */
  vec2 at = uv * vec2(last + 1), pixel = vec2(last + 1) / u.size.xy;
  vec4 most = texelFetch(depth_tex, clamp(ivec2(at), ivec2(0), last), 0);
  vec2 low = vec2(most.b), high = low;  /* within reach of the line, and of its rim */
  for (int i = 0; i < 16; i++) {
    float angle = 0.7853982 * float(i), reach = i < 8 ? LINE : RIM;
    vec2 there = at + reach * pixel * vec2(cos(angle), sin(angle));
    vec4 tap = texelFetch(depth_tex, clamp(ivec2(there), ivec2(0), last), 0);
    most = tap.b > most.b ? tap : most;
    low.y = min(low.y, tap.b);
    high.y = max(high.y, tap.b);
    if (i == 7) {
      low.x = low.y;
      high.x = high.y;
    }
  }
  vec2 edge = smoothstep(LEVEL - SOFT, LEVEL + SOFT, high) *
              (1.0 - smoothstep(LEVEL - SOFT, LEVEL + SOFT, low));
  if (edge.y < 1.0 / 255.0) {
    return;
  }
  float nearer = most.r / max(most.a, 1e-6);
  far = covered.a < 1.0 / 255.0 ? nearer : min(far, nearer);
  covered = mix(covered, vec4(0.0, 0.0, 0.0, 1.0), 0.75 * edge.y);
  covered = mix(covered, vec4(u.tint.rgb, 1.0), edge.x);
}

void main()
{
  /* Bilinear by hand, because before Blender 5.0 the filter of a texture cannot be set. At full
     size only one texel counts. */
  ivec2 last = textureSize(color_tex, 0) - 1;
  vec2 at = max(uv * vec2(last + 1) - 0.5, vec2(0.0));
  vec2 part = at - floor(at);
  ivec2 a = clamp(ivec2(floor(at)), ivec2(0), last), d = min(a + 1, last);
  ivec2 b = ivec2(d.x, a.y), c = ivec2(a.x, d.y);
  vec4 blended = mix(mix(texelFetch(color_tex, a, 0), texelFetch(color_tex, b, 0), part.x),
                     mix(texelFetch(color_tex, c, 0), texelFetch(color_tex, d, 0), part.x), part.y);
  vec4 depth = mix(mix(texelFetch(depth_tex, a, 0), texelFetch(depth_tex, b, 0), part.x),
                   mix(texelFetch(depth_tex, c, 0), texelFetch(depth_tex, d, 0), part.x), part.y);
  vec4 covered = vec4(blended.rgb, depth.g);
  float far = depth.r / max(depth.a, 1e-6);
  if (u.view.w > 0.5) {
    outline(last, covered, far);
  }
  float ours = covered.a;
  if (ours < 1.0 / 255.0) {
    discard;
  }
  /* Splats are blended in sRGB, as they were trained; Blender's overlay buffer is linear. */
  vec3 srgb = clamp(covered.rgb / ours, 0.0, 1.0);
  vec3 low = srgb / 12.92, high = pow((srgb + 0.055) / 1.055, vec3(2.4));
  out_color = vec4(mix(low, high, step(vec3(0.04045), srgb)) * ours, ours);
  vec4 clip = u.projection * vec4(0.0, 0.0, -far, 1.0);
  float behind = clamp(0.5 * clip.z / clip.w + 0.5, 0.0, 1.0);
#ifdef COVER
  if (behind <= gl_FragCoord.z) {
    discard;
  }
#else
  gl_FragDepth = behind;
#endif
}
"""


def composite() -> gpu.types.GPUShader:
    """The shader that lays what `splats` has drawn over Blender's picture, where it is nearer."""
    info = described(_VERTEX, _FRAGMENT, _interface("ludvig_composite"))
    info.depth_write("ANY")
    return _made(info)


def cover() -> gpu.types.GPUShader:
    """The shader that lays what `splats` has drawn over the lines of a box."""
    info = described(_STRIPS, _FRAGMENT, _interface("ludvig_cover"), corner="VEC3")
    info.define("COVER", "1")
    return _made(info)


def _interface(name: str) -> gpu.types.GPUStageInterfaceInfo:
    interface = gpu.types.GPUStageInterfaceInfo(name)
    interface.smooth("VEC2", "uv")
    return interface


def _made(info: gpu.types.GPUShaderCreateInfo) -> gpu.types.GPUShader:
    for slot, name in enumerate(("color_tex", "depth_tex")):
        info.sampler(slot, "FLOAT_2D", name)
    info.fragment_out(0, "VEC4", "out_color")
    return gpu.shader.create_from_info(info)
