"""Embeddings are found by what is typed, and those that do not fit a model say why."""

from pathlib import Path

from textual_inversion.embeddings.library.entry import Entry
from textual_inversion.embeddings.library.search import same_word, search, with_misfits

CAT = Entry("cat", Path("cat.pt"), 2, (768,), base_model="v1-5", stem="cat")
XL = Entry("cat.safetensors", Path("cat.safetensors"), 2, (768, 1280), stem="cat")
TOMCAT = Entry("Tomcat", Path("animals/Tomcat.pt"), 1, (1024,), stem="tomcat")
BAD = Entry("bad", Path("bad.pt"), problem="bad.pt is damaged.")
ALL = [BAD, CAT, XL, TOMCAT]


def found(text):
    return [entry.name for entry in search(ALL, text)]


def test_words_are_found_in_any_case_and_the_beginning_of_a_name_comes_first():
    assert found("CAT") == ["cat", "cat.safetensors", "Tomcat"]
    assert found(" <tom> ") == ["Tomcat"]
    assert found("sdxl cat") == ["cat.safetensors"]
    assert found("animals") == ["Tomcat"]
    assert found("v1-5") == ["cat"]
    assert found("") == ["bad", "cat", "cat.safetensors", "Tomcat"]
    assert found("owl") == []


def test_what_does_not_fit_says_so_in_invokeais_words():
    said = {entry.name: entry.problem for entry in with_misfits(ALL, (768,))}
    assert said == {
        "bad": "bad.pt is damaged.",
        "cat": None,
        "cat.safetensors": "Cannot load embedding for <cat.safetensors>. It was trained on a model "
        "with token dimension 768 and 1280, but the current model has token dimension 768.",
        "Tomcat": "Cannot load embedding for <Tomcat>. It was trained on a model with token "
        "dimension 1024, but the current model has token dimension 768.",
    }


def test_the_same_word_for_other_models_is_found():
    assert same_word(ALL, CAT) == [CAT, XL]
