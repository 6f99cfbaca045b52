"""Pictures of people: on the image, and together in the camera's space."""

from mmp3d.visualization.multi_person_visualizer import MultiPersonPose3DVisualizer

__all__ = ['MultiPersonPose3DVisualizer']
