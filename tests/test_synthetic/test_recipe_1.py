"""What recipe 1 draws stays as it is: the shipped weights were trained and tested on it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmp3d.synthetic.generate import generate
from mmp3d.synthetic.recipe import RECIPE_VERSION, Recipe

# Mean of all x, y, z in mm (coco: of all x, y and flags), number of people, and mean of all pixels.
FINGERPRINTS = {
    'muco': (Recipe('muco', 6, size=(640, 400), seed=3), 1788.9812205481926, 21, 113.88332725694444),
    'mupots': (Recipe('mupots', 2, frames=4, size=(320, 180), seed=5), 2260.1160013181598, 24, 118.28581018518518),
    'coco': (Recipe('coco', 6, size=(640, 480), seed=4), 130.83273284313725, 16, 113.07291106047455),
}


def _fingerprint(folder: Path, annotation_file: Path) -> tuple[float, int, float]:
    people = json.loads(annotation_file.read_text(encoding='utf-8'))['annotations']
    numbers = np.array([person.get('keypoints_cam') or person['keypoints'] for person in people])
    pictures = [cv2.imread(str(path)) for path in sorted(folder.rglob('*.jpg'))]
    return float(numbers.mean()), len(people), float(np.mean([picture.mean() for picture in pictures]))


@pytest.mark.parametrize('name', FINGERPRINTS)
def test_pictures_and_numbers_of_recipe_1_do_not_change(name: str, tmp_path: Path) -> None:
    recipe, numbers, people, pixels = FINGERPRINTS[name]
    assert RECIPE_VERSION == 1
    found = _fingerprint(tmp_path, generate(recipe, tmp_path / name))
    assert found[1] == people
    # Rounding of other processors and decoders of other versions of OpenCV; another draw differs a thousand times more.
    np.testing.assert_allclose(found[0], numbers, atol=1e-4)
    np.testing.assert_allclose(found[2], pixels, atol=5e-2)


def test_the_record_of_recipe_1_does_not_change() -> None:
    assert Recipe('muco', 6).to_dict() == dict(
        format='muco', units=6, frames=1, people=[1, 5], size=[640, 400], seed=0, prefix='', video=False, version=1
    )
