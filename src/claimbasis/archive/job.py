"""The job: reads parts, has them labelled, and puts them into their place, so that it can be killed anywhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from claimbasis.archive.assembly import Assembly, Pending, remove_parts
from claimbasis.archive.engines import Engine
from claimbasis.archive.inputs import find_inputs
from claimbasis.archive.labelling import ModelChoice, load_classifier
from claimbasis.archive.manifest import Manifest
from claimbasis.archive.output import OutputFolder
from claimbasis.archive.progress import JobProgress
from claimbasis.archive.reading import ArchiveReader, Columns, ReadPart, SkippedInput
from claimbasis.archive.tables import OutputFormat, taken_names
from claimbasis.errors import InputError

logger = logging.getLogger("claimbasis")
_TASKS_A_SLOT = 2  # one in hand and one that waits, so that no worker does
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a job shall do."""

    paths: tuple[str, ...]
    output: Path
    model: ModelChoice
    columns: Columns = field(default_factory=Columns)
    n_rows: int = 200  # most rows of a part
    max_rejects: int | None = None
    prune: bool = False  # whether what is no longer among the inputs goes from the output too


@dataclass(frozen=True, slots=True)
class Summary:
    """What is in the output, and how the job ended."""

    n_articles: int
    n_statements: int
    n_copied: int  # articles whose labels are those of an equal text before them
    n_rejects: int
    n_new: int  # articles of this start
    seconds: float
    stopped: str = ""  # why it ended before all was done


def run_job(
    options: JobOptions,
    start_engine: Callable[[ModelChoice], Engine],
    *,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Summary:
    """Labels an archive, or goes on where an earlier start ended.

    Args:
        options: What to do.
        start_engine: Makes the engine that labels parts.
        is_stopped: Asked before each part; when true, the parts in hand are finished and no others begun.

    Raises:
        InputError: The job cannot start.
        ModelError: The model cannot be used.
        ArchiveError: A part could not be labelled.
        OSError: The output cannot be written.
    """
    inputs = find_inputs(options.paths, output=options.output)
    folder = OutputFolder(options.output)
    folder.prepare()
    with Manifest.open(options.output) as manifest:
        folder.tidy()
        _check_inputs({one.name for one in inputs}, manifest, folder, options)
        classifier = load_classifier(options.model)
        labels, choice = classifier.settings.labels, replace(options.model, model_id=classifier.model_id)
        del classifier  # the workers have their own
        if manifest.get("model") not in (None, choice.model_id):
            logger.warning(
                "%s: labels of %s are replaced by those of %s", options.output, manifest.get("model"), choice.model_id
            )
        manifest.put("model", choice.model_id)
        reader = ArchiveReader(inputs, manifest, output=options.output, columns=options.columns)
        layout = reader.lay_out(taken=taken_names(labels))
        reader.forget_changes(layout)
        assembly = Assembly(OutputFormat(labels, choice.model_id, layout), reader.inputs, manifest, folder)
        job = _Job(options, manifest, reader, assembly)
        try:
            with start_engine(choice) as engine:
                return job.run(engine, is_stopped)
        finally:
            folder.write_rejects(manifest.rejects())
            folder.close()


def _check_inputs(names: set[str], manifest: Manifest, folder: OutputFolder, options: JobOptions) -> None:
    """Removes what inputs that are no longer given have left, if asked to."""
    gone = sorted(manifest.input_names() - names)
    if gone and not options.prune:
        raise InputError(
            f"--output {options.output}: also holds rows of {len(gone)} inputs that are not given or are gone, such as "
            f"{gone[0]}; give them again, add --prune to remove their rows, or choose another folder"
        )
    for name in gone:
        remove_parts(manifest, folder, manifest.parts_of(name))
        with manifest.commit():
            manifest.forget_part(name)


class _Job:
    def __init__(self, options: JobOptions, manifest: Manifest, reader: ArchiveReader, assembly: Assembly) -> None:
        self._options, self._manifest, self._reader, self._assembly = options, manifest, reader, assembly
        self._pending: dict[str, Pending] = {}
        self._stopped = ""
        self._n_finished = 0  # articles in their place, those of earlier starts included
        self._n_labelled = 0  # texts of this start in parts that are finished
        self._n_new = 0  # articles of this start in parts that are finished

    def run(self, engine: Engine, is_stopped: Callable[[], bool]) -> Summary:
        """Everything, up to the end or to where it is stopped."""
        started = time.monotonic()
        with JobProgress(self._reader.count_bytes(), partial(self._count_done, engine)) as progress:
            items = self._reader.read(n_rows=self._options.n_rows, is_current=self._assembly.is_current)
            more = True
            while more or self._pending:
                while more and self._has_room(engine):
                    more = self._take(next(items, None), engine, progress, is_stopped)
                self._finish_ready()
                if any(pending.n_open for pending in self._pending.values()):
                    labelled = engine.next_done()
                    self._pending[labelled.part].add(labelled)
                    self._finish_ready()
        if not self._stopped:
            self._remove_leftovers()
        return self._summarise(time.monotonic() - started)

    def _count_done(self, engine: Engine) -> int:
        return self._n_finished + engine.n_labelled - self._n_labelled

    def _has_room(self, engine: Engine) -> bool:
        """Whether a further part should be taken on: enough to do for all workers, and not too much in memory."""
        n_open = sum(pending.n_open for pending in self._pending.values())
        return max(n_open, len(self._pending)) < max(1, _TASKS_A_SLOT * engine.n_slots)

    def _take(
        self,
        item: ReadPart | SkippedInput | None,
        engine: Engine,
        progress: JobProgress,
        is_stopped: Callable[[], bool],
    ) -> bool:
        """Takes on what was read.

        Returns:
            Whether more can be.
        """
        if item is None:
            return False
        if isinstance(item, SkippedInput):
            progress.skip(item.n_articles, item.n_bytes)
            self._n_finished += item.n_articles
            return True
        self._check_stop(is_stopped)
        if self._stopped:
            return False
        n_entries = len(item.part.entries)
        pending = self._assembly.plan(item, self._pending.keys())
        if pending is None:
            progress.skip(n_entries, item.n_bytes)
            self._n_finished += n_entries
            return True
        progress.add(n_entries, item.n_bytes)
        self._pending[item.part.name] = pending
        for piece in pending.work.split():
            engine.submit(piece)
            pending.n_open += 1
        return True

    def _check_stop(self, is_stopped: Callable[[], bool]) -> None:
        most = self._options.max_rejects
        if is_stopped():
            self._stopped = INTERRUPTED
        elif most is not None and (n_rejects := self._manifest.count_rejects()) > most:
            self._stopped = f"{n_rejects} rejects, more than --max-rejects {most}"

    def _finish_ready(self) -> None:
        """Puts into their place all labelled parts that wait for no other, oldest first."""
        for name, pending in list(self._pending.items()):
            if not pending.n_open and not pending.waits_for & self._pending.keys():
                self._assembly.finish(pending)
                del self._pending[name]
                self._n_finished += len(pending.read.part.entries)
                self._n_labelled += len(pending.work.texts)
                self._n_new += 0 if pending.is_kept else len(pending.read.part.entries)

    def _remove_leftovers(self) -> None:
        """Parts that an input had before it became shorter."""
        for rank, one in enumerate(self._reader.inputs):
            if whole := self._manifest.whole_input(rank):
                self._assembly.remove(
                    part for part in self._manifest.parts_of(one.name) if part.number >= whole.n_parts
                )

    def _summarise(self, seconds: float) -> Summary:
        return Summary(*self._manifest.count(), self._n_new, seconds, self._stopped)
