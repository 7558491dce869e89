"""Take the screenshots of every tab, light and dark, during and after the main job.

    python tools/screenshots.py [--steps 300] [--out docs/images]

Needs Chromium and the `test` extra. All files are created in a temporary folder.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import page as waiting  # noqa: E402
from tests.browser.conftest import CHROMIUM, Server  # noqa: E402
from tests.browser.page import (  # noqa: E402
    expect_text,
    fill,
    go_to,
    open_page,
    press,
    wait_for_pictures,
    wait_for_step,
)

NAME, WORDS = "my-mammoth", "elephant"
TABS = {
    "start": "Start",
    "create": "Create Embedding",
    "preprocess": "Preprocess Images",
    "train": "Train",
    "sweep": "Sweep",
    "generate": "Generate",
    "grids": "Grids",
    "evaluate": "Evaluate",
    "library": "Library",
    "workshop": "Workshop",
    "base-models": "Base Models",
    "runs": "Runs",
}
WIDTH, MOST_HEIGHT = 1280, 1250
PATIENCE_MS = 900_000


def shoot(page: Page, name: str, folder: Path) -> None:
    """Photograph the top of the page."""
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("document.querySelectorAll('.ti-sticky').forEach(one => one.scrollTo(0, 0))")
    page.wait_for_timeout(1500)
    height = min(MOST_HEIGHT, page.evaluate("document.documentElement.scrollHeight"))
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": height}
    shot = page.screenshot(full_page=True, clip=clip, animations="disabled")
    Image.open(io.BytesIO(shot)).convert("RGB").save(folder / f"{name}.webp", quality=82, method=6)


def shoot_part(page: Page, element: str, name: str, folder: Path) -> None:
    """Photograph one part of the page."""
    shot = page.locator(f"#{element}").screenshot(animations="disabled")
    Image.open(io.BytesIO(shot)).convert("RGB").save(folder / f"{name}.webp", quality=82, method=6)


def show_start(page: Page, folder: Path) -> None:
    """Choose a sample set and a name on the first tab."""
    page.locator("#start-pictures button", has_text="mammoth").click()
    page.wait_for_selector("#start-pictures .ti-cropped img")
    fill(page, "start-name", NAME)
    page.wait_for_timeout(2000)
    shoot(page, "start", folder)
    page.reload()  # the other tabs come as a fresh page has them
    page.wait_for_selector("#start-name")


def do_the_main_job(page: Page, steps: int, folder: Path) -> None:
    """Create, prepare, train and generate, with a picture of each tab."""
    fill(page, "create-name", NAME)
    fill(page, "create-initialization_text", WORDS)
    fill(page, "create-num_vectors", 4)
    press(page, "create-start-button")
    expect_text(page, "create-result-line", f"Created {NAME}")
    shoot(page, "create", folder)
    go_to(page, "Preprocess Images")
    press(page, "preprocess-start-button")
    expect_text(page, "preprocess-status-line", "Finished: 5 pictures")
    wait_for_pictures(page, "preprocess-picture-gallery", 10)
    shoot(page, "preprocess", folder)
    press(page, "preprocess-onward-button")
    fill(page, "train-max_steps", steps)
    page.locator("#train-previews-and-saving-part button").first.click()
    fill(page, "train-save_image_every", max(1, steps // 8))
    press(page, "train-start-button")
    wait_for_step(page, steps * 5 // 8 + 5)
    wait_for_pictures(page, "train-previews", 5)
    shoot(page, "train", folder)
    expect_text(page, "train-status-line", f"Finished: {steps} steps")
    go_to(page, "Generate")
    # An empty prompt is given one, a moment after one comes to the tab.
    page.wait_for_function("document.querySelector('#generate-prompt textarea').value")
    fill(page, "generate-prompt", f"a photo of <{NAME}> on a blue background")
    fill(page, "generate-num_images", 4)
    press(page, "generate-start-button")
    expect_text(page, "generate-status-line", "Finished: 4 pictures")
    wait_for_pictures(page, "generate-picture-gallery", 4)
    shoot(page, "generate", folder)


def sweep(page: Page) -> None:
    """Train two rates with one vector and with two, in one batch."""
    go_to(page, "Train")
    fill(page, "train-max_steps", 60)
    fill(page, "train-save_image_every", 30)
    go_to(page, "Sweep")
    fill(page, "sweep-values_1", "auto, 0.005")
    press(page, "sweep-start-button")
    expect_text(page, "sweep-runs", "2 of 2 runs have ended")
    wait_for_pictures(page, "sweep-runs", 2)


def draw_grid(page: Page) -> None:
    """Draw the steps of the run beside each other, and open a picture."""
    go_to(page, "Grids")
    page.locator("#grid-run input").click()
    page.get_by_role("option", name=NAME).last.click()
    press(page, "grid-start-button")
    expect_text(page, "grid-status-line", "Finished: ")
    page.locator("#grid-sheet .ti-look").last.click()
    page.wait_for_selector("#grid-cell img")


def evaluate(page: Page) -> None:
    """Measure the embedding and two snapshots on some prompts."""
    go_to(page, "Evaluate")
    page.locator("#evaluate-embedding input").click()
    page.get_by_role("option", name=NAME).first.click()
    fill(page, "evaluate-num_prompts", 6)
    fill(page, "evaluate-num_snapshots", 2)
    press(page, "evaluate-start-button")
    expect_text(page, "evaluate-status-line", "Finished: ")
    page.wait_for_selector("#evaluate-sheet .ti-choice img")


def rank_words(page: Page) -> None:
    """Rank words by the model's loss on the sample pictures."""
    go_to(page, "Create Embedding")
    fill(page, "create-name", "another")
    page.locator("#suggest-part button").first.click()
    fill(page, "suggest-words", "elephant, bear, cow, dog, horse, fish, apple, guitar, car, house")
    press(page, "suggest-start-button")
    expect_text(page, "suggest-status-line", "Finished")


