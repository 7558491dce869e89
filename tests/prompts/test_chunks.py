from textual_inversion.prompts.chunks import Token, cut_into_chunks

COMMA = Token((0,), is_comma=True)


def words(count, first=1):
    return [Token((number,)) for number in range(first, first + count)]


def ids(tokens):
    return [chunk.ids for chunk in cut_into_chunks(tokens)]


def lengths(tokens):
    return [len(part) for part in ids(tokens)]


def test_an_empty_prompt_is_one_empty_chunk():
    assert ids([]) == [[]]


def test_a_long_prompt_takes_several_chunks_in_order():
    chunks = ids(words(160))
    assert [len(chunk) for chunk in chunks] == [75, 75, 10]
    assert [token for chunk in chunks for token in chunk] == list(range(1, 161))


def test_what_follows_a_comma_near_the_end_moves_to_the_next_chunk():
    assert lengths([*words(60), COMMA, *words(30)]) == [61, 30]
    assert lengths([*words(55), COMMA, *words(30)]) == [56, 30]
    assert lengths([*words(54), COMMA, *words(30)]) == [75, 10]
    assert lengths([*words(74), COMMA, *words(30)]) == [75, 30]
    assert lengths([*words(75), COMMA, *words(30)]) == [75, 31]


def test_an_embedding_moves_along_with_the_text_behind_a_comma():
    embedding = Token((-1, -2, -3), 1.2)
    first, second = cut_into_chunks([*words(66), COMMA, *words(3, 100), embedding, *words(9, 200)])
    assert len(first.ids) == 67
    assert second.ids == [100, 101, 102, -1, -2, -3, *range(200, 209)]
    assert second.weights == [1, 1, 1, 1.2, 1.2, 1.2, *[1] * 9]


def test_an_embedding_is_never_cut():
    embedding = Token(tuple(range(-8, 0)))
    assert lengths([*words(70), embedding]) == [70, 8]
    assert lengths([*words(67), embedding]) == [75]
    assert lengths([*words(60), COMMA, *words(14), embedding]) == [61, 22]


def test_break_begins_a_new_chunk_also_where_nothing_stands():
    stop = Token(())
    assert lengths([*words(3), stop, *words(4)]) == [3, 4]
    assert lengths([stop, *words(4)]) == [0, 4]
    assert lengths([*words(3), stop]) == [3]
    assert lengths([*words(3), stop, stop, *words(1)]) == [3, 0, 1]
