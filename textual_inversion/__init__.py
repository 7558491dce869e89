"""Train textual inversion embeddings: a few new words for a frozen Stable Diffusion.

Layers, top to bottom; nothing imports upwards:
cli, jobs → run → trainer, learner, data, chores → models → losses, schedules, prompts, files
→ settings, knobs, events, errors.
"""
