import pytest

from textual_inversion.settings import TrainSettings
from textual_inversion.settings.inactive import _RULES, inactive_choices

CHANGED = {
    "kappa": 0.5,
    "norm_strength": 0.5,
    "huber_delta": 0.5,
    "clipping_threshold": "0.5",
    "lr_num_cycles": 3,
    "warmup_steps": 5,
    "weight_decay": 0.1,
    "adam_beta1": 0.5,
    "adam_beta2": 0.5,
    "ema_decay": 0.5,
    "adam_epsilon": 0.5,
    "norm": "fixed",
    "keep_tags": 2,
    "crop": "random",
    "resampling": "bicubic",
    "filename_join_string": ", ",
    "convergence_window": 9,
    "stop_when_converged": True,
    "preview_prompt": "x [name]",
    "preview_negative_prompt": "x",
    "learning_rate_steps": "absolute",
}
IDLE_BESIDE = {
    "keep_tags": {"tag_dropout": 0},
    "warmup_steps": {"lr_scheduler": "constant"},
    "weight_decay": {"optimizer": "spherical"},
    "adam_beta1": {"optimizer": "spherical"},
    "adam_beta2": {"optimizer": "spherical"},
    "adam_epsilon": {"optimizer": "lion"},
    "norm": {"optimizer": "spherical"},
    "crop": {"picture_sizes": "own"},
    "resampling": {"picture_sizes": "own"},
    "convergence_window": {"evaluate_every": 0},
    "stop_when_converged": {"evaluate_every": 0},
    "preview_prompt": {"save_image_every": 0},
    "preview_negative_prompt": {"save_image_every": 0},
}
ACTIVE_BESIDE = {
    "ema_decay": {"optimizer": "adamw"},
    "kappa": {"optimizer": "spherical"},
    "norm_strength": {"norm": "soft"},
    "huber_delta": {"loss": "huber"},
    "clipping_threshold": {"gradient_clipping": "norm"},
    "lr_num_cycles": {"lr_scheduler": "cosine_with_restarts"},
    "keep_tags": {"shuffle_tags": True},
    "filename_join_string": {"filename_word_regex": "[a-z]+"},
    "learning_rate_steps": {"learning_rate": "0.1:5, 0.2"},
}


def said(field, beside):
    chosen = {"embedding": "x", "dataset_dir": "pictures", field: CHANGED[field], **beside}
    return inactive_choices(TrainSettings.build(chosen))


@pytest.mark.parametrize("field", [rule.field for rule in _RULES])
def test_a_choice_without_an_effect_is_named_and_only_then(field):
    (sentence,) = said(field, IDLE_BESIDE.get(field, {}))
    assert sentence.startswith(f"{field} has no effect here")
    assert said(field, ACTIVE_BESIDE.get(field, {})) == []


def test_defaults_are_never_named():
    assert (
        inactive_choices(
            TrainSettings(
                embedding="x", dataset_dir="pictures", optimizer="spherical", save_image_every=0
            )
        )
        == []
    )
