"""The endpoints through gradio_client, as a script of a user's would call them."""

import time
from pathlib import Path

import pytest

from textual_inversion.jobs.runner import Runner

pytestmark = pytest.mark.slow


@pytest.fixture
def client(home, stacks, monkeypatch):
    from gradio_client import Client

    from webui.page import build

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(home / "served"))
    runner = Runner()
    page = build(runner)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, auth=("me", "x"))
    yield Client(url, auth=("me", "x"), verbose=False, download_files=str(home / "got"))
    runner.close(10)
    page.close(verbose=False)


def wait_for(client, kind):
    """The job of a kind when it is over, and none waits."""
    for _ in range(600):
        told = client.predict(api_name="/status")[kind]
        is_over = told["state"] not in {"loading", "running", "stopping"}
        if is_over and not told.get("waiting"):
            return told
        time.sleep(0.1)
    raise AssertionError(told)


def sent(client, folder, name, *more):
    """Upload all files of a folder into a data set."""
    from gradio_client import handle_file

    files = [handle_file(str(path)) for path in sorted(folder.iterdir())]
    return client.predict(files, name, *more, api_name="/upload")


def test_pictures_come_in_with_their_captions_and_only_once(client, home, pictures):
    from gradio_client.exceptions import AppError

    told = sent(client, pictures, "houses")
    assert told == {"folder": "datasets/houses", "pictures": 3, "captions": 3, "left_out": []}
    assert (home / "datasets" / "houses" / "0.txt").read_text() == "a red house, photo"
    with pytest.raises(AppError, match="houses has 3 pictures already; choose another name"):
        sent(client, pictures, "houses")
    assert sent(client, pictures, "houses", True)["pictures"] == 3
    assert len(list((home / "datasets" / "houses").glob("*.png"))) == 6


def test_no_other_file_of_the_machine_is_taken_for_an_upload(client, home, pictures):
    from gradio_client.exceptions import AppError

    for file in ({"path": str(pictures / "0.png")}, "0.png", {"path": 3}, []):
        with pytest.raises(AppError, match="did not arrive|not in the upload|Invalid"):
            client.predict([file], "stolen", api_name="/upload")
    assert not (home / "datasets" / "stolen").exists()


def test_the_main_job_through_the_api(client, pictures, stacks):
    model = str(stacks["sd1"])
    made = client.predict({"name": "my-cat", "model": model}, api_name="/create")
    assert made["name"] == "my-cat"
    training = {"embedding": "my-cat", "dataset_dir": "pictures", "model": model, "max_steps": 3}
    client.predict({**training, "save_image_every": 0}, api_name="/train")
    told = wait_for(client, "train")
    assert (told["state"], told["step"], told["total"]) == ("finished", 3, 3)
    drawing = {"prompt": "a <my-cat>", "steps": 2, "num_images": 1, "model": model}
    client.predict(drawing, api_name="/generate")
    told = wait_for(client, "generate")
    assert told["state"] == "finished"
    assert Path(told["pictures"][0]).suffix == ".png"
    file = client.predict("my-cat", "a1111", api_name="/download")
    assert Path(file).read_bytes()
    assert Path(file).name == "my-cat.pt"


def test_a_drawing_waits_for_the_one_before_it(client, stacks):
    long = {"prompt": "a cat", "steps": 150, "batch_count": 40, "model": str(stacks["sd1"])}
    assert client.predict(long, api_name="/generate")["waiting"] == 0
    short = {**long, "prompt": "a dog", "steps": 1, "batch_count": 1}
    told = client.predict(short, api_name="/generate")
    assert told == {"name": "a dog", "waiting": 1}
    assert client.predict(api_name="/status")["generate"]["waiting"] == 1
    client.predict("generate", api_name="/stop")
    told = wait_for(client, "generate")
    assert (told["state"], told["step"], len(told["pictures"])) == ("finished", 1, 1)


def test_what_is_refused_comes_back_as_a_sentence(client):
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match="dataset_dir"):
        client.predict({"embedding": "x"}, api_name="/train")
    with pytest.raises(AppError, match='no job "dance"; jobs are: preprocess, train, generate'):
        client.predict("dance", api_name="/stop")
    with pytest.raises(AppError, match='no format "exe"'):
        client.predict("x", "exe", api_name="/download")


def test_without_the_password_nothing_answers(client):
    import httpx

    answer = httpx.post(f"{client.src}gradio_api/call/status", json={"data": []})
    assert answer.status_code == 401
