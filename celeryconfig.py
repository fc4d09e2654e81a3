"""Celery's settings under Celery's names, and ours with the prefix `crobot_`; the only file that reads the environment.

Every setting of ours can be given as an environment variable of the same name in capitals (`CROBOT_DATABASE_URL`), and
is read from here and not from `app.conf`, so that a command which only asks the database loads no Celery.
"""

from __future__ import annotations

import os
from pathlib import Path

_data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")

# --- where things are -------------------------------------------------------------------------------------------------

#: everything that CRobot writes on this machine, unless said otherwise below
crobot_data_dir = os.environ.get("CROBOT_DATA_DIR", str(Path(_data) / "crobot"))
#: PostgreSQL, as SQLAlchemy writes it (postgresql+psycopg2://user:password@host:5432/name); empty: an embedded server
crobot_database_url = os.environ.get("CROBOT_DATABASE_URL", "")
#: Redis, Valkey (redis://…) or RabbitMQ (amqp://…); empty: an embedded Valkey
crobot_broker_url = os.environ.get("CROBOT_BROKER_URL", "")
#: where results wait for `.get()`; empty: the broker if it is Redis or Valkey, else the database
crobot_result_backend = os.environ.get("CROBOT_RESULT_BACKEND", "")
#: the folder that all nodes and the head share: outputs, schemes, references
crobot_storage = os.environ.get("CROBOT_STORAGE", str(Path(crobot_data_dir) / "storage"))
#: folders that jobs may read from, separated by colons, besides the storage
crobot_roots = [path for path in os.environ.get("CROBOT_ROOTS", "").split(":") if path]
#: read archive, e.g. https://host/fastq/{folder}/{accession}/{accession}_{mate}.fastq.gz, where {folder} stands for the
#: folders that public archives make of an accession (ERR123/007 for ERR1234567); empty: accessions are refused
crobot_archive_url = os.environ.get("CROBOT_ARCHIVE_URL", "")
#: the archive's report on a run with the columns fastq_ftp and fastq_md5, e.g. https://host/report?accession={accession};
#: its MD5 sums are checked; empty: those that lie beside the files, or else the files are read through
crobot_archive_report_url = os.environ.get("CROBOT_ARCHIVE_REPORT_URL", "")
#: the rules of placement and retries (TOML), read again when it changes; without it the defaults hold
crobot_policy = os.environ.get("CROBOT_POLICY", str(Path(crobot_data_dir) / "policy.toml"))
#: a node's cache of fetched reads is kept below this size
crobot_cache_bytes = int(os.environ.get("CROBOT_CACHE_BYTES", str(50 * 1000**3)))

# --- times, in seconds ------------------------------------------------------------------------------------------------

#: a node says this often what it is running
crobot_heartbeat_s = float(os.environ.get("CROBOT_HEARTBEAT_S", "5"))
#: a node that has been silent for so long has lost its jobs
crobot_lease_s = float(os.environ.get("CROBOT_LEASE_S", "30"))
#: an attempt that its node does not know, although its queue is empty, is given up after this time
crobot_missing_s = float(os.environ.get("CROBOT_MISSING_S", "10"))
#: the dispatcher looks for waiting jobs this often even if nothing wakes it
crobot_dispatch_s = float(os.environ.get("CROBOT_DISPATCH_S", "1"))
#: a result that is not settled after this time is settled by the next head
crobot_settle_s = float(os.environ.get("CROBOT_SETTLE_S", "30"))
#: how often heads look after batches: what is over is counted, and the next jobs are sent
crobot_batches_s = float(os.environ.get("CROBOT_BATCHES_S", "2"))
#: how often heads look whether a daily update, or the daily prune, is due
crobot_daily_update_s = float(os.environ.get("CROBOT_DAILY_UPDATE_S", "300"))
#: a file that a node has reported may take so long to show on a head's side of the storage; then its job fails
crobot_storage_patience_s = float(os.environ.get("CROBOT_STORAGE_PATIENCE_S", "600"))

# --- logs -------------------------------------------------------------------------------------------------------------