def take_in_hand(page: Page, tab: str) -> None:
    """Bring a tab into a state that shows what it does."""
    match tab:
        case "start":
            page.locator("#start-pictures button", has_text="mammoth").click()
            page.wait_for_selector("#start-pictures .ti-cropped img")
        case "library":
            page.locator("#library-list .ti-shelf button").first.click()
            page.wait_for_selector("#library-details h3")
        case "workshop":
            page.locator("#workshop-add input").first.click()
            page.get_by_role("option", name=NAME).first.click()
        case "runs":
            page.locator("#runs-table").get_by_role("button", name="Open").first.click()
        case "grids":
            page.locator("#grid-older-choice input").click()
            page.get_by_role("option").first.click()
            page.wait_for_selector("#grid-sheet img")
        case _:
            pass


def tour(page: Page, tabs: list[str], folder: Path, ending: str = "") -> None:
    """Photograph tabs after the work."""
    for tab in tabs:
        go_to(page, TABS[tab])
        take_in_hand(page, tab)
        page.wait_for_timeout(2000)
        shoot(page, tab + ending, folder)


def work(browser: Browser, server: Server, steps: int, folder: Path) -> None:
    """Do the main job and more in the light, then look at all of it in the dark."""
    window = browser.new_context(viewport={"width": WIDTH, "height": 900})
    window.set_default_timeout(PATIENCE_MS)
    page = open_page(window, server, "Start")
    show_start(page, folder)
    go_to(page, "Create Embedding")
    do_the_main_job(page, steps, folder)
    sweep(page)
    draw_grid(page)
    evaluate(page)
    rank_words(page)
    shoot_part(page, "suggest-part", "words", folder)
    seen = ["sweep", "grids", "evaluate", "library", "workshop", "base-models", "runs"]
    tour(page, seen, folder)
    window.close()
    window = browser.new_context(color_scheme="dark", viewport={"width": WIDTH, "height": 900})
    window.set_default_timeout(PATIENCE_MS)
    tour(open_page(window, server, "Start"), list(TABS), folder, "-dark")


def main() -> None:
    """Start the app, do the work, end the app."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    waiting.PATIENCE_MS = PATIENCE_MS
    with tempfile.TemporaryDirectory() as home:
        for name in ("embeddings", "runs", "outputs"):
            (Path(home) / name).mkdir()
        server = Server(Path(home))
        server.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
                )
                work(browser, server, args.steps, args.out)
                browser.close()
        finally:
            server.end()


if __name__ == "__main__":
    main()
