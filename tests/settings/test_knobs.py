from textual_inversion.settings import (
    CreateSettings,
    GenerateSettings,
    PreprocessSettings,
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


def test_every_field_is_walked_in_order():
    assert [knob.path for knob in walk(TrainSettings)] == list(TrainSettings.model_fields)


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
