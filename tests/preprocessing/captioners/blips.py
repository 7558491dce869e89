"""Tiny models of the BLIP family, in the folders that transformers writes."""

import torch
from PIL import Image
from transformers import (
    BertTokenizer,
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

WORDS = ("a", "red", "blue", "house", "on", "the", "hill", "photo", "of")
_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]")
_VISION = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
           "num_attention_heads": 2, "image_size": 16, "patch_size": 8}  # fmt: skip


def blip(folder, *, steps=0):
    """Write a BLIP; after some 60 steps it tells red houses from blue ones."""
    torch.manual_seed(0)
    size = len(_SPECIALS) + len(WORDS)
    text = {"vocab_size": size, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "encoder_hidden_size": 16, "max_position_embeddings": 64,
            "bos_token_id": 5, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0,
            "projection_dim": 16}  # fmt: skip
    model = BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=_VISION))
    tokenizer = _bert()
    processor = BlipProcessor(_pictures(), tokenizer)
    _train(model, processor, steps)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def blip2(folder):
    """Write a BLIP-2 on OPT."""
    torch.manual_seed(0)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_bert().backend_tokenizer, bos_token="[CLS]", eos_token="[SEP]",
        pad_token="[PAD]", unk_token="[UNK]",
    )  # fmt: skip
    processor = Blip2Processor(_pictures(), tokenizer, num_query_tokens=4)
    image = tokenizer.convert_tokens_to_ids("<image>")
    text = {"model_type": "opt", "vocab_size": len(tokenizer), "hidden_size": 16, "ffn_dim": 32,
            "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 64,
            "word_embed_proj_dim": 16, "bos_token_id": 2, "eos_token_id": 3,
            "pad_token_id": 0}  # fmt: skip
    former = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
              "intermediate_size": 32, "vocab_size": 8}  # fmt: skip
    config = Blip2Config(
        vision_config=_VISION, qformer_config=former, text_config=text, num_query_tokens=4,
        image_token_index=image,
    )  # fmt: skip
    Blip2ForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _bert():
    vocabulary = {word: place for place, word in enumerate((*_SPECIALS, *WORDS))}
    return BertTokenizer(vocab=vocabulary, additional_special_tokens=["[DEC]"])


def _pictures():
    return BlipImageProcessorPil(size={"height": 16, "width": 16})


def _train(model, processor, steps):
    pictures = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    pixels = processor(images=pictures, return_tensors="pt")["pixel_values"]
    ids = processor.tokenizer(["a red house", "a blue house"], return_tensors="pt").input_ids
    ids[:, 0] = 5
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        model(pixel_values=pixels, input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
