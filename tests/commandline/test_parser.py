import pytest

from commandline.main import main


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("trian cat", "did you mean train?"),
        ("train cat --max-stpes 3", "did you mean --max-steps?"),
        ("train cat --batchsize=3", "did you mean --batch-size?"),
        ("list --jsno", "did you mean --json?"),
        ("export cat --format safetensor", "did you mean safetensors?"),
        ("train cat --optimizer adam", "did you mean adamw?"),
        ("diffusers --train_data_dir=a --placeholder_token=b --initializer_token=c "
         "--pretrained_model_name_or_path=d --max_trian_steps=3",
         "did you mean --max_train_steps?"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_answered_with_the_next_spelling(capsys, words, hint):
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 2
    assert capsys.readouterr().err.rstrip().endswith(hint)


def test_a_word_like_no_other_has_no_hint(capsys):
    with pytest.raises(SystemExit):
        main(["train", "cat", "--qqqqqq"])
    assert "did you mean" not in capsys.readouterr().err
