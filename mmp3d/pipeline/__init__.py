"""The stages between frames and people in camera space, one file each; no layers and no file formats."""
