"""Small known scenes for the metric tests: people of MuPoTS-17 joints, their data samples, and the golden set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import scipy.io

PELVIS = 14
FOCAL = 1500.0


def make_people(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count, 17, 3) mm: random joints about pelvises that stand 900 mm apart at 4 m."""
    roots = np.stack([np.arange(count) * 900.0, np.zeros(count), np.full(count, 4000.0)], axis=-1)
    people = roots[:, None] + rng.normal(size=(count, 17, 3)) * 200
    people[:, PELVIS] = roots
    return people


def project(people: np.ndarray) -> np.ndarray:
    """(N, 17, 3) mm to (N, 17, 2) px of a camera with focal length 1500 and centre (1000, 1000)."""
    return people[..., :2] / people[..., 2:] * FOCAL + 1000


def make_sample(
    img_id: int, gt: np.ndarray, pred: np.ndarray, scores: np.ndarray | None = None, seq_name: str = 'TS1', **gt_fields
) -> dict:
    """A data sample in dict form; predictions are matched to people through their 2D projections."""
    count = len(gt)
    truth = {
        'keypoints': project(gt),
        'keypoints_visible': np.ones((count, 17)),
        'keypoints_cam': gt,
        'keypoints_cam_univ': gt,
        'keypoints_3d_valid': np.ones((count, 17)),
        'keypoints_occluded': np.zeros((count, 17)),
        'person_valid': np.ones(count),
        'track_ids': np.arange(count),
        'bboxes': np.zeros((count, 4)),
    }
    found = {
        'keypoints': project(pred).astype(np.float32),
        'keypoint_scores': np.ones((len(pred), 17), np.float32),
        'keypoints_cam': pred.astype(np.float32),
        'root_cam': pred[:, PELVIS].astype(np.float32),
        'bboxes': np.zeros((len(pred), 4), np.float32),
        'bbox_scores': np.linspace(0.9, 0.1, len(pred)).astype(np.float32) if scores is None else np.array(scores),
        'track_ids': np.full(len(pred), -1),
        'source': np.full(len(pred), 'bu'),
    }
    names = {'img_id': img_id, 'seq_name': seq_name, 'frame_id': img_id, 'img_path': f'{img_id}.jpg', 'camera': None}
    return dict(names, pred_instances=found, gt_instances={**truth, **gt_fields})


def evaluate(metric, samples: list[dict]) -> dict[str, float]:
    """Run a collector over samples in batches of three."""
    for start in range(0, len(samples), 3):
        metric.process(None, samples[start : start + 3])
    return metric.evaluate(len(samples))


def golden_samples(folder: Path) -> list[dict]:
    """The golden MuPoTS set as data samples, in image order, straight from its .mat and RootNet files."""
    poses_2d = scipy.io.loadmat(folder / 'preds_2d_kpt_mupots.mat')
    poses_3d = scipy.io.loadmat(folder / 'preds_3d_kpt_mupots.mat')
    roots: dict[int, list] = {}
    for detection in json.loads((folder / 'bbox_root_mupots_output.json').read_text()):
        roots.setdefault(detection['image_id'], []).append(detection)
    samples: list[dict] = []
    for sequence in range(1, 21):
        mats = folder / 'MultiPersonTestSet' / f'TS{sequence}'
        annotations = scipy.io.loadmat(mats / 'annot.mat')['annotations']
        occlusions = scipy.io.loadmat(mats / 'occlusion.mat')['occlusion_labels']
        for frame, (people, occluded) in enumerate(zip(annotations, occlusions, strict=True)):
            image_id, key = len(samples), f'TS{sequence}_img_{frame:06d}'
            detections = roots.get(image_id, [])
            predicted = {
                'keypoints': poses_2d[key],
                'keypoints_cam': poses_3d[key],
                'root_cam': np.array([detection['root_cam'] for detection in detections]).reshape(-1, 3),
                'bbox_scores': np.array([detection['score'] for detection in detections]),
            }
            names = {'img_id': image_id, 'seq_name': f'TS{sequence}', 'frame_id': frame}
            samples.append(dict(names, pred_instances=predicted, gt_instances=_golden_people(people, occluded)))
    return samples


def _golden_people(people: np.ndarray, occluded: np.ndarray) -> dict:
    def field(name: str) -> np.ndarray:
        return np.stack([person[name][0, 0].T for person in people])

    ones = np.ones((len(people), 17))
    return {
        'keypoints': field('annot2'),
        'keypoints_visible': ones,
        'keypoints_cam': field('annot3'),
        'keypoints_cam_univ': field('univ_annot3'),
        'keypoints_3d_valid': ones,
        'keypoints_occluded': np.stack([labels.ravel() for labels in occluded]),
        'person_valid': field('isValidFrame')[:, 0, 0],
    }
