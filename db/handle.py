"""``dbhandle['senterica']``: the models and a session of one species, as the web app knows them."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from sqlalchemy import Engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from db import species
from db.base import SPECIES
from db.engine import engine, transaction
from db.known_species import find_species

#: the table's name in the singular of its model
MODELS = SimpleNamespace(
    Schemes=species.Scheme,
    Strains=species.Strain,
    StrainsArchive=species.StrainArchive,
    Traces=species.Trace,
    TracesArchive=species.TraceArchive,
    Assemblies=species.Assembly,
    AssembliesArchive=species.AssemblyArchive,
    AssemblyLookup=species.AssemblyLookup,
    Annotations=species.Annotation,
    Loci=species.Locus,
    Alleles=species.Allele,
    SequenceTypes=species.SequenceType,
)


class SpeciesHandle:
    """One species: ``models``, and a ``session`` of the thread's own that holds a connection until `remove`."""

    def __init__(self, name: str, bind: Engine) -> None:
        self.name = name
        self.models = MODELS
        translated = bind.execution_options(schema_translate_map={SPECIES: name})
        self.session: scoped_session[Session] = scoped_session(
            sessionmaker(translated, info={"database": name})
        )

    def __repr__(self) -> str:
        return f"<species {self.name}>"

    def remove(self) -> None:
        """Undo what this thread's session has not committed, and give its connection back."""
        self.session.remove()


class Handles:
    """The species by name; one that was added a moment ago by another process is found at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bind: Engine | None = None
        self._handles: dict[str, SpeciesHandle] = {}

    def __getitem__(self, name: str) -> SpeciesHandle:
        """Return the handle of a species.

        Raises:
            UnknownSpecies: there is none of this name.
        """
        with self._lock:
            self._forget_if_reconfigured()
            found = self._handles.get(name)
        return found or self._open(name)

    def remove(self) -> None:
        """Give back this thread's connections of all species."""
        with self._lock:
            handles = list(self._handles.values())
        for handle in handles:
            handle.remove()

    def _forget_if_reconfigured(self) -> None:
        if self._bind is not engine():
            self._bind = engine()
            self._handles.clear()

    def _open(self, name: str) -> SpeciesHandle:
        with transaction() as session:
            find_species(session, name)
        with self._lock:
            return self._handles.setdefault(name, SpeciesHandle(name, engine()))


dbhandle = Handles()
