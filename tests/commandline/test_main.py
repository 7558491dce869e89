import json
import os
import signal
import subprocess
import sys
import time

import pytest

from commandline.flags import SETTINGS
from commandline.main import main, make_parser
from textual_inversion.embeddings import formats
from textual_inversion.events import from_dict
from textual_inversion.settings.knobs import walk

TRAINING = (
    "--dataset-dir --template --learning-rate --learning-rate-steps --max-steps "
    "--batch-size --gradient-accumulation-steps --width --height --flip "
    "--save-image-every --save-embedding-every --save-image-with-embedding "
    "--preview-prompt --preview-images --preview-negative-prompt --preview-steps "
    "--preview-cfg-scale --preview-seed --shuffle-tags --tag-dropout --latent-sampling "
    "--picture-sizes --crop --resampling --filename-word-regex "
    "--filename-join-string --latent-cache "
    "--preset --prediction-type --zero-terminal-snr --vae --tokenizer --precision --channels-last "
    "--attention --gradient-checkpointing --vae-offload --pictures-at-once --compile "
    "--preview-sampler --preview-width --preview-height --preview-beside --optimizer "
    "--adam-beta1 --adam-beta2 --adam-epsilon --weight-decay --lr-scheduler "
    "--warmup-steps --lr-num-cycles --scale-learning-rate --gradient-clipping "
    "--clipping-threshold --ema-decay --norm --norm-strength --kappa --loss --huber-delta "
    "--min-snr-gamma --alpha-as-loss-weight --noise-offset --timesteps --min-timestep "
    "--max-timestep --caption-dropout --keep-tags --evaluate-every --hold-out-picture "
    "--convergence-window --stop-when-converged --on-nan --seed --checkpoint-every "
    "--checkpoints-total-limit "
    "--resume --report-to --log-dir --model"
)

FLAGS = {
    "create": (
        "--force --initialization-text --num-vectors --start --from-file --tokenizer --overwrite "
        "--model --settings"
    ),
    "preprocess": (
        "--width --height --keep-original-size --flipped-copies --split-oversized "
        "--split-threshold --split-overlap --focal-crop --focal-face-weight "
        "--focal-entropy-weight --focal-edges-weight --focal-crop-debug --auto-sized-crop "
        "--auto-size-min --auto-size-max --auto-area-min --auto-area-max "
        "--auto-size-objective --auto-size-error --caption --existing-captions "
        "--caption-batch --caption-joiner --blip-model --lavis-model --caption-min-length "
        "--caption-max-length --caption-num-beams --deepdanbooru-model "
        "--deepdanbooru-threshold --wd14-model --wd14-threshold --wd14-character-threshold "
        "--tags-alphabetical --tags-spaces --tags-escape --tags-filter --output-format "
        "--keep-alpha --recursive --model --settings --events"
    ),
    "check": (
        "--name --template --width --height --tokenizer --model --probe --train-settings --settings"
    ),
    "train": f"{TRAINING} --settings --events --queue --push-to-hub --yes",
    "sweep": (
        "--initialization-text --num-vectors --start "
        f"{TRAINING.replace(' --resume', '')} --runs-at-once "
        "--engine --address --gpus-per-batch --over --samples --rank "
        "--reduction-factor --grace-period --settings --events --json"
    ),
    "batch": (
        "--initialization-text --num-vectors --start "
        f"{TRAINING.replace(' --resume', '').replace('--dataset-dir ', '')} --runs-at-once "
        "--engine --address --gpus-per-batch --settings --events --json"
    ),
    "generate": (
        "--negative-prompt --sampler --steps --cfg-scale --width --height --batch-count "
        "--num-images --seed --hires-fix --hires-scale --hires-strength "
        "--hires-steps --hires-upscaler --init-image --mask --strength --resize-mode "
        "--inpaint-area --masked-content --mask-blur --inpaint-padding --invert-mask "
        "--clip-skip --cfg-rescale --eta --variation-seed "
        "--variation-strength --emphasis --vae-tiling --vae --tokenizer --output --model "
        "--settings --events"
    ),
    "suggest-words": (
        "--prompt --words --most-words --draws --pictures-at-once --model --settings --events"
    ),
    "grid": (
        "--columns --column-values --rows --row-values --pages --page-values --embedding "
        "--prompt --negative-prompt --sampler --steps --cfg-scale --width --height --seed "
        "--hires-fix --hires-scale --hires-strength "
        "--hires-steps --hires-upscaler --init-image --mask --strength --resize-mode "
        "--inpaint-area --masked-content --mask-blur --inpaint-padding --invert-mask "
        "--clip-skip --cfg-rescale --eta --variation-seed --variation-strength --emphasis "
        "--vae-tiling --vae --tokenizer --output --model --settings --events"
    ),
    "evaluate": (
        "--run --dataset-dir --class-word --prompts --num-prompts --num-images --num-snapshots "
        "--encoders --sampler --steps --cfg-scale --negative-prompt --seed --width --height --vae "
        "--tokenizer --output --model --settings --events --json"
    ),
    "workshop": (
        "--operation --sources --weights --dropped --share --norm --overwrite --model --settings "
        "--preview --preview-prompt"
    ),
    "prune": (
        "--new-name --keep --dataset-dir --template --overwrite --vae --tokenizer --model "
        "--settings"
    ),
}


