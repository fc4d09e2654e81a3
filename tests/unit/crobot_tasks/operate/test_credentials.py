"""Passwords that everybody knows are named by their variable, and never shown."""

from __future__ import annotations

import pytest

import celeryconfig
from crobot_tasks.operate.doctor import credentials
from crobot_tasks.operate.doctor.seen import Seen

SETTINGS = ("crobot_flower_auth", "crobot_database_url", "crobot_broker_url", "crobot_result_backend")


def judged(patch: pytest.MonkeyPatch, **settings: str) -> list[str]:
    for name in SETTINGS:
        patch.setattr(celeryconfig, name, settings.get(name, ""))
    return [f"{one.severity} {one.what}" for one in credentials.examine(Seen())]


@pytest.mark.parametrize(
    ("setting", "value", "severity"),
    [
        ("crobot_flower_auth", "operator:secret", "problem"),
        ("crobot_flower_auth", "anna:Anna", "problem"),
        ("crobot_flower_auth", "anna:h2Zk", "warning"),
        ("crobot_flower_auth", "anna:0f3b5a9c11", "ok"),
        ("crobot_database_url", "postgresql://crobot:crobot@db/crobot", "problem"),
        ("crobot_database_url", "postgresql://crobot:p%61ssword@db/crobot", "problem"),
        ("crobot_database_url", "postgresql:///crobot", "ok"),
        ("crobot_broker_url", "amqp://guest:guest@mq//", "problem"),
        ("crobot_broker_url", "redis://mq/0", "problem"),
        ("crobot_broker_url", "redis://localhost/0", "warning"),
        ("crobot_broker_url", "redis://:0f3b5a9c11@mq/0;redis://mq2/0", "problem"),
        ("crobot_broker_url", "redis://:0f3b5a9c11@mq/0", "ok"),
    ],
)
def test_each_password_is_judged(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, severity: str
) -> None:
    (found,) = judged(monkeypatch, **{setting: value})
    assert found.startswith(severity), found
    assert severity == "ok" or setting.upper() in found


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    found = judged(
        monkeypatch, crobot_flower_auth="anna:rabbitmq", crobot_broker_url="redis://:changeme@mq/0"
    )
    assert len(found) == 2
    assert not any(word in line for line in found for word in ("rabbitmq", "changeme"))
