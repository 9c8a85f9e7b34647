"""Files with layers and passes, as Blender reads them."""

from __future__ import annotations

import bpy


def of(path):
    """The names of the passes of a file's first layer, according to the compositor."""
    image = bpy.data.images.load(str(path))
    if bpy.app.version >= (5,):
        tree = bpy.data.node_groups.new("passes", "CompositorNodeTree")
    else:
        bpy.context.scene.use_nodes = True
        tree = bpy.context.scene.node_tree
    node = tree.nodes.new("CompositorNodeImage")
    node.image = image
    assert image.type == "MULTILAYER"
    return {output.name for output in node.outputs if output.enabled}
