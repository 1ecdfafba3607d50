"""`failover.engine.reload.last_reload`: a reload that failed is remembered until one succeeds."""

from failover.engine.reload.last_reload import last_reload
from failover.engine.reload.reload import VOID
from failover.messages import LastReload, Names, NotReloaded, Reloaded

NONE = Names(0, [])
RELOADED = Reloaded(added=NONE, removed=NONE, changed=NONE, unchanged=1, needs_restart=[], digest="")
BAD = NotReloaded(report="x.json: 1 problem\n  $.vrid: missing", is_bad=True)
IN_THE_WAY = NotReloaded(report="another process runs virtual router 52", is_bad=False)
FAILED = LastReload(at=5, error=BAD.report, is_bad_file=True)


def test_each_outcome_takes_the_place_of_the_one_before() -> None:
    for before in (None, FAILED, LastReload(at=4)):
        assert last_reload(RELOADED, 9, before) == LastReload(at=9)
        assert last_reload(BAD, 9, before) == LastReload(at=9, error=BAD.report, is_bad_file=True)
        assert last_reload(IN_THE_WAY, 9, before) == LastReload(at=9, error=IN_THE_WAY.report)


def test_one_that_nobody_waited_for_hides_no_bad_file() -> None:
    assert last_reload(VOID, 9, FAILED) is FAILED
    for before in (None, LastReload(at=4)):
        assert last_reload(VOID, 9, before) == LastReload(at=9, error=VOID.report)


def test_a_very_long_report_is_cut() -> None:
    long = NotReloaded(report="x.json: 999 problems" + "\n  $.vrid: missing" * 999, is_bad=True)
    error = last_reload(long, 9, None).error
    assert error is not None
    assert error.startswith("x.json: 999 problems\n  $.vrid: missing\n")
    assert error.endswith("\n  ...")
    assert len(error) < 4100
