from collections import Counter

from hypothesis import given, settings, strategies as st

from textual_inversion.data.batch_sampler import BatchSampler


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    size=st.integers(1, 5),
    seed=st.integers(0, 9),
)
def test_every_picture_is_shown_alike_and_every_batch_has_one_shape(sizes, size, seed):
    groups, first = [], 0
    for count in sizes:
        groups.append(list(range(first, first + count)))
        first += count
    order = BatchSampler(groups, size=size, seed=seed)
    batches = [order.batch(place) for place in range(2 * sum(sizes))]
    assert all(any(set(batch) <= set(group) for group in groups) for batch in batches)
    assert set(Counter(item for batch in batches for item in batch).values()) == {2 * size}


def test_any_batch_is_the_same_without_those_before_it():
    groups = [[0, 1, 2], [3, 4], [5]]
    through = BatchSampler(groups, size=2, seed=7)
    wanted = [through.batch(place) for place in range(20)]
    assert wanted == [BatchSampler(groups, size=2, seed=7).batch(place) for place in range(20)]


def test_what_stands_twice_is_shown_twice():
    order = BatchSampler([[0, 0, 0, 1]], size=1, seed=0)
    assert Counter(order.batch(place)[0] for place in range(8)) == {0: 6, 1: 2}
