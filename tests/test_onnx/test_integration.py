"""The rule hands its arrays to the graph by name."""

import numpy as np

from mmp3d.onnx.integration import OnnxRule


def test_pairs_go_by_name_and_nobody_asks_no_graph():
    def graph(top_down, bottom_up, top_down_scores, bottom_up_scores):
        return {'keypoints_cam': top_down + 10 * bottom_up}

    poses, scores = np.ones((2, 17, 3), np.float32), np.ones((2, 17), np.float32)
    assert (OnnxRule(graph)(poses, 2 * poses, scores, scores) == 21).all()
    assert OnnxRule(None)(poses[:0], poses[:0], scores[:0], scores[:0]).shape == (0, 17, 3)
