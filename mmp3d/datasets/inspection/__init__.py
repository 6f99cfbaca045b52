"""Look into a data set on disk: what is there, what should be, and single samples."""

from mmp3d.datasets.inspection.catalogue import RELEASES, Release, open_split, remedy_of
from mmp3d.datasets.inspection.check import check_dataset
from mmp3d.datasets.inspection.convert import convert_annotations
from mmp3d.datasets.inspection.findings import Finding, findings_table

__all__ = [
    'RELEASES', 'Finding', 'Release', 'check_dataset', 'convert_annotations', 'findings_table', 'open_split',
    'remedy_of']  # fmt: skip
