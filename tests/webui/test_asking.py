from textual_inversion.settings import GenerateSettings
from webui.tabs.asking import preview_values


def generate_form(**changes):
    return GenerateSettings(prompt="a <cat> on <dog>", **changes).model_dump()


def test_previews_take_what_the_generate_tab_says():
    values = preview_values(
        generate_form(sampler="Euler", steps=9, cfg_scale=3.5, width=64, num_images=40, seed=7),
        "cat",
    )
    assert values["preview_prompt"] == "a [name] on <dog>"
    taken = {path: values[f"preview_{path}"] for path in ("sampler", "steps", "cfg_scale", "width")}
    assert taken == {"sampler": "Euler", "steps": 9, "cfg_scale": 3.5, "width": 64}
    assert (values["preview_images"], values["preview_seed"]) == (16, 7)


def test_a_new_seed_each_time_is_not_taken():
    assert "preview_seed" not in preview_values(generate_form(), "cat")
    assert "preview_output" not in preview_values(generate_form(), "cat")
