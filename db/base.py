"""The declarative base of every table, and the column types they share; knows no table."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Enum, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

#: the schemas of CRobot itself and of the system database; one schema more for each species
CROBOT = "crobot"
SYSTEM = "system"
#: stands for the schema of the species at hand; a session's ``schema_translate_map`` puts the real name there
SPECIES = "species"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

#: a job's number in CRobot, the same in every table
JobId = Annotated[int, mapped_column(BigInteger)]
#: the database's time of the transaction that writes the row
CreatedAt = Annotated[datetime, mapped_column(server_default=func.now())]


class Base(DeclarativeBase):
    """The base of all models, whichever schema they are in."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        str: Text(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[str]: JSONB(),
    }


def stored_enum(values: type[StrEnum], name: str) -> Enum:
    """Return the column type that stores an enum's values as text, with a CHECK constraint called ``name``."""
    return Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
