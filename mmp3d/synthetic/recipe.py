"""The recipe of a synthetic data set, kept beside it, and the check that a folder belongs to the recipe."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mmp3d.synthetic.files import write_json

FILE_NAME = 'synthetic.json'
RECIPE_VERSION = 1
DEFAULT_SIZES = {
    '3dpw': (960, 540), 'coco': (640, 480), 'h36m': (1000, 1002), 'jta': (1920, 1080), 'muco': (640, 400),
    'mupots': (960, 540)}  # fmt: skip
DEFAULT_PEOPLE = {'3dpw': (1, 2), 'h36m': (1, 1), 'jta': (20, 60)}
SEQUENCES = ('3dpw', 'h36m', 'jta', 'mupots')
# Pictures of a scene at one time.
NUM_CAMERAS = {'h36m': 4}
CLOSE = 'close'
INTERACTIONS = ('', CLOSE)
MOST_PEOPLE = 100


@dataclass(frozen=True)
class Recipe:
    """All that a synthetic data set depends on.

    Args:
        format: One of ``DEFAULT_SIZES``.
        units: Number of pictures (muco, coco) or sequences (the others).
        frames: Frames of a sequence; 1 for single pictures.
        people: Least and greatest number of people in a scene.
        size: (width, height) px.
        seed: Other seeds give other people, motions, cameras and backgrounds.
        prefix: Put before the picture number in muco's file names.
        video: Whether sequences also get a video.
        motion: Folder of BVH files that people without a partner play; '' for procedural motion.
        interactions: 'close' for pairs who shake hands, fight and pass behind each other too, and bodies that are kept
            out of each other; '' for the interactions of recipe 1.
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
    motion: str = ''
    interactions: str = ''
    version: int = RECIPE_VERSION

    def __post_init__(self) -> None:
        low, high = self.people
        checks = {
            'format': (self.format in DEFAULT_SIZES, f'one of {sorted(DEFAULT_SIZES)}'),
            'images, sequences or frames': (self.units >= 1 and self.frames >= 1, 'at least 1'),
            'people': (0 <= low <= high <= MOST_PEOPLE, f'MIN MAX with 0 <= MIN <= MAX <= {MOST_PEOPLE}'),
            'people of h36m': (self.format != 'h36m' or low == high == 1, '1 1: the studio holds one person'),
            'interactions': (self.interactions in INTERACTIONS, f'one of {INTERACTIONS}'),
            'size': (min(self.size) >= 64 and max(self.size) <= 4096, 'sides of 64 to 4096 px'),
            'seed': (self.seed >= 0, '0 or greater'),
            'prefix': (all(sign.isalnum() or sign in '_-' for sign in self.prefix), 'letters, digits, _ and -'),
        }
        for name, (fine, expected) in checks.items():
            if not fine:
                raise ValueError(f'{name}: expected {expected}, got {self!r}')

    @property
    def num_images(self) -> int:
        return self.units * self.frames * NUM_CAMERAS.get(self.format, 1)

    def to_dict(self) -> dict:
        """JSON-ready form; what data sets did not have when the version was new is left out where it is off."""
        fields = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return {key: value for key, value in fields.items() if value or key not in ('motion', 'interactions')}


def read_recipe(note: Path) -> Recipe:
    """The recipe that a folder's note records.

    Raises:
        ValueError: It does not hold a recipe, or one with fields that this version does not know.
    """
    try:
        fields = json.loads(note.read_text(encoding='utf-8'))
        return Recipe(**{key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()})
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f'{note}: not the note of a synthetic data set ({error}); make the data set again') from error


def claim_folder(folder: Path, recipe: Recipe) -> None:
    """Make ``folder`` this recipe's own, or find that it is.

    Raises:
        ValueError: The folder holds something else; it is left as it is.
    """
    note = folder / FILE_NAME
    if note.exists():
        try:
            found = json.loads(note.read_text(encoding='utf-8'))
        except (ValueError, RecursionError):
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
