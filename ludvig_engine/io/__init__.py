"""Readers and writers for splat files, camera files, photos and results.

Logarithms of scales and logits of opacities occur only here.
"""