#: text, or json: then each line is one document, with the job, attempt, node and request that it is about
crobot_log_format = os.environ.get("CROBOT_LOG_FORMAT", "text")

# --- Flower -----------------------------------------------------------------------------------------------------------

#: user:password of a viewer of Flower's pages, who changes nothing
crobot_flower_auth = os.environ.get("CROBOT_FLOWER_AUTH", "")
#: user:password of those who may also change jobs, nodes and batches there, separated by commas; without any viewer or
#: operator Flower does not start
crobot_flower_operators = os.environ.get("CROBOT_FLOWER_OPERATORS", "")
#: so many proxies of ours stand before `crobot flower`: the client's address is what the first of them says
crobot_flower_proxies = int(os.environ.get("CROBOT_FLOWER_PROXIES", "0"))
crobot_flower_port = int(os.environ.get("CROBOT_FLOWER_PORT", "5555"))

# --- the HTTP API -----------------------------------------------------------------------------------------------------

crobot_api_port = int(os.environ.get("CROBOT_API_PORT", "5556"))
#: so many proxies of ours stand before `crobot api`: the client's address is what the first of them says
crobot_api_proxies = int(os.environ.get("CROBOT_API_PROXIES", "0"))
#: nginx sends the files of jobs itself: the address of its `internal` location whose `alias` is the storage
crobot_api_accel = os.environ.get("CROBOT_API_ACCEL", "")
#: requests that a token may make, those that only read, and those that change something; empty: as many as it likes
crobot_api_reads = os.environ.get("CROBOT_API_READS", "6000/minute")
crobot_api_changes = os.environ.get("CROBOT_API_CHANGES", "3000/minute")

#: a web app has so many seconds to take an outcome that is posted to it, from the first packet to the last
crobot_webhook_timeout_s = float(os.environ.get("CROBOT_WEBHOOK_TIMEOUT_S", "15"))

# --- uploads by the HTTP API ------------------------------------------------------------------------------------------

#: the largest file, in bytes
crobot_upload_bytes = int(os.environ.get("CROBOT_UPLOAD_BYTES", str(50 * 1000**3)))
#: bytes that all files of a user may have which are not reads of a strain yet
crobot_upload_quota_bytes = int(os.environ.get("CROBOT_UPLOAD_QUOTA_BYTES", str(200 * 1000**3)))
#: a pair with which nobody goes on for so long, in seconds, is removed
crobot_upload_expires_s = float(os.environ.get("CROBOT_UPLOAD_EXPIRES_S", str(7 * 24 * 3600)))
#: requests that write, at a time, in a process of the API; the other threads answer everything else; 0: all may
crobot_uploads_at_once = int(os.environ.get("CROBOT_UPLOADS_AT_ONCE", "6"))
#: a request of which nothing comes for so long, in seconds, is taken for lost
crobot_upload_silence_s = float(os.environ.get("CROBOT_UPLOAD_SILENCE_S", "60"))
#: how often heads look after uploads
crobot_uploads_s = float(os.environ.get("CROBOT_UPLOADS_S", "30"))

#: where clients of the HTTP API find the streams of events, which `crobot flower` serves: https://host/events; empty:
#: nobody can tell them
crobot_events_url = os.environ.get("CROBOT_EVENTS_URL", "")
#: pages of other addresses that may read streams (CORS), separated by commas: https://app.example.org
crobot_events_origins = [one for one in os.environ.get("CROBOT_EVENTS_ORIGINS", "").split(",") if one]
#: so many streams may be open at once
crobot_events_streams = int(os.environ.get("CROBOT_EVENTS_STREAMS", "2000"))

# --- what this process is ---------------------------------------------------------------------------------------------

#: modules with further JobTasks, separated by commas
imports = [name for name in os.environ.get("CROBOT_IMPORTS", "").split(",") if name]
#: heads run plain tasks (callbacks of jobs), too, if there is no `crobot callbacks`; a slow one then delays results
crobot_callbacks_in_head = os.environ.get("CROBOT_CALLBACKS_IN_HEAD", "") not in ("", "0", "false")
#: a job class that is a LocalJob is processed by a worker of the head instead of at once
crobot_use_celery = os.environ.get("USE_CELERY", "") not in ("", "0", "false")

