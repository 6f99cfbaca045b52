"""Which images a network can look at as a whole."""

from __future__ import annotations

# The shorter side becomes that of the network's input, and the longer one grows with it, whatever memory there is.
MOST_ELONGATED = 16


def check_image_shape(image_size: tuple[int, int], name: str) -> None:
    """Raise ValueError for an image that is too long and thin.

    Args:
        image_size: (width, height) px.
        name: Of the image, for the message.
    """
    if max(image_size) > MOST_ELONGATED * min(image_size):
        width, height = image_size
        raise ValueError(
            f'{name}: {width} x {height} px is too long and thin: one side may be up to {MOST_ELONGATED} times the '
            'other; cut it into parts'
        )
