"""The scrape configuration in the page for operators, by Prometheus' own promtool."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PAGE = Path("docs/operators.md")


def test_the_scrape_configuration_is_one_that_prometheus_takes(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(scrape_configs:.*?)```", PAGE.read_text(), flags=re.DOTALL)
    token, rules = tmp_path / "token", Path("monitoring/alerts.yml").resolve()
    token.write_text("crobot_x")
    assert text.count("/etc/prometheus/crobot.token") == 1
    configured = text.replace("/etc/prometheus/crobot.token", str(token))
    configured = configured.replace("/etc/prometheus/crobot/alerts.yml", str(rules))
    (tmp_path / "prometheus.yml").write_text(configured)
    command = ["promtool", "check", "config", str(tmp_path / "prometheus.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout
