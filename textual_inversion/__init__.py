"""Train textual inversion embeddings: a few new words for a frozen Stable Diffusion.

Each package may import those before it:
errors, events, names, randomness → storage → images → settings → prompts → runs → devices → models
→ jobs → embeddings → data → generation → training → evaluation → sweeps.
"""
