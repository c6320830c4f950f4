"""Embedding texts with PyTorch, in float32: python embed.py HOW FOLDER TEXTS.json THREADS

HOW: `encode` is sentence-transformers as it is called (sorted by length, batches of 32); `given` is transformers with batches of 32
in the order of the texts; `budget` sorts and fills batches up to 2048 tokens; `single` is one text at a time, without any padding.
"""
import json
import sys

import torch
import transformers
from turns import take_turns

how, folder, file, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
with open(file) as opened:
    texts = json.load(opened)

if how == "encode":
    import sentence_transformers

    transformer = sentence_transformers.SentenceTransformer(folder, device="cpu")
    name = f"sentence-transformers {sentence_transformers.__version__} on PyTorch {torch.__version__}"

    def embed(some):
        return transformer.encode(some, show_progress_bar=False)

else:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    name = f"transformers {transformers.__version__} on PyTorch {torch.__version__}"

    def batches(some):
        if how != "budget":
            size = 32 if how == "given" else 1
            return [list(range(at, min(at + size, len(some)))) for at in range(0, len(some), size)]
        lengths = [len(ids) for ids in tokenizer(some)["input_ids"]]
        found, longest = [], 0
        for text in sorted(range(len(some)), key=lambda text: -lengths[text]):
            if found and (len(found[-1]) + 1) * longest <= 2048:
                found[-1].append(text)
            else:
                found.append([text])
                longest = lengths[text]
        return found

    @torch.inference_mode()
    def embed(some):
        vectors = [None] * len(some)
        for batch in batches(some):
            read = tokenizer([some[text] for text in batch], padding=True, return_tensors="pt")
            hidden, mask = model(**read).last_hidden_state, read["attention_mask"].unsqueeze(-1)
            pooled = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
            for text, vector in zip(batch, pooled):
                vectors[text] = vector
        return torch.stack(vectors)


take_turns({"name": name, "vectors": embed(texts[:8]).tolist()}, lambda: embed(texts))
