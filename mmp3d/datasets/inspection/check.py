"""Compare a data set on disk with what its release, or the recipe of a synthetic one, says it holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mmp3d.datasets.base import MultiPersonDataset
from mmp3d.datasets.inspection.catalogue import (
    RELEASES,
    SYNTHETIC_PX,
    Whole,
    open_split,
    release_of,
    synthetic_recipe,
)
from mmp3d.datasets.inspection.findings import Finding, counted
from mmp3d.datasets.inspection.images import image_path, missing_rows, spread_rows, unreadable_images
from mmp3d.datasets.inspection.spread import Spread
from mmp3d.datasets.inspection.survey import Survey, survey_annotations
from mmp3d.datasets.splits import check_split
from mmp3d.synthetic.recipe import Recipe

# A root nearer or farther than this is a mistake of units or frames, mm.
DEPTHS = (300.0, 150_000.0)
NAMED = 5
Bar = Callable[..., Iterable]


def check_dataset(
    name: str,
    root: str | Path,
    splits: Iterable[str] | None = None,
    ann_file: str | None = None,
    images: int | None = 200,
    workers: int | None = None,
    bar: Bar = tqdm,
) -> list[Finding]:
    """Walk a data set and compare.

    Args:
        name: Key of :data:`~mmp3d.datasets.inspection.catalogue.RELEASES`.
        root: Folder of the data set.
        splits: Splits to check; None: all that the release has, of a synthetic set those that are there.
        ann_file: Annotation file or folder in place of the class's default.
        images: How many images of each split to read, spread evenly; None: all.
        workers: Threads that read images; None: as many as there are processors.
        bar: Wraps what is walked through; takes ``desc`` and ``total`` as tqdm does.

    Returns:
        The findings, those of each split under its name.

    Raises:
        FileNotFoundError: ``root`` is not a folder.
        ValueError: The name or a split is unknown, or the folder holds synthetic data of another format.
    """
    release = release_of(name)
    if not Path(root).is_dir():
        raise FileNotFoundError(f'no folder {root}; give the folder of the data set as --root')
    recipe = synthetic_recipe(root)
    if recipe is not None and recipe.format != name:
        raise ValueError(f'{root} holds synthetic data in the format {recipe.format!r}, not {name!r}')
    for split in splits or ():
        check_split(split, release.splits, name)
    walk = _Walk(name, root, ann_file, images, workers or os.cpu_count() or 1, bar, recipe)
    findings = [finding for split in splits or release.splits for finding in walk.split(split, bool(splits))]
    if recipe is not None and not splits:
        whole = counted('frames of the recipe', walk.frames, recipe.num_images)
        findings += [*(walk.absent if whole.problem else ()), whole]
    return findings


@dataclass
class _Walk:
    """The arguments of :func:`check_dataset`, the number of frames so far, and splits that a synthetic set lacks."""

    name: str
    root: str | Path
    ann_file: str | None
    images: int | None
    workers: int
    bar: Bar
    recipe: Recipe | None
    frames: int = 0
    absent: list[Finding] = field(default_factory=list)

    def split(self, split: str, wanted: bool) -> list[Finding]:
        """Check one split; a synthetic data set need not have those that nobody asked for."""
        release = RELEASES[self.name]
        label = f'{split}: ' if len(release.splits) > 1 else ''
        try:
            options = release.synthetic_options if self.recipe is not None else {}
            dataset = open_split(self.name, self.root, split, self.ann_file, needs_images=False, **options)
        except FileNotFoundError as error:
            missing = [Finding(f'{label}annotations', 'missing', 'there', str(error))]
            if self.recipe is None or wanted:
                return missing
            self.absent += missing
            return []
        except (ValueError, OSError) as error:
            return [Finding(f'{label}annotations', 'damaged', 'readable', str(error))]
        count = len(dataset.annotations.images)
        survey = survey_annotations(dataset, self.bar(range(count), desc=f'{label}annotations', total=count))
        self.frames += survey.frames
        real = self.recipe is None
        findings = _counts(survey, release.whole[split] if real else Whole())
        # A synthetic scene may be empty by the draw.
        needed = release.fields if real or survey.person_frames else ()
        findings += _contents(survey, needed)
        findings += _projection(survey.projection_px, release.projection_px if real else None)
        findings += self._images(dataset, label)
        return [replace(each, name=f'{label}{each.name}') for each in findings]

    def _images(self, dataset: MultiPersonDataset, label: str) -> list[Finding]:
        count = len(dataset.annotations.images)
        missing = missing_rows(dataset, self.bar(range(count), desc=f'{label}image files', total=count))
        example = f', for example {image_path(dataset, missing[0])}' if missing else ''
        problem = f'{len(missing):,} image files are missing{example}' if missing else ''
        findings = [Finding('image files', f'{count - len(missing):,}', f'{count:,}', problem)]
        rows = spread_rows(np.delete(np.arange(count), missing).tolist(), self.images)
        outcomes = unreadable_images(dataset, rows, self.workers)
        damaged = [each for each in self.bar(outcomes, desc=f'{label}images', total=len(rows)) if each is not None]
        problem = f'{len(damaged):,} images are damaged: {"; ".join(damaged[:NAMED])}' if damaged else ''
        findings.append(Finding('images read', f'{len(rows) - len(damaged):,}', f'{len(rows):,}', problem))
        return findings


def _counts(survey: Survey, whole: Whole) -> list[Finding]:
    has_sequences = whole.sequences is not None
    findings = []
    if has_sequences or len(survey.frames_of) > 1:
        missing = [name for name in whole.frames_of if name not in survey.frames_of]
        problem = f'sequences missing: {_named(missing)}' if missing else ''
        findings.append(counted('sequences', len(survey.frames_of), whole.sequences, problem))
    differing = [
        f'{name} has {survey.frames_of[name]} of {count}'
        for name, count in whole.frames_of.items()
        if name in survey.frames_of and survey.frames_of[name] != count
    ]
    problem = f'frames differ: {_named(differing)}' if differing else ''
    findings.append(counted('frames', survey.frames, whole.frames, problem))
    findings.append(counted('people, summed over frames', survey.person_frames, whole.person_frames))
    findings.append(Finding('frames with nobody annotated', f'{survey.empty:,}'))
    findings.append(Finding('people to be scored', f'{survey.valid:,}'))
    return findings


def _contents(survey: Survey, fields_needed: Collection[str]) -> list[Finding]:
    findings = []
    people = max(survey.person_frames, 1)
    for name, count in survey.having.items():
        needed = name in fields_needed
        problem = f'no person has: {name}' if needed and not count else ''
        findings.append(Finding(f'people with {name}', f'{count / people:.1%}', 'some' if needed else '', problem))
    depth = survey.depth
    if depth.count:
        fits = depth.least >= DEPTHS[0] and depth.greatest <= DEPTHS[1]
        found = f'{depth.least / 1000:.2f} to {depth.greatest / 1000:.2f}, median {depth.median / 1000:.2f}'
        expected = f'{DEPTHS[0] / 1000:g} to {DEPTHS[1] / 1000:g}'
        problem = '' if fits else f'depths of {found} m are no distances of people: wrong unit or frame?'
        findings.append(Finding('depth of the pelvis, m', found, expected, problem))
    return findings


def _projection(errors: Spread, limit: float | None) -> list[Finding]:
    """The median must keep to a limit; without one, as for synthetic data, the greatest to that of exact data."""
    if not errors.count:
        return []
    what, value, limit = ('max', errors.greatest, SYNTHETIC_PX) if limit is None else ('median', errors.median, limit)
    problem = '' if value <= limit else f'the 3D does not project onto the 2D: {value:.3g} px off'
    found = f'median {errors.median:.3g}, max {errors.greatest:.3g}'
    return [Finding('projection error, px', found, f'{what} <= {limit:g}', problem)]


def _named(names: list[str]) -> str:
    more = f' and {len(names) - NAMED} more' if len(names) > NAMED else ''
    return ', '.join(names[:NAMED]) + more
