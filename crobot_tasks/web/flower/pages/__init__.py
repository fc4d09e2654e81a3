"""Our pages, one module each, and where they are; a page with a name of Flower's takes its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado.web import StaticFileHandler, url

from crobot_tasks.web.flower.live.watch import Watch
from crobot_tasks.web.flower.pages.analyses import Analyses, Analysis, Picture
from crobot_tasks.web.flower.pages.audit import Audit, Change
from crobot_tasks.web.flower.pages.batches import Batch, Batches
from crobot_tasks.web.flower.pages.job import Job
from crobot_tasks.web.flower.pages.jobs import Jobs
from crobot_tasks.web.flower.pages.live import Live
from crobot_tasks.web.flower.pages.log import Log
from crobot_tasks.web.flower.pages.nodes import Nodes
from crobot_tasks.web.flower.pages.overview import Overview
from crobot_tasks.web.flower.pages.policy import Policy
from crobot_tasks.web.flower.pages.steer import Steer

STATIC = Path(__file__).parents[1] / "static"


def handlers() -> list[Any]:
    """Return what is to be added to Flower's application."""
    return [
        url(r"/", Overview, name="overview"),
        url(r"/jobs", Jobs, name="crobot_jobs"),
        url(r"/jobs/([0-9]{1,18})", Job, name="crobot_job"),
        url(r"/jobs/([0-9]{1,18})/log", Log, name="crobot_log"),
        url(r"/jobs/change", Steer, name="crobot_steer"),
        url(r"/nodes", Nodes, name="crobot_nodes"),
        url(r"/batches", Batches, name="crobot_batches"),
        url(r"/batches/(.+)", Batch, name="crobot_batch"),
        url(r"/analyses", Analyses, name="crobot_analyses"),
        url(r"/analyses/([0-9]{1,18})", Analysis, name="crobot_analysis"),
        url(r"/analyses/([0-9]{1,18})/([a-z_]{1,20})\.svg", Picture, name="crobot_picture"),
        url(r"/policy", Policy, name="crobot_policy"),
        url(r"/audit", Audit, name="crobot_audit"),
        url(r"/audit/([0-9]{1,18})", Change, name="crobot_change"),
        url(r"/live", Live, {"watch": Watch()}, name="crobot_live"),
        url(r"/crobot/(.*)", StaticFileHandler, {"path": str(STATIC)}),
    ]
