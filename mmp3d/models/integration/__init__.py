"""Networks and rules that make one pose of what the two branches say about a person, and what judges the result."""

from mmp3d.models.integration.fixed_integration import HardIntegration, LinearIntegration
from mmp3d.models.integration.integration_net import IntegrationNet
from mmp3d.models.integration.inter_person_discriminator import InterPersonDiscriminator

__all__ = ['HardIntegration', 'IntegrationNet', 'InterPersonDiscriminator', 'LinearIntegration']
