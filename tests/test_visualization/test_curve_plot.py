import cv2
import numpy as np
import pytest

from mmp3d.evaluation.functional.curves import curves_to_dict, pck_curves
from mmp3d.visualization.curve_plot import plot_pck_curves, plot_reports


def curves(people: int = 5) -> dict:
    errors = np.random.default_rng(0).random((people, 17)) * 200
    return curves_to_dict(pck_curves(errors, np.ones(errors.shape), np.zeros(people, int), min(people, 1)))


def test_picture_is_written_with_all_colours(tmp_path):
    plot_pck_curves(tmp_path / 'new' / 'pck.png', 'PCK, all', curves())
    picture = cv2.imread(str(tmp_path / 'new' / 'pck.png'))
    assert picture.shape == (600, 960, 3)
    colours = {tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()}
    assert {(0, 0, 0), (178, 114, 0), (127, 127, 127)} <= colours


def test_a_file_for_every_metric_and_mode_that_has_curves(tmp_path):
    reports = {'PCK': {'curves': {'all': curves(), 'matched': curves(0)}}, 'AP25root': {'tables': []}}
    assert plot_reports(reports, tmp_path) == [tmp_path / 'PCK_all.png']
    assert [file.name for file in tmp_path.iterdir()] == ['PCK_all.png']


def test_nothing_to_draw_is_said(tmp_path):
    with pytest.raises(ValueError, match='PCK, all: no PCK curve is defined'):
        plot_pck_curves(tmp_path / 'pck.png', 'PCK, all', curves(0))