# --- Celery -----------------------------------------------------------------------------------------------------------

# JSON only: a message is data, never code.
task_serializer = result_serializer = event_serializer = "json"
accept_content = ["json"]

# By name over the default exchange: a broker that came back empty drops messages to exchanges that it has forgotten.
task_queues = {
    name: {"exchange": "", "routing_key": name}
    for name in ("crobot.heartbeats", "crobot.reports", "crobot.settle", "crobot.callbacks")
}
# Plain tasks that no route sends elsewhere: `crobot callbacks` runs them.
task_default_queue = "crobot.callbacks"
task_default_exchange = ""
task_default_routing_key = "crobot.callbacks"
task_create_missing_queues = True

# Recovery is the head's (leases), so a message is done when it is taken; late acknowledgement would run a long
# assembly twice when the visibility timeout or the connection ends.
task_acks_late = False
worker_prefetch_multiplier = 1
worker_disable_prefetch = (
    True  # taken only when a slot is free (Redis and Valkey; elsewhere the multiplier does it)
)

# Flower turns them on while it runs; without it nobody would listen.
worker_send_task_events = False
task_send_sent_event = False
worker_hijack_root_logger = True
# A job that somebody cancelled must not start again because the worker reconnected.
worker_cancel_long_running_tasks_on_connection_loss = False
worker_enable_soft_shutdown_on_idle = False

broker_connection_retry_on_startup = True
broker_connection_max_retries = None
# A broker that answers with an error (a failover, a full memory) is away like one that does not answer.
broker_channel_error_retry = True
worker_consumer = "crobot_tasks.broker.consumer:PatientConsumer"
broker_transport_options = {
    # Heartbeats are read before reports, so that no lease runs out because the head is busy, but not for ever.
    "queue_order_strategy": "crobot_tasks.broker.queue_order.Turns",
    # The order is the database's; each further step would be one more list to look into at every read.
    "priority_steps": [0],
    "socket_keepalive": True,
    "socket_connect_timeout": 5,
    "health_check_interval": 25,
    "visibility_timeout": 7 * 24 * 3600,
}
redis_socket_keepalive = True
redis_socket_connect_timeout = 5
redis_backend_health_check_interval = 25
result_expires = 7 * 24 * 3600
result_extended = False

timezone = "UTC"
enable_utc = True

beat_schedule = {
    # Queued behind the heartbeats on purpose: when it is read, all of them have been.
    "rescue": {
        "task": "crobot.rescue",
        "schedule": crobot_heartbeat_s,
        "options": {"queue": "crobot.heartbeats", "ignore_result": True},
    },
    "settle-overdue": {
        "task": "crobot.settle_overdue",
        "schedule": crobot_settle_s,
        "options": {"queue": "crobot.settle", "ignore_result": True},
    },
    "revoked-meanwhile": {
        "task": "crobot.revoked_meanwhile",
        "schedule": crobot_settle_s,
        "options": {"queue": "crobot.settle", "ignore_result": True},
    },
    "batches": {
        "task": "crobot.tend_batches",
        "schedule": crobot_batches_s,
        "options": {"queue": "crobot.settle", "ignore_result": True},
    },
    "uploads": {
        "task": "crobot.tend_uploads",
        "schedule": crobot_uploads_s,
        "options": {"queue": "crobot.settle", "ignore_result": True},
    },
    "daily-update": {
        "task": "crobot.daily_update",
        "schedule": crobot_daily_update_s,
        "options": {"queue": "crobot.settle", "ignore_result": True},
    },
    "prune": {
        "task": "crobot.prune",
        "schedule": crobot_daily_update_s,
        "options": {"queue": "crobot.settle", "ignore_result": True},
    },
    "unread-callbacks": {
        "task": "crobot.unread_callbacks",
        "schedule": crobot_settle_s,
        "options": {"queue": "crobot.settle", "ignore_result": True},
    },
}
