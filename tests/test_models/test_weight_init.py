"""A pretrained image network starts one with more input channels, or none does and one line says so."""

from urllib.error import URLError

import pytest
import torch
from torch import nn

from mmp3d.models.weight_init import InflatedPretrained


def network(channels):
    return nn.Sequential(nn.Conv2d(channels, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1))


@pytest.mark.parametrize('wrap', [lambda state: state, lambda state: {'state_dict': state}])
def test_inflated_network_answers_as_the_pretrained_one(tmp_path, wrap):
    pretrained, inflated = network(3), network(5)
    torch.save(wrap(pretrained.state_dict()), tmp_path / 'weights.pth')
    InflatedPretrained(str(tmp_path / 'weights.pth'))(inflated)
    image = torch.rand(1, 3, 8, 8)
    assert torch.allclose(inflated(torch.cat([image, torch.rand(1, 2, 8, 8)], 1)), pretrained(image), atol=1e-6)


def test_prefix_selects_a_part(tmp_path):
    pretrained, inflated = network(3), network(3)
    state = {f'backbone.{name}': value for name, value in pretrained.state_dict().items()}
    torch.save(dict(state, **{'head.weight': torch.zeros(1)}), tmp_path / 'weights.pth')
    InflatedPretrained(str(tmp_path / 'weights.pth'), prefix='backbone.')(inflated)
    assert all(torch.equal(a, b) for a, b in zip(inflated.parameters(), pretrained.parameters(), strict=True))


def test_what_cannot_be_fetched_leaves_the_network_alone(monkeypatch):
    def refuse(*args, **kwargs):
        raise URLError('no network')

    monkeypatch.setattr(torch.hub, 'download_url_to_file', refuse)
    model = network(5)
    before = [parameter.clone() for parameter in model.parameters()]
    InflatedPretrained('https://example.invalid/hrnet_of_a_test.pth')(model)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))


def test_foreign_weights_are_refused(tmp_path):
    torch.save({'other.weight': torch.zeros(1)}, tmp_path / 'foreign.pth')
    with pytest.raises(ValueError, match='holds no parameter of Sequential'):
        InflatedPretrained(str(tmp_path / 'foreign.pth'))(network(5))
    torch.save({'0.weight': torch.zeros(9, 3, 3, 3)}, tmp_path / 'other_width.pth')
    with pytest.raises(ValueError, match=r'pretrained 0.weight has shape \(9, 3, 3, 3\)'):
        InflatedPretrained(str(tmp_path / 'other_width.pth'))(network(5))


def test_a_local_file_must_be_whole(tmp_path):
    with pytest.raises(FileNotFoundError, match='missing.pth'):
        InflatedPretrained(str(tmp_path / 'missing.pth'))(network(5))
    (tmp_path / 'broken.pth').write_bytes(b'not a checkpoint')
    with pytest.raises(ValueError, match='broken.pth'):
        InflatedPretrained(str(tmp_path / 'broken.pth'))(network(5))
