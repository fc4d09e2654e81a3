"""The policy's file: what may be in it, and how each kind of wrong file is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crobot_errors import BadInput, BadPolicy
from crobot_tasks.router.policy import (
    DEFAULT,
    NodeRule,
    PipelineRule,
    Policy,
    PriorityClass,
    Quarantine,
    Reserving,
    Retry,
    Shares,
    Tags,
    Window,
    read,
)  # fmt: skip

FULL = """
poison_after = 2
[classes]
now = 0
later = 9
[shares]
half_life_h = 2
charge_gib = 0.5
[shares.workgroups]
"enterics, all" = 3
[shares.users]
17 = 2
[window]
ahead_s = 1
short_s = 5
most_jobs = 8
[reservation]
after_s = 60
most = 2
urgent_share = 0.5
[quarantine]
failures = 9
[retry]
attempts = 4
delay_s = 1
longest_delay_s = 10
memory_growth = 1.5
time_growth = 3
[tags]
reserved = ["bigmem"]
[pipelines.QAssembly]
requires = ["a"]
prefers = ["b"]
accepts = ["bigmem"]
rejects = ["d"]
retry = { attempts = 1 }
[nodes.calc01]
tags = ["ssd"]
"""


def test_an_empty_file_is_the_default_policy() -> None:
    assert read("") == read("# nothing") == read("[retry]\n[classes]\n[pipelines]") == DEFAULT == Policy()


def test_every_value_can_be_given() -> None:
    retry = Retry(4, 1.0, 10.0, 1.5, 3.0)
    rule = PipelineRule(
        *(frozenset({tag}) for tag in ("a", "b", "bigmem", "d")), retry=Retry(1, 1.0, 10.0, 1.5, 3.0)
    )
    assert read(FULL) == Policy(
        classes=(PriorityClass("now", 0), PriorityClass("later", 9)),
        shares=Shares(7200.0, 0.5, {"enterics, all": 3.0}, {17: 2.0}),
        window=Window(1.0, 5.0, 8),
        reservation=Reserving(60.0, 2, 0.5),
        quarantine=Quarantine(9),
        poison_after=2,
        retry=retry,
        tags=Tags(frozenset({"bigmem"})),
        pipelines={"QAssembly": rule},
        nodes={"calc01": NodeRule(frozenset({"ssd"}))},
    )


def test_a_pipeline_without_its_own_rules_goes_by_the_common_ones() -> None:
    policy = read(FULL)
    assert policy.retry_of("QAssembly").attempts == 1
    assert policy.retry_of("SeroPred").attempts == 4
    assert (policy.tags_of("calc01"), policy.tags_of("calc02")) == ({"ssd"}, frozenset())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[retry", "line 1: not TOML: Expected ']' at the end of a table declaration at the end of the file"),
        ("\nretry = = 3", "line 2: retry = = 3: not TOML: Invalid value in column 9"),
        ("[retry]\n[retry]", "line 2: [retry]: not TOML: Cannot declare ('retry',) twice in column 7"),
        ("# x\n[retri]\n", "line 2: retri: unknown key; did you mean retry?"),
        ("zzz = 1", "line 1: zzz = 1: unknown key; known here: poison_after, classes"),
        ("[retry]\n\nattempt = 3", "line 3: retry.attempt = 3: unknown key; did you mean attempts?"),
        ('[retry]\nattempts = "3"', 'line 2: retry.attempts = "3": must be a whole number'),
        ("[retry]\nattempts = 1.5", "line 2: retry.attempts = 1.5: must be a whole number"),
        ("[retry]\nattempts = true", "line 2: retry.attempts = true: must be a whole number"),
        ("[retry]\nattempts = 0", "line 2: retry.attempts = 0: must be at least 1"),
        ("[retry]\ndelay_s = -1", "line 2: retry.delay_s = -1: must be at least 0"),
        ("[retry]\ndelay_s = nan", "line 2: retry.delay_s = nan: must be a number"),
        ("[retry]\nmemory_growth = 0.5", "line 2: retry.memory_growth = 0.5: must be at least 1"),
        ("[reservation]\nurgent_share = -1", "line 2: reservation.urgent_share = -1: must be at least 0"),
        ("retry = 3", "line 1: retry = 3: must be a table"),
        ("poison_after = 0", "line 1: poison_after = 0: must be at least 1"),
        ("[shares]\nhalf_life_h = 0", "line 2: shares.half_life_h = 0: must be more than 0"),
        ("[shares.users]\nanna = 2", "line 2: shares.users.anna = 2: a user is named by its number"),
        ("[shares.workgroups]\n'a b' = 0", "line 2: shares.workgroups.a b = 0: must be more than 0"),
        ("[classes]\na = 3\nb = 3", "line 3: classes.b = 3: must be more than 3, that of a"),
        ("[classes]\na = 3\nb = 8", "line 3: classes.b = 8: the last class must go up to 9"),
        ("[classes]\na = 10", "line 2: classes.a = 10: must be at most 9"),
        ("[tags]\nreserved = 'x'", 'line 2: tags.reserved = "x": must be a list of names, such as ["ssd"]'),
        ("[nodes.a]\ntags = [1]", 'line 2: nodes.a.tags = [1]: must be a list of names, such as ["ssd"]'),
        ("[nodes]\na = 1", "line 2: nodes.a = 1: must be a table"),
        (
            "[pipelines.Q]\nprefers = ['x']\nrejects = ['x']",
            'line 3: pipelines.Q.rejects = ["x"]: x is also required, preferred or accepted',
        ),
        (
            "[pipelines.Q]\nretry = { attempts = 0 }",
            "line 2: pipelines.Q.retry.attempts = 0: must be at least 1",
        ),
        ("pipelines.Q.retry.attempts = 0", "line 1: pipelines.Q.retry.attempts = 0: must be at least 1"),
    ],
)
def test_a_wrong_file_is_refused_with_the_line_and_the_reason(text: str, message: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        read(text)
    assert str(refused.value).startswith(message)
    assert isinstance(refused.value, BadInput)


def test_the_example_says_what_holds_without_a_file_and_its_examples_are_right() -> None:
    text = (Path(__file__).parents[4] / "policy.example.toml").read_text()
    assert read(text) == Policy()
    uncommented = re.sub(r'^# (?=\[|"|\w+ = )', "", text, flags=re.MULTILINE)
    policy = read(uncommented)
    assert policy.retry_of("QAssembly").attempts == 4
    assert policy.tags_of("calc01") == {"ssd"}
    assert policy.maintenance.hour == 3
    assert policy.maintenance.rule_of("senterica", "MLST_Achtman").tries == 5
    assert not policy.maintenance.rule_of("ecoli", "prokka_annotation").daily
    assert (policy.shares.workgroups["salmonella"], policy.shares.users[17]) == (2, 0.5)
