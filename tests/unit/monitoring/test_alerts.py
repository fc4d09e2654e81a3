"""The alert rules by Prometheus' own promtool: right as a file, quiet when all is well, each firing for its trouble."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

RULES = Path("monitoring/alerts.yml").resolve()
NAMES = re.findall(r"- alert: (\w+)", RULES.read_text())

#: minutes that a trouble lasts: longer than any rule waits
LONG = 150
_ENDED = 'crobot_attempts_ended_total{{pipeline="QAssembly",outcome="{}"}}'
_DISPATCH = 'crobot_dispatch_seconds_bucket{{le="{}"}}'
#: sample → its value in each minute, as promtool writes it, while all is well
QUIET: dict[str, str] = {
    "crobot_up": "1",
    "crobot_broker_up": "1",
    "crobot_heads_hear": "1",
    'crobot_nodes{state="up"}': "2",
    'crobot_nodes{state="silent"}': "0",
    'crobot_nodes{state="quarantined"}': "0",
    'crobot_node_free_disk_bytes{node="calc01"}': "100000000000",
    'crobot_node_pending_reports{node="calc01"}': "3",
    "crobot_oldest_waiting_seconds": "3600",
    "crobot_reports_unapplied": "0",
    "crobot_reports_ignored_last_hour": "5",
    "crobot_settlements_overdue": "0",
    "crobot_messages_unread": "0",
    "crobot_outcomes_unposted": "0",
    'crobot_outcomes{state="given_up"}': "0",
    "crobot_oldest_transaction_seconds": "2",
    'crobot_dead_rows{table="jobs"}': "20000",
    "crobot_broker_memory_bytes": "100000000",
    "crobot_broker_memory_limit_bytes": "1000000000",
    _ENDED.format("ok"): "0+10",
    _ENDED.format("tool"): "0+1",
    _ENDED.format("cancelled"): "0+50",
    _DISPATCH.format("0.1"): "0+10",
    _DISPATCH.format("2.5"): "0+10",
    _DISPATCH.format("+Inf"): "0+10",
}
#: alert → what is then otherwise; None: the sample is not there
WRONG: dict[str, dict[str, str | None]] = {
    "CRobotNotScraped": dict.fromkeys(QUIET),
    "CRobotDatabaseAway": {"crobot_up": "0"},
    "CRobotBrokerAway": {"crobot_broker_up": "0"},
    "CRobotHeadsDeaf": {"crobot_heads_hear": "0"},
    "CRobotNoNode": {'crobot_nodes{state="up"}': "0"},
    "CRobotNodeSilent": {'crobot_nodes{state="silent"}': "1"},
    "CRobotNodeQuarantined": {'crobot_nodes{state="quarantined"}': "1"},
    "CRobotNodeDiskLow": {'crobot_node_free_disk_bytes{node="calc01"}': "1000000000"},
    "CRobotSpoolPending": {'crobot_node_pending_reports{node="calc01"}': "5000"},
    "CRobotJobsWaitLong": {"crobot_oldest_waiting_seconds": "90000"},
    "CRobotManyFailures": {_ENDED.format("tool"): "0+10"},
    "CRobotSlowDispatch": {_DISPATCH.format("0.1"): "0+0"},
    "CRobotReportsUnapplied": {"crobot_reports_unapplied": "7"},
    "CRobotReportsIgnored": {"crobot_reports_ignored_last_hour": "4000"},
    "CRobotSettlementsOverdue": {"crobot_settlements_overdue": "3"},
    "CRobotCallbacksUnread": {"crobot_messages_unread": "2"},
    "CRobotOutcomesUnposted": {"crobot_outcomes_unposted": "2"},
    "CRobotOutcomesGivenUp": {'crobot_outcomes{state="given_up"}': "1"},
    "CRobotLongTransaction": {"crobot_oldest_transaction_seconds": "2000"},
    "CRobotDeadRows": {'crobot_dead_rows{table="jobs"}': "3000000"},
    "CRobotBrokerMemory": {"crobot_broker_memory_bytes": "900000000"},
}


def promtool(*arguments: object) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def case(name: str, changed: dict[str, str | None], firing: list[str]) -> dict[str, Any]:
    """A test of promtool: which alerts fire after hours, and that none does in the first minute."""
    series = [
        {"series": sample, "values": f"{value}{'' if '+' in value else '+0'}x{LONG}"}
        for sample, value in (QUIET | changed).items()
        if value is not None
    ]
    asked = 'count by (alertname) (ALERTS{alertstate="firing"})'
    found = [{"labels": f'{{alertname="{one}"}}', "value": 1} for one in firing]
    questions = [
        {"expr": asked, "eval_time": "1m", "exp_samples": []},
        {"expr": asked, "eval_time": f"{LONG}m", "exp_samples": found},
    ]
    return {"name": name, "interval": "1m", "input_series": series, "promql_expr_test": questions}


def test_the_file_is_one_that_prometheus_takes() -> None:
    assert f"{len(NAMES)} rules found" in promtool("check", "rules", RULES)


def test_each_rule_fires_for_its_trouble_and_none_when_all_is_well(tmp_path: Path) -> None:
    silence = "CRobotNotScraped"
    others = sorted(WRONG.keys() - {silence})
    all_at_once = {sample: value for name in others for sample, value in WRONG[name].items()}
    cases = [
        case("all is well", {}, []),
        case("nothing is known", WRONG[silence], [silence]),
        case("everything is wrong", all_at_once, others),
    ]
    # JSON is YAML, too
    (tmp_path / "cases.yml").write_text(
        json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases})
    )
    promtool("test", "rules", tmp_path / "cases.yml")


def test_no_rule_is_without_a_case() -> None:
    assert sorted(NAMES) == sorted(WRONG)


@pytest.mark.parametrize("name", sorted(WRONG))
def test_each_alert_says_the_way_out(name: str) -> None:
    rule = RULES.read_text().split(f"- alert: {name}\n")[1].split("- alert:")[0]
    assert re.search(r"severity: (page|ticket)", rule)
    assert re.search(r"summary: .+\n\s+description: .+", rule)