SOME = ["--dataset-dir", "pictures"]


def flags(command):
    parser = make_parser()._subparsers._group_actions[0].choices[command]
    names = [action.option_strings[0] for action in parser._actions if action.option_strings]
    return " ".join(name for name in names if name != "-h")


@pytest.mark.slow
@pytest.mark.parametrize("command", list(SETTINGS))
def test_the_flags_are_these(command):
    """Scripts depend on them: a change here is a change of the contract."""
    assert flags(command) == FLAGS[command]


@pytest.mark.parametrize("command", list(SETTINGS))
def test_every_knob_has_its_help(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = unbroken(capsys.readouterr().out)
    helps = [knob.help for knob in walk(SETTINGS[command])]
    assert all(len(text) > 15 for text in helps)
    assert [text for text in helps if unbroken(text) not in said] == []


def unbroken(text):
    """Take out all spaces: argparse may break a line at a hyphen or a slash, too."""
    return "".join(text.split())


@pytest.mark.slow
def test_the_main_job_from_the_command_line(home, pictures, stacks, capsys):
    model = str(stacks["sd1"])
    assert main(["create", "my-dog", "--num-vectors", "2", "--model", model]) == 0
    flips = ["--flipped-copies", "horizontal"]
    assert main(["preprocess", "pictures", "ready", "--model", model, *flips]) == 0
    small = ["--max-steps", "3", "--batch-size", "2", "--preview-steps", "2"]
    assert main(["train", "my-dog", "--dataset-dir", "ready", "--model", model, *small]) == 0
    assert main(["generate", "a <my-dog>", "--steps", "2", "--model", model]) == 0
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    assert "my-dog                   2 vectors x 32, step 3, sd1" in said
    assert len(list((home / "ready").glob("*.png"))) == 6
    assert len(list((home / "outputs").rglob("*.png"))) == 1


@pytest.mark.slow
def test_a_word_the_model_knows_is_used_with_force_and_a_warning(home, stacks, capsys):
    argv = ["create", "<cat>", "--model", str(stacks["sd1"])]
    assert main(argv) == 1
    assert 'or allow it with "Use it anyway" (--force)' in capsys.readouterr().err
    assert main([*argv, "--force"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Created embeddings/cat.pt")
    assert said[1].startswith('Warning: "cat" is a word that the base model knows already')


def test_a_data_set_is_checked_before_training(home, pictures, stacks, capsys):
    (pictures / "broken.jpg").write_bytes(b"no picture")
    assert main(["check", "pictures", "--model", str(stacks["sd1"])]) == 0
    said = capsys.readouterr().out
    assert "4 pictures, 3 usable, to be trained at 64 x 64" in said
    assert "broken.jpg" in said


@pytest.mark.slow
def test_a_check_estimates_the_training_it_is_asked_for(home, pictures, stacks, capsys):
    (home / "s.json").write_text('{"max_steps": 30, "batch_size": 1, "save_image_every": 0}')
    argv = ["check", "pictures", "--model", str(stacks["sd1"]), "--train-settings", "s.json"]
    assert main([*argv, "--probe"]) == 0
    assert "for 30 steps (" in capsys.readouterr().out.splitlines()[-1]
    assert main(argv) == 0
    assert "Note: --train-settings has no effect without --probe." in capsys.readouterr().out


@pytest.mark.slow
def test_events_come_one_json_a_line(home, pictures, stacks, capsys):
    model = str(stacks["sd1"])
    main(["create", "my-dog", "--model", model])
    capsys.readouterr()
    argv = ["train", "my-dog", "--dataset-dir", "pictures", "--model", model, "--max-steps", "2"]
    assert main([*argv, "--save-image-every", "0", "--events", "json"]) == 0
    events = [from_dict(json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert None not in events
    assert [e.step for e in events if type(e).__name__ == "Stepped"] == [1, 2]


@pytest.mark.slow
def test_a_settings_file_stands_behind_the_flags(home, pictures, stacks, capsys):
    model = str(stacks["sd1"])
    main(["create", "my-dog", "--model", model])
    (home / "s.json").write_text(
        json.dumps(
            {"embedding": "my-dog", "dataset_dir": "pictures", "model": model, "max_steps": 5}
        )
    )
    argv = ["train", "--settings", "s.json", "--max-steps", "2", "--save-image-every", "0"]
    assert main(argv) == 0
    assert formats.read(home / "embeddings" / "my-dog.pt").step == 2


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["train", "gone", *SOME], 1, "no embedding called 'gone'"),
        (["train", "x"], 2, "dataset_dir (--dataset-dir) is missing; give the folder with"),
        (["train", "x", "--dataset-dir", ""], 2, "dataset_dir (--dataset-dir) is missing"),
        (["train"], 2, "embedding is missing; give the embedding to train"),
        (["train", "x", *SOME, "--max-steps", "0"], 2, "max_steps must be at least 1"),
        (["train", "x", *SOME, "--max-steps", "many"], 2, "must be a whole number"),
        (["train", "x", *SOME, "--learning-rate", "abc"], 2, '"abc" is not a number'),
        (["train", "x", *SOME, "--learning-rate=-1:10"], 2, "above 0"),
        (["train", "x", *SOME, "--width", "100"], 2, "multiple of 8"),
        (["create", "../x"], 1, "'/'"),
        (["generate", "x", "--model", "nowhere"], 1, "no base model"),
        (["preprocess", "nowhere", "there"], 1, "There is no folder nowhere"),
        (["train", "--settings", "gone.json"], 2, "gone.json cannot be read"),
    ],
)
def test_bad_input_is_one_sentence_and_a_code(home, capsys, argv, code, words):
    assert main(argv) == code
    said = capsys.readouterr().err
    assert said.startswith("ti: ")
    assert said.count("\n") == 1
    assert words in said


def test_an_unknown_flag_is_bad_usage(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["train", "x", "--colour", "red"])
    assert caught.value.code == 2


@pytest.mark.slow
def test_ctrl_c_saves_and_answers_130(home, pictures, stacks):
    model = str(stacks["sd1"])
    main(["create", "my-dog", "--model", model])
    argv = [
        sys.executable,
        "-m",
        "textual_inversion",
        "train",
        "my-dog",
        "--dataset-dir",
        "pictures",
    ]
    argv += ["--model", model, "--max-steps", "100000", "--save-image-every", "0"]
    argv += ["--save-embedding-every", "0", "--events", "json"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=env) as process:
        seen = next(line for line in process.stdout if '"stepped"' in line)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert seen
    assert '"reason": "stopped"' in rest
    assert process.returncode == 130
    assert formats.read(home / "embeddings" / "my-dog.pt").step > 1
