"""The command line that the page shows gives the settings back."""

import shlex

import pytest

from commandline.flags import read_settings
from commandline.main import make_parser
from textual_inversion.settings import GenerateSettings, PreprocessSettings, TrainSettings
from webui.views.shell_command import command_line


def test_defaults_need_no_flags():
    assert (
        command_line("train", TrainSettings(embedding="cat", dataset_dir="pictures"))
        == "ti train cat --dataset-dir pictures"
    )


def test_only_what_differs_is_named():
    settings = TrainSettings(
        embedding="cat", dataset_dir="pictures", max_steps=20, save_image_with_embedding=False
    )
    said = "ti train cat --dataset-dir pictures --max-steps 20 --no-save-image-with-embedding"
    assert command_line("train", settings) == said


def test_beside_a_preset_only_what_differs_from_it_is_named():
    settings = TrainSettings.build(
        {"embedding": "cat", "dataset_dir": "x", "preset": "quick", "max_steps": 500}
    )
    said = "ti train cat --dataset-dir x --max-steps 500 --preset quick"
    assert command_line("train", settings) == said


@pytest.mark.parametrize(
    ("job", "settings"),
    [
        (
            "train",
            TrainSettings(
                embedding="my cat", dataset_dir="pictures", learning_rate="0.005:5, 0.001", flip=0.5
            ),
        ),
        (
            "train",
            TrainSettings(
                embedding="-cat",
                dataset_dir="pictures",
                shuffle_tags=True,
                preview_prompt="-x; rm $y",
            ),
        ),
        ("preprocess", PreprocessSettings(source="a b", destination="c'd", width=64)),
        ("preprocess", PreprocessSettings(source="a", destination="b", caption=("wd14", "blip"))),
        ("generate", GenerateSettings(prompt='a "<cat>"', seed=7, sampler="Euler a", steps=1)),
    ],
)
def test_a_shell_gives_the_same_settings_back(job, settings):
    words = shlex.split(command_line(job, settings))
    assert words[0] == "ti"
    assert read_settings(make_parser().parse_args(words[1:]), type(settings)) == settings
