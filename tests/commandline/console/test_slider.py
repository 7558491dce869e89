import asyncio

import pytest
from textual.app import App

from commandline.console.slider import Slider


def after(*keys, start=3000):
    """Press keys at InvokeAI's slider for steps; return its number."""
    slider = Slider(start, minimum=1, maximum=10_000, step=500)

    class One(App):
        def compose(self):
            yield slider

    async def run():
        async with One().run_test() as pilot:
            slider.focus()
            await pilot.press(*keys)

    asyncio.run(run())
    return slider.value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("keys", "number"),
    [
        (["right"], 3500),
        (["left"], 2500),
        (["pageup"], 5500),
        (["pagedown"], 500),
        (["home"], 1),
        (["home", "right"], 500),
        (["end"], 10_000),
        (["end", "right"], 10_000),
        (["1", "2", "3"], 123),
        (["1", "2", "3", "left"], 1),
        (["1", "2", "3", "right"], 500),
        (["9", "9", "9", "9", "9"], 10_000),
        (["1", "2", "backspace", "5"], 15),
    ],
)
def test_keys_choose_a_number(keys, number):
    assert after(*keys) == number


@pytest.mark.slow
def test_the_mouse_points_at_a_number():
    slider = Slider(1, minimum=0, maximum=100, step=10)

    class One(App):
        def compose(self):
            yield slider

    async def run():
        async with One().run_test(size=(108, 5)) as pilot:
            for column, number in ((50, 50), (100, 100), (0, 0), (33, 30)):
                await pilot.click(slider, offset=(column, 0))
                assert slider.value == number

    asyncio.run(run())
