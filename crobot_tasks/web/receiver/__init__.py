"""The receiving half, for a web app elsewhere: `POST /crobot_callback`; asks no database of CRobot, and no setting.

app.register_blueprint(receiver(on_outcome, secrets=[…], store=SqlStore("sqlite:////var/lib/app/outcomes.db")))
"""

from crobot_tasks.web.receiver.blueprint import receiver
from crobot_tasks.web.receiver.outcome import Outcome
from crobot_tasks.web.receiver.store import Begin, SqlStore, Store

__all__ = ["Begin", "Outcome", "SqlStore", "Store", "receiver"]
