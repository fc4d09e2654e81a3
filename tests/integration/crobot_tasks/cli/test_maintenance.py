"""Updates with a real head and nodes, by the commands."""

from __future__ import annotations

from collections.abc import Callable

from crobot_tasks.batches.batch import Batch
from crobot_tasks.intake.genomes import add_assembly
from crobot_tasks.intake.scheme_calls import add_scheme
from demo.data import DemoData
from tests.command import crobot, document
from tests.processes import Cluster, wait_for


def test_a_scheme_that_is_new_is_called_on_the_genomes_that_are_there(
    cluster: Cluster, strain: str, demo_data: DemoData, forget_scheme: Callable[[str], None]
) -> None:
    barcode = add_assembly("senterica", strain, demo_data.genome).barcode
    wait_for(
        "the assembly", lambda: document("assembly", "list", "senterica", "--strain", strain)[0]["status"]
    )
    add_scheme("senterica", "Repeats", "CRISPR")
    [planned] = document("update-scheme", "senterica", "Repeats", "--dry-run")["updates"]
    assert {"barcode": barcode, "why": "no result"} in planned["sent"]
    assert planned["batch"] is None
    shown = crobot("update-scheme", "senterica", "Repeats", "--dry-run").stdout
    assert "senterica, scheme Repeats:" in shown
    assert f"{barcode}  no result" in shown
    [made] = document("update-scheme", "senterica", "Repeats")["updates"]
    assert made["items"] == planned["items"]
    batch = Batch(made["batch"])
    wait_for("the batch", lambda: batch.state == "over")
    assert batch.standing().complete == made["items"]
    again = crobot("update-all-schemes", "senterica")
    assert again.returncode == 0
    assert "senterica, scheme Repeats: nothing to do" in again.stdout
    forget_scheme("Repeats")


def test_what_cannot_be_is_told_by_the_commands(cluster: Cluster, senterica: str) -> None:
    assert document("update-assemblies", "never", code=1)["error"]["type"] == "UnknownSpecies"
    assert document("update-scheme", senterica, "snp_calls", code=1)["error"]["type"] == "BadInput"
    assert document("daily-update", "never", code=1)["error"]["type"] == "UnknownSpecies"
    assert "update-scheme SPECIES SCHEME" in crobot("update-scheme", "--help").stdout.replace(
        "[OPTIONS] ", ""
    )
