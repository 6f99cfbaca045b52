"""The refiner's training: what is varied stays true, what is unknown is not learnt, what can be learnt is."""

import pytest
import torch

from mmp3d import register_all_modules
from mmp3d.models.data_preprocessors import MeasuredPeoplePreprocessor
from mmp3d.models.estimators import PoseRefinementEstimator
from mmp3d.models.lifters.measured_people import TruePeople
from tests.test_models.test_pose_refiner import INPUT, REFINER, people

register_all_modules()
LOSSES = {'loss_keypoints', 'loss_relative_depth', 'loss_root_depth', 'loss_real'}


def truth_of(measured):
    return TruePeople(
        keypoints=measured.keypoints.clone(),
        labelled=torch.ones_like(measured.scores, dtype=torch.bool),
        relative_depths=measured.relative_depths - measured.relative_depths[..., 14:15],
        known=torch.ones_like(measured.scores, dtype=torch.bool),
        root_depths=measured.root_depths.clone(),
        real=measured.present.clone(),
    )


def batch_of(measured, truth):
    return dict(measured=measured._asdict(), truth=truth._asdict(), input_size=INPUT[None].repeat(2, 1))


def test_varied_people_stay_what_their_truth_says():
    measured = people()
    preprocessor = MeasuredPeoplePreprocessor(flip_prob=1.0, jitter=0.0, drop_joint_prob=0.0)
    data = preprocessor(batch_of(measured, truth_of(measured)), training=True)
    assert torch.allclose(data['measured'].keypoints, data['truth'].keypoints, atol=1e-3)
    assert torch.allclose(data['measured'].root_depths, data['truth'].root_depths)
    assert not torch.allclose(data['measured'].keypoints, measured.keypoints, atol=1)
    size = (measured.keypoints[..., 0, :] - measured.keypoints[..., 14, :]).norm(dim=-1) * measured.root_depths
    varied = data['measured']
    after = (varied.keypoints[..., 0, :] - varied.keypoints[..., 14, :]).norm(dim=-1) * varied.root_depths
    assert torch.allclose(after, size, rtol=1e-3), 'a person who looks larger must be nearer'


def test_nothing_is_varied_at_test():
    measured = people()
    data = MeasuredPeoplePreprocessor()(batch_of(measured, truth_of(measured)))
    assert torch.equal(data['measured'].keypoints, measured.keypoints)


def test_hidden_joints_have_the_score_zero():
    measured = people()
    data = MeasuredPeoplePreprocessor(drop_joint_prob=1.0)(batch_of(measured, truth_of(measured)), training=True)
    assert not data['measured'].scores.any()


def test_what_is_not_known_is_not_learnt():
    measured = people()
    truth = truth_of(measured)
    truth.labelled[:], truth.known[:], truth.root_depths[:] = False, False, 0
    losses = PoseRefinementEstimator(REFINER)(measured, truth._replace(keypoints=truth.keypoints + 9), INPUT, 'loss')
    assert set(losses) == LOSSES
    assert all(float(losses[name]) == 0 for name in LOSSES - {'loss_real'})


def test_nobody_and_nobody_real_give_numbers():
    measured = people()
    measured.present[0] = False
    truth = truth_of(measured)
    truth.real[:] = False
    losses = PoseRefinementEstimator(REFINER)(measured, truth, INPUT, 'loss')
    assert all(value.isfinite() for value in losses.values())


def test_it_learns_what_pose_and_company_tell():
    torch.manual_seed(0)
    estimator = PoseRefinementEstimator(REFINER)
    measured = people(32, 2)
    size = (measured.keypoints - measured.keypoints.mean(dim=2, keepdim=True)).square().sum(dim=(2, 3)).div(17).sqrt()
    # The first is as tall as everybody, so the size tells the distance; the second stands as far away as the first.
    root = (400 / size)[:, :1].expand(-1, 2)
    truth = truth_of(measured)._replace(
        relative_depths=(measured.keypoints - measured.keypoints[:, :, [14]])[..., 0] * 5, root_depths=root
    )
    optimizer = torch.optim.Adam(estimator.parameters(), 3e-3)
    first = None
    for _ in range(250):
        losses = estimator(measured, truth, INPUT, 'loss')
        first = first or {name: float(value) for name, value in losses.items()}
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    last = {name: float(value) for name, value in losses.items()}
    assert last['loss_relative_depth'] < 0.5 * first['loss_relative_depth']
    refined = estimator(measured, truth, INPUT)
    before, after = ((depths / root).log().abs() for depths in (measured.root_depths, refined.root_depths))
    assert (after.mean(dim=0) < 0.5 * before.mean(dim=0)).all()
    assert last['loss_real'] < 0.1


def test_predictions_are_not_made_here():
    measured = people()
    with pytest.raises(ValueError, match='predict'):
        PoseRefinementEstimator(REFINER)(measured, truth_of(measured), INPUT, 'predict')
