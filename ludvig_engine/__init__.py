"""LUDVIG: lift 2-D features to 3D Gaussians, diffuse them on a graph, select objects.

The data's way is one line, and `ludvig_engine.pipeline` reads like it:

    photos + cameras + splats -> features -> uplift -> graph -> segment -> scores in 0..1
"""

__version__ = "0.1.0"
