"""
Records what PyTorch computes in float64, for `recorded.test.ts`: outputs, loss and every gradient of tiny BERT and XLM-RoBERTa
models with an adapter. Needs PyTorch and nothing else; the product does not.

    python3 engine/nn/fixtures.py        writes engine/nn/fixtures/bert.json
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

CONFIGS = {
    "bert": dict(model_type="bert", hidden_size=8, num_attention_heads=2, num_hidden_layers=2, intermediate_size=12, vocab_size=11,
                 layer_norm_eps=1e-12, max_position_embeddings=8, type_vocab_size=2, pad_token_id=0),
    "roberta": dict(model_type="xlm-roberta", hidden_size=8, num_attention_heads=2, num_hidden_layers=2, intermediate_size=12, vocab_size=11,
                    layer_norm_eps=1e-5, max_position_embeddings=10, type_vocab_size=1, pad_token_id=1),
}
CASES = [("bert", "cls"), ("roberta", "mean"), ("bert", "logits"), ("roberta", "logits")]
TEXTS = [[2, 5, 7, 3], [2, 9, 3], [2, 4, 4, 8, 10, 3]]
KINDS = [[0, 0, 1, 1], [0, 1, 1], [0, 0, 0, 1, 1, 1]]
RANK, ALPHA = 2, 4
ADAPTED = ("attention.self.query", "attention.self.value", "intermediate.dense")


def make_weights(family):
    """Random weights that float32 holds exactly."""
    c = CONFIGS[family]
    h, wide, pre = c["hidden_size"], c["intermediate_size"], family + "."
    w = {}

    def put(name, *shape, mean=0.0):
        w[name] = (mean + 0.3 * torch.randn(*shape)).float().double().requires_grad_()

    def layer(name, outs, ins):
        put(name + ".weight", outs, ins)
        put(name + ".bias", outs)
        if name.endswith(ADAPTED):
            put(name + ".lora_A.weight", RANK, ins)
            put(name + ".lora_B.weight", outs, RANK)

    def norm(name):
        put(name + ".weight", h, mean=1.0)
        put(name + ".bias", h)

    put(pre + "embeddings.word_embeddings.weight", c["vocab_size"], h)
    put(pre + "embeddings.position_embeddings.weight", c["max_position_embeddings"], h)
    put(pre + "embeddings.token_type_embeddings.weight", c["type_vocab_size"], h)
    norm(pre + "embeddings.LayerNorm")
    for i in range(c["num_hidden_layers"]):
        name = f"{pre}encoder.layer.{i}."
        for part in ("query", "key", "value"):
            layer(name + "attention.self." + part, h, h)
        layer(name + "attention.output.dense", h, h)
        norm(name + "attention.output.LayerNorm")
        layer(name + "intermediate.dense", wide, h)
        layer(name + "output.dense", h, wide)
        norm(name + "output.LayerNorm")
    layer(pre + "pooler.dense" if family == "bert" else "classifier.dense", h, h)
    layer("classifier" if family == "bert" else "classifier.out_proj", 1, h)
    return w


def linear(w, name, x):
    y = F.linear(x, w[name + ".weight"], w[name + ".bias"])
    if name + ".lora_A.weight" in w:
        y = y + ALPHA / RANK * F.linear(F.linear(x, w[name + ".lora_A.weight"]), w[name + ".lora_B.weight"])
    return y


def norm(w, name, x, eps):
    return F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], eps)


def encode(family, w, text, kinds):
    """One text [tokens] -> hidden states [tokens, width]. Positions as in Hugging Face's create_position_ids_from_input_ids."""
    c, pre = CONFIGS[family], family + "."
    first = 0 if family == "bert" else c["pad_token_id"] + 1
    positions = torch.arange(len(text)) + first
    x = (F.embedding(torch.tensor(text), w[pre + "embeddings.word_embeddings.weight"])
         + F.embedding(positions, w[pre + "embeddings.position_embeddings.weight"])
         + F.embedding(torch.tensor(kinds), w[pre + "embeddings.token_type_embeddings.weight"]))
    x = norm(w, pre + "embeddings.LayerNorm", x, c["layer_norm_eps"])
    heads = c["num_attention_heads"]
    for i in range(c["num_hidden_layers"]):
        name = f"{pre}encoder.layer.{i}."
        q, k, v = (linear(w, name + "attention.self." + part, x).view(len(text), heads, -1).transpose(0, 1) for part in ("query", "key", "value"))
        p = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), -1)
        context = (p @ v).transpose(0, 1).reshape(len(text), -1)
        x = norm(w, name + "attention.output.LayerNorm", linear(w, name + "attention.output.dense", context) + x, c["layer_norm_eps"])
        y = linear(w, name + "output.dense", F.gelu(linear(w, name + "intermediate.dense", x)))
        x = norm(w, name + "output.LayerNorm", y + x, c["layer_norm_eps"])
    return x


def output(family, head, w, text, kinds):
    x = encode(family, w, text, kinds if CONFIGS[family]["type_vocab_size"] > 1 and head == "logits" else [0] * len(text))
    if head == "cls":
        return F.normalize(x[0], dim=0)
    if head == "mean":
        return F.normalize(x.mean(0), dim=0)
    if family == "bert":
        return linear(w, "classifier", torch.tanh(linear(w, "bert.pooler.dense", x[0])))
    return linear(w, "classifier.out_proj", torch.tanh(linear(w, "classifier.dense", x[0])))


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def main():
    torch.manual_seed(7)
    weights = {family: make_weights(family) for family in CONFIGS}
    cases = []
    for family, head in CASES:
        w = weights[family]
        y = torch.cat([output(family, head, w, text, kinds) for text, kinds in zip(TEXTS, KINDS)])
        slope = torch.randn(y.shape).float().double()
        loss = (y * slope).sum()
        used = {name: value for name, value in w.items() if head == "logits" or not name.startswith(("classifier", "bert.pooler"))}
        found = torch.autograd.grad(loss, list(used.values()))
        cases.append(dict(family=family, head=head, slope=numbers(slope), outputs=numbers(y), loss=loss.item(),
                          gradients={name: numbers(gradient) for name, gradient in zip(used, found)}))
    recorded = dict(torch=torch.__version__, rank=RANK, alpha=ALPHA, adapted=ADAPTED, texts=TEXTS, kinds=KINDS, configs=CONFIGS,
                    weights={family: {name: dict(shape=list(value.shape), data=numbers(value)) for name, value in w.items()} for family, w in weights.items()},
                    cases=cases)
    target = pathlib.Path(__file__).parent / "fixtures" / "bert.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(recorded, separators=(",", ":")) + "\n")
    print(f"{target}: {target.stat().st_size} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
