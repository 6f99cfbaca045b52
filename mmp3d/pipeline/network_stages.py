"""The stages of the whole system on PyTorch networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from mmp3d.geometry import Camera
from mmp3d.models.estimators import PoseLiftingEstimator
from mmp3d.models.integration import HardIntegration
from mmp3d.models.integration.pose_pairs import PosePairs
from mmp3d.pipeline.bottom_up import BottomUpBranch
from mmp3d.pipeline.clip_stages import ClipStages
from mmp3d.pipeline.given_people import GivenPeople
from mmp3d.pipeline.lifting import LiftedTrack, lift_tracks
from mmp3d.pipeline.people_2d import TopDownPeople
from mmp3d.pipeline.stage_store import module_digest
from mmp3d.pipeline.track import Track
from mmp3d.pipeline.two_branch import TwoBranchNetworks, TwoBranchSettings


class NetworkLifter:
    """:func:`~mmp3d.pipeline.lift_tracks` with its networks."""

    def __init__(self, networks: PoseLiftingEstimator) -> None:
        self.networks = networks

    def lift(self, tracks: Sequence[Track], camera: Camera) -> list[LiftedTrack]:
        """See :class:`~mmp3d.pipeline.clip_stages.TrackLifter`."""
        return lift_tracks(tracks, camera, self.networks)

    def digest(self) -> str:
        """See :class:`~mmp3d.pipeline.clip_stages.TrackLifter`."""
        return module_digest(self.networks)


class NetworkRule:
    """``IntegrationNet`` or one of the fixed rules, in evaluation mode, on arrays."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    @torch.inference_mode()
    def __call__(self, *pairs: np.ndarray) -> np.ndarray:
        """See :class:`~mmp3d.pipeline.integration.PoseRule`."""
        parameter = next(self.network.parameters(), torch.zeros(0))
        tensors = (torch.from_numpy(np.ascontiguousarray(part, np.float32)).to(parameter.device) for part in pairs)
        return self.network(PosePairs(*tensors)).float().cpu().numpy()

    def digest(self) -> str:
        """See :class:`~mmp3d.pipeline.integration.PoseRule`."""
        return module_digest(self.network)


def network_stages(networks: TwoBranchNetworks, settings: TwoBranchSettings) -> ClipStages:
    """The stages that the settings use.

    Raises:
        ValueError: A network is missing that the chosen branches need.
    """
    uses = settings.uses
    missing = [name for name, needed in uses.items() if needed and getattr(networks, name) is None]
    if missing or (all(uses.values()) and networks.integration is None):
        raise ValueError(f'branches={settings.branches!r} needs the network {[*missing, "integration"][0]!r}')
    people_2d = GivenPeople()
    if networks.top_down is not None:
        people_2d = TopDownPeople(
            networks.top_down,
            networks.detector,
            settings.padding,
            settings.merge_threshold,
            settings.crop_batch,
            settings.box_overlap,
        )
    bottom_up = None
    if uses['bottom_up']:
        bottom_up = BottomUpBranch(networks.bottom_up, networks.bottom_up_pipeline, settings.frame_batch)
    # Of one branch alone, every rule leaves the poses as they are; this one to the last bit.
    rule = NetworkRule(networks.integration if all(uses.values()) else HardIntegration())
    return ClipStages(people_2d, bottom_up, NetworkLifter(networks.lifter) if uses['lifter'] else None, rule)
