"""Items that are made ahead, and tasks that are done behind: their order, limits and errors."""

from __future__ import annotations

import threading

import pytest

from mmp3d.pipeline.background import DoneBehind, made_ahead


def test_items_come_in_order_and_are_made_by_another_thread():
    makers = set()

    def items():
        for number in range(20):
            makers.add(threading.current_thread())
            yield number

    assert list(made_ahead(items(), lambda item: 3)) == list(range(20))
    assert len(makers) == 1 and threading.main_thread() not in makers
    assert list(made_ahead([])) == []


def test_no_more_are_made_than_may_wait():
    made, asked = [], threading.Semaphore(0)

    def items():
        for number in range(20):
            made.append(number)
            asked.release()
            yield number

    ahead = made_ahead(items(), lambda item: 4 - item)
    assert next(ahead) == 0
    assert all(asked.acquire(timeout=60) for _ in range(5))
    assert [next(ahead) for _ in range(3)] == [1, 2, 3] and len(made) == 5
    ahead.close()
    assert len(made) == 5


def test_an_error_comes_in_its_place():
    def items():
        yield 1
        raise ValueError('damaged')

    ahead = made_ahead(items(), lambda item: 5)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match='damaged'):
        next(ahead)


def test_one_who_leaves_early_leaves_no_thread():
    before = threading.active_count()
    ahead = made_ahead(iter(range(100)), lambda item: 9)
    assert next(ahead) == 0
    ahead.close()
    assert threading.active_count() == before


def test_tasks_are_done_in_order_and_few_wait():
    done, go = [], threading.Event()
    behind = DoneBehind(most=2)
    behind.do(go.wait)
    behind.do(done.append, 1)
    caller = threading.Thread(target=lambda: [behind.do(done.append, number) for number in (2, 3)])
    caller.start()
    assert caller.is_alive() and not done
    go.set()
    caller.join()
    behind.finish()
    assert done == [1, 2, 3]


def test_an_error_behind_is_raised_by_the_next_task_or_at_the_end():
    done = []
    behind = DoneBehind()
    behind.do(int, 'no number')
    with pytest.raises(ValueError, match='no number'):
        behind.finish()
    behind = DoneBehind(most=1)
    behind.do(int, 'no number')
    with pytest.raises(ValueError, match='no number'):
        behind.do(done.append, 1)
    behind.finish()
    assert not done


def test_what_is_dropped_is_not_done():
    done, begun, go = [], threading.Event(), threading.Event()
    behind = DoneBehind()
    behind.do(lambda: begun.set() or go.wait())
    behind.do(done.append, 1)
    begun.wait()
    threading.Timer(0.01, go.set).start()
    behind.drop()
    assert not done
