"""What was deleted comes back, and takes nothing's place."""

from textual_inversion.storage import trash


def put_away(root):
    files = [root / "cat.pt", root / "cat.txt"]
    for file in files:
        file.write_text("old")
    trash.put_away(root, files, name="cat")
    (found,) = trash.contents(root)
    return found


def test_what_was_deleted_comes_back_under_its_name(tmp_path):
    assert trash.move_back(tmp_path, put_away(tmp_path)) == tmp_path / "cat.pt"
    assert (tmp_path / "cat.txt").read_text() == "old"
    assert not (tmp_path / trash.FOLDER).exists()


def test_a_note_that_lies_in_the_way_costs_neither_note(tmp_path):
    found = put_away(tmp_path)
    (tmp_path / "cat.txt").write_text("new")
    assert trash.move_back(tmp_path, found) == tmp_path / "cat-2.pt"
    assert (tmp_path / "cat.txt").read_text() == "new"
    assert (tmp_path / "cat-2.txt").read_text() == "old"
