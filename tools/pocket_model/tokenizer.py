"""Build the pocket model's own small tokenizer: CLIP's kind of BPE, learned from our captions.

The entries come in CLIP's order: the 256 byte characters, the same with `</w>`, the merges, and
last the start and end tokens. So every text tokenises, `*` and any name included.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from data import BACKGROUNDS, DEFAULT_CACHE, Item, caption, load
from tokenizers import Tokenizer, decoders, models, trainers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

POSITIONS = 77
START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
# Words people put into prompts and that no label of ours holds: learned as whole tokens as well.
EXTRA_TEXT = (
    "my cool nice weird old new big large small tiny clean dirty bright dark cropped blurry sharp "
    "close up closeup front side view scene toy plush statue figurine logo icon emoji sticker "
    "painting sketch render rendering watercolor oil pencil art artwork artist by in the style of "
    "cartoon flat modern glossy simple colour color coloured colored plain solid backdrop wall "
    "standing sitting holding wearing next to two three many and with without person man woman"
)


def train_tokenizer(texts: list[str], *, num_entries: int = 4300) -> CLIPTokenizer:
    """Learn a vocabulary of at most `num_entries` from `texts`."""
    # An empty CLIPTokenizer lends its normaliser and pre-tokeniser, so both cut words alike.
    model = CLIPTokenizer().backend_tokenizer
    bare = Tokenizer(models.BPE(end_of_word_suffix=WORD_END))
    bare.normalizer, bare.pre_tokenizer = model.normalizer, model.pre_tokenizer
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=num_entries - 2,
        min_frequency=2,
        show_progress=False,
        initial_alphabet=sorted(ByteLevel.alphabet()),
        end_of_word_suffix=WORD_END,
    )
    bare.train_from_iterator(texts, trainer)
    merges = [tuple(pair) for pair in json.loads(bare.to_str())["model"]["merges"]]
    return CLIPTokenizer(
        vocab=_vocabulary(merges),
        merges=merges,
        model_max_length=POSITIONS,
        clean_up_tokenization_spaces=False,
    )


def _vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    characters = sorted(ByteLevel.alphabet())
    entries = characters + [character + WORD_END for character in characters]
    entries += ["".join(pair) for pair in merges] + [START, END]
    return {entry: number for number, entry in enumerate(dict.fromkeys(entries))}


def corpus(items: list[Item], *, seed: int = 0) -> list[str]:
    """Return captions of every picture with all tags, and common prompt words."""
    draw = random.Random(seed)
    colours = list(BACKGROUNDS)
    texts = [caption(item, draw.choice(colours), draw) for item in items for _ in range(2)]
    texts += [", ".join(item.tags) for item in items]
    return texts + [EXTRA_TEXT] * 20


def write(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Save in both forms: tokenizer.json for today's transformers, vocab and merges for older."""
    tokenizer.save_pretrained(folder)
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    vocabulary = json.dumps(model["vocab"], ensure_ascii=False)
    (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n", encoding="utf-8")


def main() -> None:
    """Build the tokenizer into a folder from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    tokenizer = train_tokenizer(corpus(load(args.cache)[1]))
    write(tokenizer, args.out or args.cache / "tokenizer")
    print(f"{len(tokenizer)} entries")


if __name__ == "__main__":
    main()
