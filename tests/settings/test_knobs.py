import ast
import inspect

import pytest

from commandline.flags import SETTINGS
from textual_inversion.settings import (
    CreateSettings,
    GenerateSettings,
    PreprocessSettings,
    Settings,
    TrainSettings,
    Ui,
)
from textual_inversion.settings.knobs import Knob, walk


def test_a_knob_tells_all_that_a_form_needs():
    knobs = {knob.path: knob for knob in walk(CreateSettings)}
    assert knobs["num_vectors"] == Knob(
        path="num_vectors",
        kind="int",
        default=1,
        help=knobs["num_vectors"].help,
        choices=(),
        minimum=1,
        maximum=75,
        required=False,
        positional=False,
        ui=Ui("Number of vectors per token", "slider", step=1),
    )
    assert knobs["num_vectors"].flag == "--num-vectors"


def declared(model):
    """Read the fields of a settings class and its bases from their source, in order."""
    bases = [base for base in reversed(model.__mro__) if issubclass(base, Settings)]
    return [
        line.target.id
        for base in bases
        for line in ast.parse(inspect.getsource(base)).body[0].body
        if isinstance(line, ast.AnnAssign) and line.target.id != "model_config"
    ]


@pytest.mark.parametrize("model", list(SETTINGS.values()))
def test_every_field_is_walked_once(model):
    walked = [knob.path for knob in walk(model)]
    assert sorted(walked) == sorted({*declared(model)} - model.__class_vars__)


def test_the_fields_are_walked_in_the_order_of_the_form():
    walked = [knob.path for knob in walk(TrainSettings)]
    assert walked[:4] == ["embedding", "dataset_dir", "template", "learning_rate"]
    assert walked[-2:] == ["log_dir", "model"]
    assert [knob.path for knob in walk(CreateSettings)] == [
        "name", "force", "initialization_text", "num_vectors", "start", "from_file", "tokenizer",
        "overwrite", "model",
    ]  # fmt: skip


def test_choices_and_nested_bounds_are_found():
    knobs = {knob.path: knob for knob in walk(GenerateSettings)}
    assert knobs["sampler"].choices[0] == "DPM++ 2M"
    assert (knobs["width"].minimum, knobs["width"].maximum) == (0, 2048)
    assert (knobs["seed"].minimum, knobs["seed"].maximum) == (-1, 2**32 - 1)


def test_several_names_are_a_knob_of_their_own():
    knob = next(knob for knob in walk(PreprocessSettings) if knob.path == "caption")
    assert (knob.kind, knob.default) == ("multi", ())
    assert knob.choices == ("blip", "deepdanbooru", "wd14", "lavis")


def test_only_the_prompt_is_positional_and_required():
    knobs = list(walk(GenerateSettings))
    assert [k.path for k in knobs if k.positional or k.required] == ["prompt"]
