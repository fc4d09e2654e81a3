"""Projects as people ask for them: a name, a reference and assemblies; sent, and resumed where they failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from crobot_errors import BadInput
from crobot_tasks.jobs.snp.advance import advance, is_current
from crobot_tasks.jobs.snp.state import State, Step, Tag, lock_reference
from db.engine import retrying, transaction
from db.known_species import find_species
from db.species import Assembly, AssemblyStatus
from db.species.assemblies import find_assembly, strain_names
from db.system import projects
from workers.trees.names import Names, file_names

LEAST_TAXA = 4
#: keys of what a project asks for beside its reference
_ASKED = ("barcodes", "labels", "names", "outgroup", "params")


@dataclass(frozen=True)
class Project:
    """What is asked for; the reference is one of the taxa. ``request`` takes workgroup, batch and priority."""

    database: str
    name: str
    #: barcodes
    reference: str
    assemblies: Sequence[str]
    user_id: int = 0
    #: barcode of the taxon at which the tree is rooted; else in its middle
    outgroup: str = ""
    #: ``core_threshold``
    params: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    #: what genomes are called in the tree's and the matrix' files: their strain, made safe and unique, or the barcode
    names: Names = Names.STRAIN


def send_project(project: Project, *, again: bool = False) -> int:
    """Store a project and send its first jobs, or nothing at all; return its analysis id.

    If the user has a project of the same genomes and parameters whose result is there, and nothing that it was made of
    is outdated, that is the answer: nothing is sent, unless ``again`` asks for it.

    Raises:
        UnknownSpecies: there is none of this name.
        BadInput: it cannot work; nothing was stored.
    """
    with transaction() as session:
        find_species(session, project.database)

    def send() -> int:
        with transaction(project.database) as session:
            reference, assemblies = _checked(session, project)
            lock_reference(session, project.database, reference.id)
            data = _data(session, project, reference, assemblies)
            answer = None if again else _answer(session, project, data)
            if answer is not None:
                return answer
            row = projects.add(session, project.database, project.name, project.user_id, data)
            state = State.locked(session, row.id)
            advance(state)
            if not state.live:
                raise BadInput(str(state.data["error"]))
            return row.id

    return retrying(send)


def _answer(session: Session, project: Project, data: dict[str, Any]) -> int | None:
    """Find the latest project that asked the same, and has a result that would not be another one today."""
    for row in projects.complete_of(session, project.database, project.user_id, data["ref_id"]):
        same = all(row.data.get(name) == data[name] for name in _ASKED)
        if same and is_current(State(session, row)):
            return row.id
    return None


def resume_project(project_id: int) -> None:
    """Go on with a project from the step that failed; what is complete or under way is used.

    Raises:
        BadInput: there is no such project, it did not fail, or an assembly has failed the QA since.
    """
    with transaction() as session:
        database = projects.find(session, project_id).database

    def resume() -> None:
        with transaction(database) as session:
            state = State.locked(session, project_id)
            if "complete" in state.data:
                raise BadInput(f"the SNP project {project_id} is complete: there is nothing to resume")
            if state.live:
                raise BadInput(
                    f"the SNP project {project_id} goes on already: `crobot project show {project_id}`"
                )
            _check_qa([session.get_one(Assembly, one) for one in _ids(state.data)])
            state.forget_failure()
            advance(state)
            if not state.live:
                raise BadInput(str(state.data["error"]))

    retrying(resume)


def _checked(session: Session, project: Project) -> tuple[Assembly, list[Assembly]]:
    """Find the assemblies.

    Raises:
        BadInput: unknown, named twice, failed QA, or too few.
    """
    if not project.name.strip():
        raise BadInput("an SNP project needs a name, as --name 'outbreak 2026'")
    codes = list(project.assemblies)
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise BadInput(f"{', '.join(twice)} named twice: each assembly can be in a project once")
    if project.reference in codes:
        raise BadInput(
            f"{project.reference} is the reference, and so in the tree already: leave it out of the others"
        )
    if project.outgroup and project.outgroup not in (project.reference, *codes):
        raise BadInput(f"the outgroup {project.outgroup} is not in the project: add it to the assemblies")
    if len(codes) + 1 < LEAST_TAXA:
        raise BadInput(
            f"a tree needs at least {LEAST_TAXA} genomes, the reference included; these are {len(codes) + 1}"
        )
    reference, *assemblies = [find_assembly(session, code) for code in (project.reference, *codes)]
    _check_qa([reference, *assemblies])
    return reference, assemblies


def _check_qa(assemblies: Sequence[Assembly]) -> None:
    failed = [str(one.barcode) for one in assemblies if one.status is AssemblyStatus.FAILED_QA]
    if failed:
        raise BadInput(
            f"{', '.join(failed)} failed the QA evaluation: SNPs of it cannot be trusted; "
            "send a project without it"
        )


def _ids(data: dict[str, Any]) -> list[int]:
    return [int(data["ref_id"]), *map(int, data["barcodes"].values())]


def _data(
    session: Session, project: Project, reference: Assembly, assemblies: Sequence[Assembly]
) -> dict[str, Any]:
    # people know strains by their names: the pictures have those, and files what comes next to them
    labels = strain_names(session, [one.id for one in (reference, *assemblies)])
    return {
        **dict.fromkeys((step.value for step in Step), Tag.NOT_SENT.value),
        "ref_id": reference.id,
        "reference": reference.barcode,
        "assembly_ids": [one.id for one in assemblies],
        "labels": labels,
        "names": file_names(labels) if project.names is Names.STRAIN else {code: code for code in labels},
        "barcodes": {str(one.barcode): one.id for one in assemblies},
        "outgroup": project.outgroup,
        "params": project.params,
        "request": {name: value for name, value in project.request.items() if value not in (None, "")},
    }
