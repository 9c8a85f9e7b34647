"""From prompts to a score for every Gaussian: what an artist's clicks, strokes, boxes and masks
select.
"""
