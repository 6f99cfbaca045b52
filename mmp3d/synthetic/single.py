"""One picture of a scene of its own, as data sets of single pictures want it."""

from __future__ import annotations

import numpy as np

from mmp3d.synthetic.clip import casting_of
from mmp3d.synthetic.picture import Drawing, PictureMaker
from mmp3d.synthetic.recipe import Recipe
from mmp3d.synthetic.scene import sample_scene


def draw_single(recipe: Recipe, stream: int, index: int) -> tuple[np.random.Generator, Drawing]:
    """Draw picture ``index``: patterned clothes where it is even, plain ones where it is odd.

    Args:
        recipe: The recipe.
        stream: A number of the layout's own, so that layouts share no scene.
        index: Number of the picture, from 0.

    Returns:
        The source of randomness, for what comes after the drawing, and the drawing.
    """
    rng = np.random.default_rng([recipe.seed, stream, index])
    scene = sample_scene(rng, recipe.size, recipe.people, patterned=index % 2 == 0, casting=casting_of(recipe))
    return rng, PictureMaker(scene, np.zeros(1)).render(0)
