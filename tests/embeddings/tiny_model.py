"""A real sentence-transformers model, made on the spot."""

from pathlib import Path
from typing import Any

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", "passage", ":", ".", "water", "pump", "solar", "tax"]
PROMPTS = {"query": "query: ", "passage": "passage: water water "}
WINDOW = 12


def build_model(folder: Path, prompts: dict[str, str]) -> Path:
    """Make and save a model of a few thousand weights that knows eight words."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(7)
    shape: dict[str, Any] = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    BertModel(BertConfig(vocab_size=len(WORDS), **shape)).save_pretrained(folder / "base")
    BertTokenizer(vocab={word: place for place, word in enumerate(WORDS)}).save_pretrained(folder / "base")
    modules = [Transformer(str(folder / "base"), max_seq_length=WINDOW), Pooling(16), Normalize()]
    model = SentenceTransformer(modules=modules, prompts=prompts, device="cpu")
    model.save(str(folder / "tiny"), create_model_card=False)
    return folder / "tiny"
