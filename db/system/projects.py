"""SNP projects in ``user_preferences``: each is one row, whose ``data`` says how its steps stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.system import UserPreference

TYPE = "snp_project"


def add(session: Session, database: str, name: str, user_id: int, data: dict[str, Any]) -> UserPreference:
    """Add a project; its id is the analysis id."""
    now = _now()
    dates = {"date_created": now, "date_modified": now}
    project = UserPreference(type=TYPE, database=database, name=name, user_id=user_id, data=data | dates)
    session.add(project)
    session.flush()
    return project


def find(session: Session, project_id: int) -> UserPreference:
    """Return a project.

    Raises:
        BadInput: there is none of this number.
    """
    found = session.get(UserPreference, project_id)
    if found is None or found.type != TYPE:
        raise BadInput(
            f"there is no SNP project {project_id}; `crobot project list` names those that there are"
        )
    return found


def locked(session: Session, project_id: int) -> UserPreference:
    """Return a project as it is now; nobody else changes it until the transaction ends.

    Raises:
        BadInput: there is none of this number.
    """
    find(session, project_id)
    statement = select(UserPreference).where(UserPreference.id == project_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def change(session: Session, project: UserPreference, **values: Any) -> None:
    """Change what is given; None takes a key away."""
    data = project.data | values | {"date_modified": _now()}
    project.data = {key: value for key, value in data.items() if value is not None}
    session.flush()


def of_reference(session: Session, database: str, ref_id: int) -> Sequence[int]:
    """Return the projects with this reference that are neither complete nor failed, in the order to lock them."""
    data = UserPreference.data
    statement = (
        select(UserPreference.id)
        .where(UserPreference.type == TYPE, UserPreference.database == database)
        .where(data["ref_id"].as_integer() == ref_id)
        .where(~data.has_key("complete"), ~data.has_key("failed"))
        .order_by(UserPreference.id)
    )
    return session.scalars(statement).all()


def complete_of(session: Session, database: str, user_id: int, ref_id: int) -> Sequence[UserPreference]:
    """Return a user's projects with this reference that are complete, the newest first."""
    data = UserPreference.data
    statement = (
        select(UserPreference)
        .where(UserPreference.type == TYPE, UserPreference.user_id == user_id)
        .where(UserPreference.database == database)
        .where(data["ref_id"].as_integer() == ref_id, data.has_key("complete"))
        .order_by(UserPreference.id.desc())
    )
    return session.scalars(statement).all()


def listing(session: Session, database: str | None = None, limit: int = 50) -> Sequence[UserPreference]:
    """Return projects, the newest first."""
    statement = select(UserPreference).where(UserPreference.type == TYPE)
    if database is not None:
        statement = statement.where(UserPreference.database == database)
    return session.scalars(statement.order_by(UserPreference.id.desc()).limit(limit)).all()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
