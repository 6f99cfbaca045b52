"""The recipe of a synthetic data set, kept beside it, and the check that a folder belongs to the recipe."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mmp3d.synthetic.files import write_json

FILE_NAME = 'synthetic.json'
RECIPE_VERSION = 1
DEFAULT_SIZES = {'coco': (640, 480), 'muco': (640, 400), 'mupots': (960, 540)}


@dataclass(frozen=True)
class Recipe:
    """All that a synthetic data set depends on.

    Args:
        format: 'muco', 'mupots' or 'coco'.
        units: Number of pictures (muco, coco) or sequences (mupots).
        frames: Frames of a sequence; 1 for single pictures.
        people: Least and greatest number of people in a scene.
        size: (width, height) px.
        seed: Other seeds give other people, motions, cameras and backgrounds.
        prefix: Put before the picture number in muco's file names.
        video: Whether mupots sequences also get a clip.mp4.
        version: Version of the drawing code's output.

    Raises:
        ValueError: A field is out of its range; names the field.
    """

    format: str
    units: int
    frames: int = 1
    people: tuple[int, int] = (1, 5)
    size: tuple[int, int] = (640, 400)
    seed: int = 0
    prefix: str = ''
    video: bool = False
    version: int = RECIPE_VERSION

    def __post_init__(self) -> None:
        low, high = self.people
        checks = {
            'format': (self.format in DEFAULT_SIZES, f'one of {sorted(DEFAULT_SIZES)}'),
            'images, sequences or frames': (self.units >= 1 and self.frames >= 1, 'at least 1'),
            'people': (0 <= low <= high <= 20, 'MIN MAX with 0 <= MIN <= MAX <= 20'),
            'size': (min(self.size) >= 64 and max(self.size) <= 4096, 'sides of 64 to 4096 px'),
            'seed': (self.seed >= 0, '0 or greater'),
            'prefix': (all(sign.isalnum() or sign in '_-' for sign in self.prefix), 'letters, digits, _ and -'),
        }
        for name, (fine, expected) in checks.items():
            if not fine:
                raise ValueError(f'{name}: expected {expected}, got {self!r}')

    @property
    def num_images(self) -> int:
        return self.units * self.frames

    def to_dict(self) -> dict:
        """JSON-ready form."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def claim_folder(folder: Path, recipe: Recipe) -> None:
    """Make ``folder`` this recipe's own, or find that it is.

    Raises:
        ValueError: The folder holds something else; it is left as it is.
    """
    note = folder / FILE_NAME
    if note.exists():
        try:
            found = json.loads(note.read_text(encoding='utf-8'))
        except ValueError:
            found = None
        if found != recipe.to_dict():
            raise ValueError(
                f'{note} records another data set ({found}) than the one asked for ({recipe.to_dict()}); '
                'choose another --out, or delete that folder if you no longer need it'
            )
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f'{folder} is not empty and holds no {FILE_NAME}; choose an empty or new folder for --out')
    write_json(note, recipe.to_dict())
