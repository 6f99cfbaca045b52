"""Synthetic multi-person scenes with exact 3D ground truth, in the layouts of real data sets; see docs/synthetic.md."""
