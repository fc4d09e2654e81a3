"""SNP projects: the jobs of their four steps, and what moves a project from one step to the next."""

from __future__ import annotations

from crobot_tasks.jobs.snp.mapper import RefMapperJob
from crobot_tasks.jobs.snp.masker import RefMaskerJob
from crobot_tasks.jobs.snp.project import Project, resume_project, send_project
from crobot_tasks.jobs.snp.steps import MatrixJob, PhylogenyJob

__all__ = [
    "MatrixJob",
    "PhylogenyJob",
    "Project",
    "RefMapperJob",
    "RefMaskerJob",
    "resume_project",
    "send_project",
]
