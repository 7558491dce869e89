"""`ti invokeai` trains a tiny stack and leaves the files of `invokeai-ti`."""

import json
import shlex
import shutil
import sys
from pathlib import Path

import pytest
import torch

from commandline.main import invokeai_ti, main
from tests.hubserver import TOKEN
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library

ROOT = Path(__file__).resolve().parents[2]
# The command of InvokeAI's documentation.
DOCUMENTED = """
invokeai-ti \
       --model=stable-diffusion-1.5 \
       --resolution=512 \
       --learnable_property=style \
       --initializer_token='*' \
       --placeholder_token='<psychedelic>' \
       --train_data_dir=/home/lstein/invokeai/training-data/psychedelic \
       --output_dir=/home/lstein/invokeai/text-inversion-training/psychedelic \
       --scale_lr \
       --train_batch_size=8 \
       --gradient_accumulation_steps=4 \
       --max_train_steps=3000 \
       --learning_rate=0.0005 \
       --resume_from_checkpoint=latest \
       --lr_scheduler=constant \
       --mixed_precision=fp16 \
       --only_save_embeds
"""


@pytest.fixture
def train(home, pictures, stacks):
    """Run the command on three pictures and a tiny stack."""

    def run(*argv, kind="sd1"):
        base = ["--train_data_dir=pictures", "--placeholder_token=<psychedelic>", "--resolution=64"]
        fast = ["--train_batch_size=2", "--seed=3", "--output_dir=out", "--report_to=tensorboard"]
        assert main(["invokeai", f"--model={stacks[kind]}", *base, *fast, *argv]) == 0
        return home / "out"

    return run


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.slow
def test_the_finished_file_lies_in_the_embeddings_of_the_trigger(train, home):
    steps = ["--max_train_steps=3", "--save_steps=2", "--checkpointing_steps=2"]
    out = train("--only_save_embeds", *steps)
    assert names(out) == {
        "learned_embeds.bin", "learned_embeds-steps-2.bin", "checkpoint-2", "logs",
        "token_identifier.txt", "type_of_concept.txt", "README.md", "embeddings",
    }  # fmt: skip
    installed = home / "embeddings" / "psychedelic" / "learned_embeds.bin"
    found = torch.load(installed, weights_only=True)["<psychedelic>"]
    assert torch.equal(found, torch.load(out / "learned_embeds.bin")["<psychedelic>"])
    assert Library(home / "embeddings").find("psychedelic").path == installed


@pytest.mark.slow
def test_latest_goes_on_from_the_newest_checkpoint(train, capsys):
    steps = ["--only_save_embeds", "--checkpointing_steps=2", "--resume_from_checkpoint=latest"]
    train(*steps, "--max_train_steps=3")
    assert "a new run starts" in capsys.readouterr().out
    train(*steps, "--max_train_steps=5")
    assert "psychedelic: 2 of 5" in capsys.readouterr().out


@pytest.mark.slow
def test_without_only_save_embeds_the_pipeline_is_written_as_well(train):
    assert {"model_index.json", "unet", "learned_embeds.bin"} <= names(train("--max_train_steps=1"))


@pytest.mark.slow
def test_sdxl_and_several_vectors_are_installed_whole(train, home):
    train("--max_train_steps=1", "--only_save_embeds", "--num_vectors=2", kind="sdxl")
    found = formats.read(home / "embeddings" / "psychedelic" / "learned_embeds.bin")
    assert (found.num_vectors, found.widths) == (2, (32, 40))


@pytest.mark.slow
def test_a_fixed_batch_is_measured(train):
    out = train("--max_train_steps=1", "--only_save_embeds")
    (log,) = out.glob("logs/*/*/events.jsonl")
    kinds = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert "evaluated" in kinds


@pytest.mark.slow
def test_the_documented_command_trains_the_pocket_model(home, monkeypatch):
    invokeai = home / "invokeai"
    (invokeai / "configs").mkdir(parents=True)
    listed = f"stable-diffusion-1.5: {{path: {ROOT / 'models' / 'pocket'}, format: diffusers}}\n"
    (invokeai / "configs" / "models.yaml").write_text(listed)
    shutil.copytree(ROOT / "samples" / "dolphin", invokeai / "training-data" / "psychedelic")
    monkeypatch.setenv("INVOKEAI_ROOT", str(invokeai))
    few = ["--resolution=64", "--max_train_steps=1"]  # 3000 steps of 512 pixels take hours here
    argv = shlex.split(DOCUMENTED.replace("/home/lstein", str(home)))
    monkeypatch.setattr(sys, "argv", [*argv, *few])
    assert invokeai_ti() == 0
    installed = invokeai / "embeddings" / "psychedelic" / "learned_embeds.bin"
    assert list(torch.load(installed, weights_only=True)) == ["<psychedelic>"]
    (file,) = (invokeai / "text-inversion-training" / "psychedelic").glob("logs/*/*/settings.json")
    found = json.loads(file.read_text())
    assert (found["template"], found["batch_size"], found["precision"]) == ("style.txt", 8, "fp16")
    assert (found["learning_rate"], found["scale_learning_rate"]) == ("0.0005", True)


@pytest.mark.slow
def test_the_results_are_uploaded_when_asked(train, hub, capsys):
    train("--only_save_embeds", "--max_train_steps=1", "--push_to_hub", f"--hub_token={TOKEN}")
    assert {"README.md", "learned_embeds.bin"} <= set(hub.repositories["mia/out"].files)
    assert f"Uploaded to {hub.url}/mia/out" in capsys.readouterr().out
