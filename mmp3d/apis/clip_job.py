"""One input of the command line and the files that its people are written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmp3d.apis.clip_video import write_clip_video
from mmp3d.apis.encoder_rate import check_encoder_rate
from mmp3d.apis.frames import frames_ahead, open_sources
from mmp3d.apis.half_written import HalfWritten
from mmp3d.apis.job_sharing import agreed
from mmp3d.apis.output_names import distinct_names
from mmp3d.apis.sources import FALLBACK_FPS, Source
from mmp3d.apis.video_pictures import partial_name
from mmp3d.export import PeopleClip, write_clip
from mmp3d.export.formats import WITH_PICTURES, earlier_files, longest_name, require_packages
from mmp3d.export.html_page import PictureStrip
from mmp3d.export.new_file import refuse, refuse_folders, writable_folder
from mmp3d.export.read_files import ReadFiles
from mmp3d.side_names import check_name_fits
from mmp3d.stage_profile import stage


@dataclass(frozen=True, eq=False)
class ClipJob:
    """One clip to be made.

    Args:
        name: Of the clip and its files.
        given: The input as the user named it; None where there are 2D poses only.
        sources: One video, or the images of one clip.
        targets: A file for each format: those of :func:`~mmp3d.export.write_clip`, and ``.mp4``.
        overwrite: Replace files that are there.
        note: Tells later runs which of these files are not whole.
    """

    name: str
    given: str | None
    sources: list[Source]
    targets: list[Path]
    overwrite: bool = False
    note: HalfWritten | None = None

    @property
    def fps(self) -> float:
        """Frames a second, as far as the input tells."""
        return self.sources[0].fps if self.sources else FALLBACK_FPS

    @property
    def length(self) -> int:
        """Frames, as far as it is known."""
        return sum(map(len, self.sources))

    @property
    def image_names(self) -> list[str]:
        """File names of the images, in order; none where the input is no images."""
        return [Path(source.file).name for source in self.sources if source.file]

    def write(self, clip: PeopleClip, whole: bool = True) -> tuple[list[Path], list[str]]:
        """Write all files.

        Args:
            clip: The people.
            whole: The clip is all that was asked for. Else, and where a file cannot be written, the note stays.

        Returns:
            The files written, and a line for each that could not be.
        """
        written, failures = [], []
        if self.note is not None:
            self.note.begin(self.targets)
        # Page and video last: their pictures are read from the input once more.
        for target in sorted(self.targets, key=lambda path: path.suffix in (*WITH_PICTURES, '.mp4')):
            try:
                written += self._written(target, clip)
            except (ValueError, OSError) as error:
                failures.append(f'{target} was not written: {error}')
        if self.note is not None and whole and not failures:
            self.note.end(self.targets)
        return written, failures

    def _written(self, target: Path, clip: PeopleClip) -> list[Path]:
        if target.suffix == '.mp4':
            write_clip_video(target, clip, self.sources, self.overwrite)
            return [target]
        pictures = self._pictures(clip.num_frames) if target.suffix in WITH_PICTURES else ()
        with stage('writing files', clip.num_frames):
            return write_clip(target, clip, self.overwrite, pictures)

    def _pictures(self, num_frames: int) -> list[tuple[int, bytes]]:
        strip = PictureStrip()
        lasting = all(source.is_lasting for source in self.sources)
        frames = frames_ahead(self.sources) if lasting else ()
        for number, frame in zip(range(num_frames), frames, strict=False):
            if frame.image is not None:
                with stage("page's pictures", 1):
                    strip.add(number, frame.image)
        return strip.jpegs()


def open_jobs(
    inputs: Sequence[str],
    out: str,
    formats: Sequence[str],
    overwrite: bool,
    pose2d: str = '',
    skip_existing: bool = False,
    camera: str = '',
    fps: float | None = None,
) -> list[ClipJob]:
    """The jobs of a command, checked before any work; the same ones in all processes that a launcher started.

    Args:
        inputs: Videos, images, or folders with the images of one clip.
        out: Folder to write to; is made.
        formats: Ends of the files' names, without a dot, see :class:`ClipJob`.
        overwrite: Replace files that are there. Those that an earlier run on the same input did not finish are
            replaced in any case, see :class:`~mmp3d.apis.half_written.HalfWritten`.
        pose2d: File or folder of 2D poses, '' for none; ``{name}`` in it stands for the name of each job. Where there
            are no inputs, the one job is named after it.
        skip_existing: Leave out files that are there and whole, and inputs of which nothing is left to do. Files that
            were not finished are replaced, also where the input was changed since.
        camera: File of the camera; '' for none.
        fps: Frames a second, in place of those of the inputs.

    Raises:
        FileNotFoundError: An input does not exist.
        ValueError: It is of another kind, the folder cannot be written to, a file is there already, is itself read by
            one of the jobs, or has too long a name, or a video cannot have the rate.
    """
    opened = [open_sources(each) for each in inputs]
    names = distinct_names([_name_of(each) for each in inputs or [pose2d]])
    folder, jobs = writable_folder(out), []
    read = _read_files(names, opened, pose2d, camera)
    for name, given, sources in zip(names, inputs or [None], opened or [[]], strict=True):
        targets = [folder / f'{name}.{suffix}' for suffix in dict.fromkeys(formats)]
        require_packages(targets)
        _check_targets(targets, sources, read, fps)
        note = HalfWritten(folder, name, [source.path for source in sources] or [pose2d])
        targets, unfinished, others = agreed(_seen(targets, note, skip_existing))
        if not targets:
            continue
        refuse(others, overwrite)
        jobs.append(ClipJob(name, given, sources, targets, overwrite or bool(unfinished), note))
    return jobs


def _seen(targets: list[Path], note: HalfWritten, skip_existing: bool) -> tuple[list[Path], list[Path], list[Path]]:
    """The targets to be made, those of them that an earlier run did not finish, and files in place of the others."""
    if skip_existing:
        targets = [target for target in targets if not note.is_finished(target)]
    unfinished = [target for target in targets if note.is_left(target, any_input=skip_existing)]
    return targets, unfinished, [file for t in targets if t not in unfinished for file in earlier_files(t)]


def _read_files(names: Sequence[str], opened: Sequence[Sequence[Source]], pose2d: str, camera: str) -> ReadFiles:
    """What the jobs of these names and sources read, all of which must last until the last job is done."""
    inputs = (source.path for sources in opened for source in sources if source.is_file)
    poses = [pose2d, *(pose2d.replace('{name}', name) for name in names)] if pose2d else []
    return ReadFiles({'input': inputs, 'file of 2D poses': poses, 'camera file': [camera] if camera else []})


def _check_targets(targets: Sequence[Path], sources: Sequence[Source], read: ReadFiles, fps: float | None) -> None:
    """Raise ValueError for what would fail after the work, or cost a file that is still to be read."""
    for target in targets:
        # Nothing that is read has a name like those of the files of single people.
        written = [target]
        if target.suffix == '.mp4':
            written.append(partial_name(target))
            if not (sources and all(source.is_lasting for source in sources)):
                raise ValueError(f'{target} needs the frames a second time; give a video or images as INPUT')
            check_encoder_rate(target, fps or sources[0].fps, '; give another --fps')
        read.refuse(written, 'give another --out')
        check_name_fits(longest_name(target))
        refuse_folders([target])


def _name_of(given: str) -> str:
    path = Path(given)
    if path.is_dir():
        return path.resolve().name
    return given.split(':')[0] if given.lower().startswith('webcam') and not path.exists() else path.stem
