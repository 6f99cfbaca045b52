"""Networks and rules that make one pose of what the two branches say about a person."""

from mmp3d.models.integration.fixed_integration import HardIntegration, LinearIntegration
from mmp3d.models.integration.integration_net import IntegrationNet

__all__ = ['HardIntegration', 'IntegrationNet', 'LinearIntegration']
