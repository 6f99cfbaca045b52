"""Two people who hide each other: whom top-down networks find through the box of one, of each, and around both.

python benchmarks/top_down_2d.py DATA_ROOT --model NAME CONFIG CHECKPOINT [--model ...] [--split val2017]
    [--overlap 0.3]

DATA_ROOT is in COCO's layout (tools/make_synthetic.py --format coco). Measured are the pictures with exactly two
annotated people, the extents of whose joints overlap by --overlap (IoU) or more; "hidden" is the one with more occluded
joints, pictures where nobody is occluded more are left out. Boxes are the annotated ones.

A joint is found if it is within a tenth of the longer side of the extent of its person's joints; found people are
matched one to one with the two so that as many joints as possible are found. AP is MultiPersonCocoMetric's on the same
pictures. "merged" is find_people as it is, "each box" the same without merging over boxes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import METRICS, MODELS

import mmp3d
from mmp3d.codecs.own_person import box_overlaps
from mmp3d.codecs.person_merging import THRESHOLD
from mmp3d.compat.checkpoint import load_weights
from mmp3d.datasets import CocoMultiPersonDataset
from mmp3d.datasets.image_file import read_image
from mmp3d.evaluation.functional.joints_2d import found_joints
from mmp3d.evaluation.tables import ScoreTable
from mmp3d.geometry.boxes import joint_extents
from mmp3d.models.estimators import MultiPersonTopDownEstimator
from mmp3d.pipeline.top_down_2d import find_people

COLUMNS = ('joints', 'in front', 'hidden', 'occluded', 'people', 'AP')
TOLERANCE = 0.1
# Nothing is more alike than 1.
NO_MERGING = 1.0
CHUNK = 32


class Picture(NamedTuple):
    """A picture with two people, the one in front first: (2, 4) boxes, (2, K, 2) px, (2, K) labelled, occluded."""

    path: str
    img_id: int
    boxes: np.ndarray
    keypoints: np.ndarray
    labelled: np.ndarray
    occluded: np.ndarray


class Way(NamedTuple):
    """Through which boxes of a picture people are looked for, and from which OKS on two people are one."""

    boxes: str
    threshold: float


WAYS = {
    'box in front': Way('front', THRESHOLD),
    'one around both': Way('around', THRESHOLD),
    'each box': Way('both', NO_MERGING),
    'each box, merged': Way('both', THRESHOLD),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data_root', type=Path)
    parser.add_argument('--model', nargs=3, action='append', required=True, metavar=('NAME', 'CONFIG', 'CHECKPOINT'))
    parser.add_argument('--split', default='val2017')
    parser.add_argument('--overlap', type=float, default=0.3, help='least IoU of the two people')
    args = parser.parse_args(arguments)
    mmp3d.register_all_modules()
    annotations = args.data_root / 'annotations' / f'person_keypoints_{args.split}.json'
    pictures = list(crowded_pictures(annotations, args.data_root / args.split, args.overlap))
    if not pictures:
        parser.error(f'{annotations}: no picture with two people who overlap by {args.overlap}')
    with tempfile.TemporaryDirectory() as folder:
        chosen = annotations_of(pictures, annotations, Path(folder))
        rows = [
            (f'{name}: {title}', scores(network_of(config, checkpoint), pictures, way, chosen))
            for name, config, checkpoint in args.model
            for title, way in WAYS.items()
        ]
    title = f'{len(pictures)} pictures; percent of joints, people found a picture, AP'
    print(ScoreTable(title, ('', *COLUMNS), tuple(rows)).to_text())


def network_of(config: str, checkpoint: str) -> MultiPersonTopDownEstimator:
    """The network of a config, weights loaded."""
    network = MODELS.build(Config.fromfile(config).model)
    load_weights(network, checkpoint)
    return network.eval()


def crowded_pictures(annotations: Path, images: Path, overlap: float) -> Iterator[Picture]:
    """The pictures with two people who overlap."""
    dataset = CocoMultiPersonDataset(
        ann_file=str(annotations), data_prefix=dict(img=str(images)), annotation_cache=False, test_mode=True
    )
    for item in dataset:
        labelled = item['keypoints_visible'] > 0
        occluded = labelled & (item['keypoints_occluded'] > 0)
        hidden = occluded.sum(axis=1)
        if len(hidden) != 2 or item['invalid_segs'] or hidden[0] == hidden[1]:
            continue
        extents = joint_extents(item['keypoints'], labelled)
        if box_overlaps(extents[:1], extents[1])[0] < overlap:
            continue
        order = np.argsort(hidden)
        people = (item['bbox'], item['keypoints'], labelled, occluded)
        yield Picture(item['img_path'], item['img_id'], *(each[order] for each in people))


def annotations_of(pictures: Sequence[Picture], annotations: Path, folder: Path) -> Path:
    """A file with the annotations of these pictures alone."""
    content = json.loads(annotations.read_text(encoding='utf-8'))
    chosen = {picture.img_id for picture in pictures}
    content['images'] = [image for image in content['images'] if image['id'] in chosen]
    content['annotations'] = [person for person in content['annotations'] if person['image_id'] in chosen]
    path = folder / annotations.name
    path.write_text(json.dumps(content), encoding='utf-8')
    return path


def scores(
    network: MultiPersonTopDownEstimator, pictures: Sequence[Picture], way: Way, annotations: Path
) -> tuple[float, ...]:
    """The numbers of one row."""
    metric = METRICS.build(dict(type='MultiPersonCocoMetric', ann_file=str(annotations), threshold=NO_MERGING))
    metric.dataset_meta = parse_pose_metainfo(CocoMultiPersonDataset.METAINFO)
    found, people = [], 0
    for start in range(0, len(pictures), CHUNK):
        chunk = pictures[start : start + CHUNK]
        boxes = [boxes_of(picture, way) for picture in chunk]
        images = [read_image(picture.path) for picture in chunk]
        for picture, seen in zip(chunk, find_people(images, boxes, network, threshold=way.threshold), strict=True):
            found.append(joints_found(seen, picture))
            people += len(seen)
            metric.process(None, [dict(id=picture.img_id, img_id=picture.img_id, pred_instances=seen, gt_instances={})])
    return (*shares(np.stack(found), pictures), people / len(pictures), 100 * metric.evaluate(len(pictures))['coco/AP'])


def boxes_of(picture: Picture, way: Way) -> np.ndarray:
    """(M, 4) px."""
    if way.boxes == 'around':
        return np.concatenate([picture.boxes[:, :2].min(axis=0), picture.boxes[:, 2:].max(axis=0)])[None]
    return picture.boxes[:1] if way.boxes == 'front' else picture.boxes


def joints_found(people: InstanceData, picture: Picture) -> np.ndarray:
    """(2, K) which joints were found."""
    predicted = np.where(people.keypoint_scores[..., None] > 0, people.keypoints, np.nan)
    extents = joint_extents(picture.keypoints, picture.labelled)
    tolerance = TOLERANCE * (extents[:, 2:] - extents[:, :2]).max(axis=1)
    return found_joints(predicted, picture.keypoints, picture.labelled, tolerance)


def shares(found: np.ndarray, pictures: Sequence[Picture]) -> list[float]:
    """Percent found of all joints, those of the one in front, of the hidden one, and the hidden one's occluded ones."""
    labelled = np.stack([picture.labelled for picture in pictures])
    hidden = np.array([False, True])[:, None]
    occluded = np.stack([picture.occluded for picture in pictures])
    groups = (labelled, labelled & ~hidden, labelled & hidden, occluded & hidden)
    return [100 * float((found & group).sum() / max(group.sum(), 1)) for group in groups]


if __name__ == '__main__':
    main()
