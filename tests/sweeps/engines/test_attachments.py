"""What runs need on a node is named as the node has it."""

from textual_inversion.settings import TrainSettings
from textual_inversion.sweeps.engines.attachments import Attachments


def test_models_vaes_and_tokenizers_are_known_by_their_paths_here(home):
    for name, file in (("m", "model_index.json"), ("v", "config.json"), ("t", "tokenizer.json")):
        (home / "models" / name).mkdir()
        (home / "models" / name / file).write_text("{}")
    given = {"embedding": "cat-x", "dataset_dir": "pictures", "template": "none-such"}
    named = {"model": "models/m", "vae": "v", "tokenizer": "models/t"}
    sent = Attachments()
    there = sent.settings_there(TrainSettings.build(given, named))
    # A node takes what it has at that path, else what it finds by the name.
    assert (there.model, there.vae, there.tokenizer) == tuple(named.values())
    assert sent.models == {name: str(home / "models" / name[-1]) for name in named.values()}
    assert there.template == "none-such"


def test_what_is_not_here_is_left_to_the_node():
    sent = Attachments()
    given = {"embedding": "cat-x", "dataset_dir": "pictures", "model": "gone", "tokenizer": "gone"}
    sent.settings_there(TrainSettings.build(given))
    assert sent.models == {}


def test_a_template_is_sent_along(home):
    (home / "templates").mkdir()
    (home / "templates" / "mine.txt").write_text("a photo of [name]")
    given = {"embedding": "cat-x", "dataset_dir": "pictures", "template": "mine"}
    sent = Attachments()
    there = sent.settings_there(TrainSettings.build(given))
    assert sent.files[there.template].data == b"a photo of [name]"
