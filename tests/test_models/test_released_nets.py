"""The released networks that have a layout of their own, with weights whose result is known."""

import torch

from mmp3d import register_all_modules
from mmp3d.compat.released_weights import HRNET_W32
from mmp3d.models.released import ReleasedBottomUpNet, ReleasedJointTransform

register_all_modules()


def small_backbone():
    widths = (8, 16, 32, 64)
    stages = {
        f'stage{count}': dict(
            num_modules=1, num_branches=count, block='BASIC', num_blocks=(1,) * count, num_channels=widths[:count]
        )
        for count in (2, 3, 4)
    }
    first = dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1,), num_channels=(64,))
    return dict(HRNET_W32, extra=dict(stage1=first, **stages))


@torch.no_grad()
def test_bottom_up_maps_are_half_as_large_and_in_order():
    net = ReleasedBottomUpNet(small_backbone(), channels=8).eval()
    inputs = torch.rand(2, 20, 64, 96)
    assert net(inputs).std() > 0
    for number, head in enumerate(net.head.heads):
        head[1].weight.zero_()
        head[1].bias.fill_(number)
    maps = net(inputs)
    assert maps.shape == (2, 42, 32, 48)
    # Heat, tags, the root's depth, the others' depths.
    expected = torch.tensor([0.0] * 14 + [1.0] * 14 + [2.0] + [3.0] * 13)
    torch.testing.assert_close(maps, expected[None, :, None, None].expand_as(maps))


@torch.no_grad()
def test_joint_transform_scales_axes_and_then_mixes_joints():
    net = ReleasedJointTransform()
    net.scale.copy_(torch.tensor([2.0, 3.0, 4.0]))
    net.offset.copy_(torch.tensor([0.0, 10.0, 20.0]))
    net.joints.weight.copy_(torch.eye(51, 42))
    net.joints.bias.fill_(1)
    result = net(torch.ones(5, 14, 3))
    torch.testing.assert_close(result[:, :14], torch.tensor([3.0, 14.0, 25.0]).expand(5, 14, 3))
    torch.testing.assert_close(result[:, 14:], torch.ones(5, 3, 3))
    assert net(torch.ones(0, 14, 3)).shape == (0, 17, 3)
