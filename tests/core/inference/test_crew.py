import threading
import time

import pytest

from mlm_runner.core.errors import Cancelled, NotRunnable
from mlm_runner.core.inference import crew
from mlm_runner.core.inference.crew import Share, in_order, share
from mlm_runner.core.inference.plan import Plan, Window
from mlm_runner.core.watch import Watch


def stop() -> None:
    """Nothing is to be ended here."""


def test_what_several_threads_make_comes_back_in_order():
    def slow_at_first(number):
        time.sleep(0.03 if number % 3 == 0 else 0)
        return number * number, threading.current_thread().name

    made = list(in_order(slow_at_first, range(20), 4, Watch(), stop))
    assert [(given, square) for given, (square, _) in made] == [(n, n * n) for n in range(20)]
    assert len({name for _, (_, name) in made}) > 1


def test_no_more_is_under_way_than_two_for_each_worker():
    begun = []
    results = in_order(lambda n: n, (begun.append(n) or n for n in range(100)), 3, Watch(), stop)
    next(results)
    time.sleep(0.05)
    assert len(begun) <= 7


def test_an_error_ends_what_is_at_work_and_is_raised():
    ended = []

    def work(number):
        if number == 2:
            raise NotRunnable("no")
        return number

    with pytest.raises(NotRunnable):
        list(in_order(work, range(9), 2, Watch(), lambda: ended.append(True)))
    assert ended


def test_a_cancel_does_not_wait_for_a_slow_network():
    ended, watch = threading.Event(), Watch()
    threading.Timer(0.1, watch.cancel).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(in_order(lambda _: ended.wait(10), range(4), 2, watch, ended.set))
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    ("tile", "side", "cores", "shared"),
    [
        (256, 5000, 4, Share(4, 1)),
        (256, 256, 4, Share(1, 4)),  # one window: it gets all cores
        (256, 300, 8, Share(4, 2)),  # four windows
        (1024, 9000, 8, Share(1, 8)),  # 1 GB for each of them, and 2 GB in all: less than two
        (1000, 9000, 8, Share(2, 4)),
    ],
)
def test_cores_are_shared_by_windows_and_memory(monkeypatch, tile, side, cores, shared):
    monkeypatch.setattr(crew, "free_bytes", lambda: 100e9)
    assert share(Plan(Window(0, 0, side, side), (tile, tile), 0, 0, 1), "cpu", cores) == shared
