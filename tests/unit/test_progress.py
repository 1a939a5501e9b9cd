"""Progress: lines now and then, and the last word at the end."""

from feedrate import progress as module
from feedrate.progress import Progress


def lines(capsys):
    return capsys.readouterr().err.splitlines()


def test_short_work_says_nothing_and_long_work_says_what_is_left(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    tell = Progress("verify maps", "maps", 4, now[0], now[0])
    tell(1)
    assert lines(capsys) == []
    now[0] = 10.0
    tell(2)
    tell(3)
    assert lines(capsys) == ["feedrate: verify maps: 2 of 4 maps, about 10 s left"]
    tell(4)
    assert lines(capsys) == ["feedrate: verify maps: 4 of 4 maps, 10 s"]
