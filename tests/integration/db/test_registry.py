import subprocess
import sys
import threading

import pytest
from sqlalchemy import text

from crobot_errors import BadInput, UnknownSpecies
from db import known_species, registry
from db.engine import engine, transaction
from db.handle import dbhandle
from db.species import schemes
from tests.integration.conftest import GENERA
from tests.processes import PATIENCE_S

pytestmark = pytest.mark.usefixtures("two_species")

GOOD = {
    "name": "yersinia",
    "label": "Yersinia",
    "genus": "Salmonella",
    "barcode_prefix": "YER",
    "references": ["/references/y.fasta"],
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "Yersinia"}, "'Yersinia' cannot name a species"),
        ({"name": "y"}, "cannot name a species"),
        ({"name": 'y"; DROP SCHEMA crobot'}, "cannot name a species"),
        ({"name": "yersinia\n"}, "cannot name a species"),
        ({"name": "crobot"}, "reserved"),
        ({"name": "pg_toast"}, "reserved"),
        ({"barcode_prefix": "YE"}, "'YE' is not a barcode prefix"),
        ({"barcode_prefix": "SAL"}, "belongs to the species 'senterica'"),
        ({"genus": "Yersinja"}, "'Yersinja': give limits, or use one of Escherichia, Salmonella"),
        ({"genus": "yersinia"}, "'yersinia' is no genus: write it as Salmonella"),
        ({"label": " "}, "needs a label"),
    ],
)
def test_a_species_that_cannot_be_is_refused_and_leaves_nothing(changed: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        registry.add_species(**{**GOOD, **changed}, known_genera=GENERA)
    with transaction() as session:
        assert [species.name for species in known_species.list_species(session)] == ["ecoli", "senterica"]
        assert session.scalar(text("SELECT to_regnamespace('yersinia')")) is None


def test_adding_a_species_again_changes_nothing_and_other_values_are_an_error() -> None:
    registry.add_species("ecoli", "Escherichia coli", "Escherichia", "ESC", [], GENERA)
    with pytest.raises(
        BadInput, match="label is 'Escherichia coli', not 'E'; barcode_prefix is 'ESC', not 'ECO'"
    ):
        registry.add_species("ecoli", "E", "Escherichia", "ECO", [], GENERA)


def test_a_new_species_has_the_schemes_that_every_species_has() -> None:
    with transaction("ecoli") as session:
        names = [scheme.description for scheme in schemes.list_schemes(session)]
        called = [scheme.description for scheme in schemes.schemes_to_call(session)]
    assert names == ["assembly_stats", "snp_calls", "ref_masker", "prokka_annotation"]
    assert called == []


def test_a_scheme_is_called_on_every_new_assembly_or_only_on_demand() -> None:
    with transaction("ecoli") as session:
        begun = session.begin_nested()
        schemes.add_scheme(session, "prokka_annotation", "", "prokka_annotation")
        schemes.add_scheme(session, "Arrays", "", "CRISPR", on_demand=True)
        called = [scheme.description for scheme in schemes.schemes_to_call(session)]
        schemes.call_on_demand(session, "prokka_annotation")
        none = schemes.schemes_to_call(session)
        schemes.call_on_demand(session, "Arrays", on_demand=False)
        later = [scheme.description for scheme in schemes.schemes_to_call(session)]
        # the same scheme added again is as it is said now
        schemes.add_scheme(session, "prokka_annotation", "", "prokka_annotation")
        again = [scheme.description for scheme in schemes.schemes_to_call(session)]
        with pytest.raises(BadInput, match="'snp_calls' is not called at all: `crobot scheme add` gives it"):
            schemes.call_on_demand(session, "snp_calls")
        begun.rollback()
    assert (called, none, later) == (["prokka_annotation"], [], ["Arrays"])
    assert again == ["prokka_annotation", "Arrays"]


def test_the_handle_has_models_and_a_session_of_its_species() -> None:
    models = dbhandle["senterica"].models
    scheme = dbhandle["senterica"].session.query(models.Schemes).filter_by(description="snp_calls").one()
    scheme.name = "changed here only"
    dbhandle["senterica"].session.commit()
    other = dbhandle["ecoli"].session.query(models.Schemes).filter_by(description="snp_calls").one()
    assert other.name == "SNP calls"
    dbhandle.remove()


def test_every_table_of_a_species_is_among_the_models() -> None:
    models = vars(dbhandle["senterica"].models)
    tables = {model.__tablename__.replace("_", "") for model in models.values()}
    assert {name.lower() for name in models} == tables
    assert "assemblylookup" in tables


def test_an_unknown_species_is_named_with_those_that_exist() -> None:
    with pytest.raises(
        UnknownSpecies, match=r"no species 'sentrica': there are ecoli, senterica.*species add"
    ):
        dbhandle["sentrica"]


ADD = """
import sys
from db import engine, registry
engine.configure(lambda: sys.argv[1])
registry.add_species("listeria", "Listeria", "Listeria", "LIS", [], ["Listeria"])
"""


def test_a_species_added_by_another_process_is_there_without_a_restart() -> None:
    with pytest.raises(UnknownSpecies):
        dbhandle["listeria"]
    url = engine().url.render_as_string(hide_password=False)
    subprocess.run([sys.executable, "-c", ADD, url], check=True, timeout=PATIENCE_S)
    listeria = dbhandle["listeria"]
    assert listeria.session.query(listeria.models.Schemes).count() == 4
    dbhandle.remove()


def test_each_thread_has_a_session_of_its_own() -> None:
    sessions = []

    def work() -> None:
        sessions.append(dbhandle["senterica"].session())
        dbhandle.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, sessions))) == 4
    assert dbhandle["senterica"].session() not in sessions
    dbhandle.remove()
