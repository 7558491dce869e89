"""Take README's screenshots of the page during its main job.

    python tools/screenshots.py [--steps 300] [--out docs/images]

Needs Chromium and the `test` extra. All files are created in a temporary folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM, Server  # noqa: E402
from tests.browser.page import (  # noqa: E402
    expect_text,
    fill,
    go_to,
    press,
    wait_for_pictures,
    wait_for_step,
)

NAME, WORDS = "my-mammoth", "elephant"
HEIGHTS = {"start": 900, "create": 620, "preprocess": 1150, "train": 1250, "generate": 900}


def shoot(page: Page, name: str, folder: Path) -> None:
    """Photograph the top of the page; 256 colours are plenty and a third of the size."""
    path = folder / f"{name}.png"
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("document.querySelectorAll('.ti-sticky').forEach(one => one.scrollTo(0, 0))")
    page.wait_for_timeout(1500)
    clip = {"x": 0, "y": 0, "width": 1280, "height": HEIGHTS[name]}
    page.screenshot(path=path, full_page=True, clip=clip, animations="disabled")
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


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


def main() -> None:
    """Start the app, do the main job, end the app."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    args = parser.parse_args()
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
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.set_default_timeout(600_000)
                page.goto(server.url)
                page.wait_for_selector("#start-name")
                show_start(page, args.out)
                go_to(page, "Create Embedding")
                do_the_main_job(page, args.steps, args.out)
                browser.close()
        finally:
            server.end()


if __name__ == "__main__":
    main()
