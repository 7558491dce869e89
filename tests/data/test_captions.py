from textual_inversion.data.captions import caption_of


def test_the_text_beside_a_picture_is_its_caption(tmp_path):
    (tmp_path / "00001-0-cat.txt").write_text(" a red cat,\tasleep \n")
    assert caption_of(tmp_path / "00001-0-cat.png") == "a red cat,\tasleep"


def test_without_text_the_file_name_speaks(tmp_path):
    assert caption_of(tmp_path / "00001-0-2girls, smile.png") == "2girls, smile"


def test_an_empty_text_means_no_words(tmp_path):
    (tmp_path / "cat.txt").touch()
    assert caption_of(tmp_path / "cat.png") == ""
