"""The pipelines' tasks: what `workers/` can do, under the pipelines' public names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import celeryconfig
from crobot_errors import UnknownPipeline, UnknownVersion
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.job_task import JobTask
from workers.job import JobInput, Resources, data_of
from workers.pipelines import PIPELINES
from workers.pipelines.base import Pipeline
from workers.runner import offers, run_attempt


class PipelineTask(JobTask):
    """A pipeline as a task: ``app.tasks["QAssembly"].s(reads=[[read1, read2]], params={…})``."""

    abstract = True
    typing = False
    runs_tools = True

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.name = pipeline.name
        self.version = pipeline.version

    def run(
        self,
        *upstream: Any,
        inputs: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
        reads: list[list[str]] | None = None,
        version: str = "",
    ) -> dict[str, Any]:
        """(c) Run the pipeline on this node; in a chain, the files of the job before it are its inputs."""
        job = _job(upstream, inputs, params, reads)
        return run_attempt(self.pipeline, self.app.node.attempt(self.request, job))

    def resources(self, args: Any, kwargs: dict[str, Any]) -> Resources:
        """Ask the pipeline."""
        return self.pipeline.resources(_job_of(args, kwargs))

    def expected_seconds(self, args: Any, kwargs: dict[str, Any]) -> float:
        """Return the pipeline's typical time, unless the sender knows better."""
        known = (kwargs.get("params") or {}).get("expected_s")
        return float(self.pipeline.expected_seconds(_job_of(args, kwargs)) if known is None else known)

    def data(self, args: Any, kwargs: dict[str, Any]) -> list[str]:
        """Name accessions, read files and input files."""
        return data_of(_job_of(args, kwargs))

    def check(self, args: Any, kwargs: dict[str, Any]) -> None:
        """Let the pipeline check what was sent, before anything is stored."""
        roots = [Path(celeryconfig.crobot_storage), *map(Path, celeryconfig.crobot_roots)]
        self.pipeline.validate(_job_of(args, kwargs), roots)

    def wanted_version(self, kwargs: dict[str, Any]) -> str:
        """Return the version asked for; the current one if none was."""
        wanted = kwargs.get("version") or self.version
        if wanted != self.version:
            raise UnknownVersion(
                f"{self.name} {wanted} is not known; current is {self.version}. Send version='' for it"
            )
        return self.version


def _job_of(args: Any, kwargs: dict[str, Any]) -> JobInput:
    return _job(args, kwargs.get("inputs"), kwargs.get("params"), kwargs.get("reads"))


def _job(upstream: Any, inputs: Any, params: Any, reads: Any) -> JobInput:
    files: dict[str, Any] = {}
    for result in upstream:
        if isinstance(result, dict):
            files |= result.get("outputs", {})
    return JobInput(files | (inputs or {}), params or {}, reads or [])


def offered() -> tuple[dict[str, str], dict[str, str]]:
    """Return what this machine can run: (name → version, name → why not), pipelines and other JobTasks."""
    able, unable = offers(PIPELINES)
    plain = {name: task.version for name, task in app.tasks.items() if isinstance(task, JobTask)}
    return {name: version for name, version in plain.items() if name not in unable} | able, unable


def job_task(name: str) -> JobTask:
    """Return the task of a pipeline, or of any other job, by its name.

    Raises:
        UnknownPipeline: there is none of this name.
    """
    if name not in app.tasks:
        app.loader.import_default_modules()
    task = app.tasks.get(name)
    if not isinstance(task, JobTask):
        known = ", ".join(sorted(name for name, other in app.tasks.items() if isinstance(other, JobTask)))
        raise UnknownPipeline(f"no pipeline {name!r}; known are {known}")
    return task


for _pipeline in PIPELINES.values():
    app.register_task(PipelineTask(_pipeline))
