import threading

import pytest

from preprocessing.files.prefetch import prefetch


def test_results_come_in_the_order_of_the_items():
    results = [
        future.result() for _, future in prefetch(lambda item: item * 2, range(20), workers=3)
    ]
    assert results == [item * 2 for item in range(20)]


def test_only_a_few_items_are_begun_ahead():
    begun = []
    results = prefetch(begun.append, range(100), workers=2)
    next(results)
    results.close()
    assert len(begun) <= 4


def test_closing_waits_for_what_has_begun():
    finished, go = threading.Event(), threading.Event()

    def work(item):
        go.wait()
        finished.set()

    results = prefetch(work, range(9), workers=1)
    next(results)
    go.set()
    results.close()
    assert finished.is_set()


def test_a_fault_is_kept_with_its_item():
    (_, fine), (_, broken) = prefetch(lambda item: 1 / item, [1, 0])
    assert fine.result() == 1
    with pytest.raises(ZeroDivisionError):
        broken.result()
