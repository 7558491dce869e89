"""`ti diffusers` trains a tiny stack and leaves the files of diffusers' scripts."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from commandline.main import main
from tests.hubserver import TOKEN
from textual_inversion.embeddings import formats

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "samples" / "dolphin"
BASE = [
    "--train_data_dir=pictures",
    "--placeholder_token=<cat-toy>",
    "--initializer_token=cat",
    "--resolution=64",
    "--train_batch_size=2",
    "--save_steps=2",
    "--checkpointing_steps=2",
    "--seed=3",
]
# The command of diffusers' documentation, all but the launcher before it.
DOCUMENTED = """
  --pretrained_model_name_or_path=$MODEL_NAME \
  --train_data_dir=$DATA_DIR \
  --learnable_property="object" \
  --placeholder_token="<cat-toy>" --initializer_token="toy" \
  --resolution=512 \
  --train_batch_size=1 \
  --gradient_accumulation_steps=4 \
  --max_train_steps=3000 \
  --learning_rate=5.0e-04 --scale_lr \
  --lr_scheduler="constant" \
  --lr_warmup_steps=0 \
  --output_dir="textual_inversion_cat" \
  --push_to_hub
"""


@pytest.fixture
def ti(home, pictures, stacks):
    """Run the command on three pictures and a tiny stack."""

    def run(*argv, kind="sd1", output="out"):
        script = "diffusers-sdxl" if kind == "sdxl" else "diffusers"
        model = f"--pretrained_model_name_or_path={stacks[kind]}"
        assert main([script, model, *BASE, f"--output_dir={output}", *argv]) == 0
        return home / output

    return run


def names(folder):
    return {path.name for path in folder.iterdir()}


def settings_of(folder, logs="logs"):
    (file,) = (folder / logs).glob("*/*/settings.json")
    return json.loads(file.read_text())


def raw(path):
    if path.suffix == ".bin":
        return torch.load(path, weights_only=True)
    from safetensors.torch import load_file

    return load_file(path)


@pytest.mark.slow
def test_the_files_are_those_of_the_script(ti):
    prompt = ["--validation_prompt=a <cat-toy> on red", "--validation_steps=2"]
    out = ti("--max_train_steps=5", "--num_vectors=3", "--num_validation_images=2", *prompt)
    assert names(out) == {
        "learned_embeds.safetensors", "learned_embeds-steps-2.safetensors",
        "learned_embeds-steps-4.safetensors", "checkpoint-2", "checkpoint-4", "logs",
        "token_identifier.txt", "type_of_concept.txt", "README.md", "validation", "embeddings",
    }  # fmt: skip
    assert {
        key: tensor.shape for key, tensor in raw(out / "learned_embeds.safetensors").items()
    } == {"<cat-toy>": (3, 32)}
    pictures = {f"step-{step}-{number}.png" for step in (2, 4, 5) for number in (1, 2)}
    assert names(out / "validation") == pictures
    assert list((out / "logs").rglob("events.out.tfevents*"))
    assert (out / "token_identifier.txt").read_text() == "<cat-toy>"
    assert (out / "type_of_concept.txt").read_text() == "object"
    assert 'load_textual_inversion("learned_embeds.safetensors")' in (out / "README.md").read_text()


@pytest.mark.slow
def test_all_flags_of_one_run_reach_its_settings(ti):
    out = ti(
        "--max_train_steps=1", "--learnable_property=style", "--center_crop", "--scale_lr",
        "--gradient_accumulation_steps=2", "--learning_rate=5.0e-04", "--lr_scheduler=cosine",
        "--lr_warmup_steps=1", "--adam_beta1=0.8", "--adam_weight_decay=0.1",
        "--gradient_checkpointing", "--report_to=tensorboard", "--logging_dir=notes",
        "--no_safe_serialization", "--checkpoints_total_limit=1",
    )  # fmt: skip
    found = settings_of(out, "notes")
    assert (found["template"], found["crop"], found["seed"]) == ("style.txt", "centre", 3)
    assert (found["learning_rate"], found["scale_learning_rate"]) == ("0.0005", True)
    assert (found["adam_beta1"], found["weight_decay"], found["warmup_steps"]) == (0.8, 0.1, 1)
    assert (out / "type_of_concept.txt").read_text() == "style"
    assert list(raw(out / "learned_embeds.bin")) == ["<cat-toy>"]
    assert not list(out.glob("*.safetensors"))
    assert "`embeddings/` as `cat-toy.bin`" in (out / "README.md").read_text()


@pytest.mark.slow
def test_sdxl_has_a_file_for_each_text_encoder_and_one_for_other_programs(ti):
    out = ti("--max_train_steps=2", "--num_vectors=2", kind="sdxl")
    assert {
        "learned_embeds.safetensors", "learned_embeds_2.safetensors",
        "learned_embeds-steps-2.safetensors", "learned_embeds_2-steps-2.safetensors",
    } <= names(out)  # fmt: skip
    assert raw(out / "learned_embeds.safetensors")["<cat-toy>"].shape == (2, 32)
    assert raw(out / "learned_embeds_2.safetensors")["<cat-toy>"].shape == (2, 40)
    both = formats.read(out / "embeddings" / "cat-toy.safetensors")
    assert both.widths == (32, 40)
    assert "text_encoder=pipeline.text_encoder_2" in (out / "README.md").read_text()


@pytest.mark.slow
def test_a_token_without_brackets_stays_the_key(ti):
    out = ti("--max_train_steps=1", "--placeholder_token=sks*")
    assert list(raw(out / "learned_embeds.safetensors")) == ["sks*"]
    assert (out / "token_identifier.txt").read_text() == "sks*"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_the_full_pipeline_knows_the_word(ti, kind):
    from diffusers import DiffusionPipeline

    out = ti("--max_train_steps=1", "--num_vectors=2", "--save_as_full_pipeline", kind=kind)
    pipeline = DiffusionPipeline.from_pretrained(out, local_files_only=True)
    token = pipeline.tokenizer.convert_tokens_to_ids("<cat-toy>_1")
    learned = raw(out / "learned_embeds.safetensors")["<cat-toy>"][1]
    assert torch.equal(pipeline.text_encoder.get_input_embeddings().weight[token], learned)


@pytest.mark.slow
def test_another_tokenizer_starts_trains_and_stays_in_the_pipeline(ti, home):
    from tests import tiny

    tiny.swapped_tokenizer(home / "swapped", "cat", "dog")
    more = ["--learning_rate=1e-12", "--max_train_steps=1", "--save_as_full_pipeline"]
    start = raw(ti(*more, "--initializer_token=dog") / "learned_embeds.safetensors")
    out = ti(*more, "--tokenizer_name=swapped", output="other")
    learned = raw(out / "learned_embeds.safetensors")["<cat-toy>"]
    assert torch.allclose(learned, start["<cat-toy>"], atol=1e-6)
    own, other = (
        json.loads((folder / "tokenizer" / "tokenizer.json").read_text())["model"]["vocab"]
        for folder in (home / "out", out)
    )
    assert (other["cat</w>"], settings_of(out)["tokenizer"]) == (own["dog</w>"], "swapped")


@pytest.mark.slow
def test_a_resumed_run_ends_where_one_without_a_stop_does(ti, capsys):
    whole = raw(ti("--max_train_steps=6", output="whole") / "learned_embeds.safetensors")
    out = ti("--max_train_steps=4")
    for asked in ("checkpoint-2", "latest"):
        ti("--max_train_steps=6", f"--resume_from_checkpoint={asked}")
        assert torch.equal(raw(out / "learned_embeds.safetensors")["<cat-toy>"], whole["<cat-toy>"])
        for path in out.glob("checkpoint-6/*"):
            path.unlink()
    assert len(list((out / "logs").glob("*/*"))) == 1


@pytest.mark.slow
def test_a_checkpoint_resumes_without_the_logs_it_came_from(ti):
    out = ti("--max_train_steps=4")
    before = raw(out / "learned_embeds.safetensors")["<cat-toy>"]
    shutil.rmtree(out / "logs")
    ti("--max_train_steps=4", "--resume_from_checkpoint=checkpoint-2")
    assert torch.equal(raw(out / "learned_embeds.safetensors")["<cat-toy>"], before)


@pytest.mark.slow
def test_a_run_without_a_seed_keeps_its_own_when_resumed(ti):
    out = ti("--max_train_steps=2")
    file = next((out / "logs").glob("*/*/settings.json"))
    stored = json.loads(file.read_text())
    file.write_text(json.dumps({**stored, "seed": 1234}))
    without_seed = [word for word in BASE if not word.startswith("--seed")]
    model = f"--pretrained_model_name_or_path={stored['model']}"
    argv = [model, *without_seed, "--output_dir=out", "--resume_from_checkpoint=latest"]
    assert main(["diffusers", *argv, "--max_train_steps=3"]) == 0
    assert settings_of(out)["seed"] == 1234


@pytest.mark.slow
def test_only_the_newest_checkpoints_stay(ti):
    out = ti("--max_train_steps=8", "--checkpoints_total_limit=2")
    assert {name for name in names(out) if "checkpoint" in name} == {"checkpoint-6", "checkpoint-8"}


@pytest.mark.slow
def test_latest_of_an_empty_folder_starts_anew_and_a_missing_one_is_refused(ti, stacks, capsys):
    ti("--max_train_steps=1", "--resume_from_checkpoint=latest")
    assert "to go on from; a new run starts" in capsys.readouterr().out
    model = f"--pretrained_model_name_or_path={stacks['sd1']}"
    argv = [model, *BASE, "--output_dir=out", "--resume_from_checkpoint=checkpoint-1500"]
    assert main(["diffusers", *argv]) == 2
    assert 'no checkpoint "checkpoint-1500"' in capsys.readouterr().err


@pytest.mark.slow
def test_another_number_of_vectors_cannot_be_resumed(ti, stacks, capsys):
    ti("--max_train_steps=2")
    model = f"--pretrained_model_name_or_path={stacks['sd1']}"
    argv = [model, *BASE, "--output_dir=out", "--resume_from_checkpoint=latest", "--num_vectors=2"]
    assert main(["diffusers", *argv]) == 2
    assert "has 1 vectors and --num_vectors is 2" in capsys.readouterr().err


@pytest.mark.slow
def test_tf32_is_allowed(ti):
    before = torch.backends.cuda.matmul.allow_tf32
    try:
        torch.backends.cuda.matmul.allow_tf32 = False
        ti("--max_train_steps=1", "--allow_tf32")
        assert torch.backends.cuda.matmul.allow_tf32
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


@pytest.mark.slow
def test_the_library_and_a_readme_of_the_user_stay(ti, home):
    (home / "out").mkdir()
    (home / "out" / "README.md").write_text("my notes")
    (home / "embeddings" / "cat-toy.pt").write_bytes(b"another")
    out = ti("--max_train_steps=1")
    assert (out / "README.md").read_text() == "my notes"
    assert (home / "embeddings" / "cat-toy.pt").read_bytes() == b"another"


def documented(*more, without=()):
    text = DOCUMENTED.replace("$MODEL_NAME", str(ROOT / "models" / "pocket"))
    argv = shlex.split(text.replace("$DATA_DIR", str(DATA)))
    return [word for word in argv if word not in without] + list(more)


@pytest.mark.slow
def test_the_documented_command_needs_a_token(hub, home, capsys):
    assert main(["diffusers", *documented()]) == 1
    assert "Publishing needs a token of the Hugging Face Hub" in capsys.readouterr().err
    assert not (home / "textual_inversion_cat").exists()


@pytest.mark.slow
def test_the_results_are_uploaded_without_a_question(ti, hub, home, capsys):
    (home / "out").mkdir()
    (home / "out" / "diary.txt").write_text("not a result")
    shown = ["--validation_prompt=a <cat-toy>", "--num_validation_images=1"]
    ti("--max_train_steps=2", "--push_to_hub", f"--hub_token={TOKEN}", *shown)
    made = hub.repositories["mia/out"]
    assert made.private
    assert set(made.files) == {
        "README.md", "learned_embeds.safetensors", "learned_embeds-steps-2.safetensors",
        "token_identifier.txt", "type_of_concept.txt", "embeddings/cat-toy.pt",
        "validation/step-2-1.png",
    }  # fmt: skip
    card = made.files["README.md"].decode()
    assert 'pipeline.load_textual_inversion("mia/out")' in card
    assert "(validation/step-2-1.png)" in card
    printed = capsys.readouterr()
    assert f"Uploaded to {hub.url}/mia/out" in printed.out
    assert TOKEN not in printed.out + printed.err


@pytest.mark.slow
def test_the_repository_is_the_one_that_was_named(ti, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.add("mia/named", {})
    more = ["--push_to_hub", "--hub_model_id=mia/named", "--save_as_full_pipeline"]
    ti("--max_train_steps=1", *more)
    assert "unet/diffusion_pytorch_model.safetensors" in hub.repositories["mia/named"].files


@pytest.mark.slow
@pytest.mark.parametrize("num_vectors", [1, 5])
def test_the_documented_command_trains_the_pocket_model(home, num_vectors):
    few = ["--max_train_steps=2", "--checkpointing_steps=1", f"--num_vectors={num_vectors}"]
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu"]
    command = [*launch, "-m", "textual_inversion", "diffusers"]
    argv = [*command, *documented(*few, without=["--push_to_hub"])]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(argv, check=True, cwd=home, env=env)
    subprocess.run([*argv, "--resume_from_checkpoint=checkpoint-1"], check=True, cwd=home, env=env)
    out = home / "textual_inversion_cat"
    assert {"checkpoint-1", "checkpoint-2", "learned_embeds.safetensors"} <= names(out)
    found = settings_of(out)
    assert (found["scale_learning_rate"], found["gradient_accumulation_steps"]) == (True, 4)
    assert formats.read(out / "learned_embeds.safetensors").num_vectors == num_vectors


@pytest.mark.slow
def test_the_documented_validation_draws_the_pocket_model(home):
    # At the model's own size: pictures of 512 pixels take a minute each on two cores.
    more = ["--max_train_steps=2", "--resolution=64", "--validation_prompt=A <cat-toy> backpack"]
    more += ["--num_validation_images=4", "--validation_steps=100"]
    assert main(["diffusers", *documented(*more, without=["--push_to_hub"])]) == 0
    found = names(home / "textual_inversion_cat" / "validation")
    assert found == {f"step-2-{number}.png" for number in (1, 2, 3, 4)}
