from textual_inversion.data.captions import FileNameWords, caption_of


def test_the_text_beside_a_picture_is_its_caption(tmp_path):
    (tmp_path / "00001-0-cat.txt").write_text(" a red cat,\tasleep \n")
    assert caption_of(tmp_path / "00001-0-cat.png") == "a red cat,\tasleep"


def test_without_text_the_file_name_speaks(tmp_path):
    assert caption_of(tmp_path / "00001-0-2girls, smile.png") == "2girls, smile"


def test_an_empty_text_means_no_words(tmp_path):
    (tmp_path / "cat.txt").touch()
    assert caption_of(tmp_path / "cat.png") == ""


def test_a_regex_picks_the_words_of_a_file_name(tmp_path):
    words = FileNameWords(r"\w+", ", ")
    assert caption_of(tmp_path / "0001-1-a man in suit.png", words) == "a, man, in, suit"
    assert FileNameWords("([a-z]+)_", "+").of("red_big_house") == "red+big"
    assert FileNameWords("x").of("a dog") == ""


def test_a_regex_leaves_the_text_beside_a_picture_alone(tmp_path):
    (tmp_path / "cat.txt").write_text("a red cat")
    assert caption_of(tmp_path / "cat.png", FileNameWords("[a-z]", "-")) == "a red cat"
