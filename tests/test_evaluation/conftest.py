import logging

import pytest
from mmengine.logging import MMLogger


@pytest.fixture
def log(caplog):
    """Messages of mmengine's logger, which does not propagate by itself."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    yield caplog
    logger.removeHandler(caplog.handler)
