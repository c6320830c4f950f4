"""
Records what Hugging Face's transformers computes in float64, for `transformers.test.ts`: outputs and gradients of tiny T5 encoders and
of tiny Llama, Mistral, Qwen2 and Qwen3 decoders with an adapter. Needs PyTorch and transformers; the product does not.

    python3 engine/nn/fixtures_transformers.py        writes engine/nn/fixtures/transformers.json
"""
import json
import pathlib

import torch
import transformers
from torch.func import functional_call
from transformers import AutoConfig, AutoModel, T5EncoderModel

T5 = dict(model_type="t5", vocab_size=11, d_model=8, d_kv=3, d_ff=12, num_layers=2, num_heads=2, relative_attention_num_buckets=8,
          relative_attention_max_distance=12, layer_norm_epsilon=1e-6, dropout_rate=0.0)
DECODER = dict(vocab_size=11, hidden_size=8, intermediate_size=12, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
               max_position_embeddings=64, rms_norm_eps=1e-6, pad_token_id=0)
CONFIGS = {
    "t5": dict(T5, feed_forward_proj="relu"),
    "flan-t5": dict(T5, feed_forward_proj="gated-gelu"),
    "llama": dict(DECODER, model_type="llama", head_dim=4, rope_parameters=dict(
        rope_type="llama3", rope_theta=100.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)),
    "mistral": dict(DECODER, model_type="mistral", head_dim=2, sliding_window=32, rope_parameters=dict(rope_type="default", rope_theta=10000.0)),
    "qwen2": dict(DECODER, model_type="qwen2", rope_parameters=dict(rope_type="default", rope_theta=1000.0)),
    "qwen3": dict(DECODER, model_type="qwen3", head_dim=6, rope_parameters=dict(rope_type="linear", factor=2.0, rope_theta=1000.0)),
}
# Family, what is pooled, whether a token sees only those before it.
CASES = [("t5", "mean", False), ("flan-t5", "text", False), ("llama", "last", True), ("mistral", "last", True), ("qwen2", "last", True),
         ("qwen2", "mean", False), ("qwen3", "last", True), ("llama", "text", False)]
TEXTS = [[2, 5, 7, 3], [2, 9, 3], [2, 4, 4, 8, 10, 3, 6, 1, 5, 5, 9, 7, 8, 2, 3]]
# With "text" pooling the first tokens, an instruction, are seen but not averaged.
INSTRUCTION = 2
RANK, ALPHA = 2, 4
ADAPTED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "SelfAttention.q", "SelfAttention.v", "DenseReluDense.wo")


def make_model(name):
    config = AutoConfig.for_model(**CONFIGS[name])
    config._attn_implementation = "eager"
    model = (T5EncoderModel if CONFIGS[name]["model_type"] == "t5" else AutoModel.from_config)(config)
    return model.double().eval()


def make_weights(model):
    """Random weights that float32 holds exactly, and an adapter that is not zero."""
    weights = {}
    for name, parameter in model.named_parameters():
        mean = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        weights[name] = (mean + 0.3 * torch.randn(*parameter.shape)).float().double().requires_grad_()
        layer = name.removesuffix(".weight")
        if name.endswith(".weight") and layer.endswith(ADAPTED):
            outs, ins = parameter.shape
            weights[layer + ".lora_A.weight"] = (0.3 * torch.randn(RANK, ins)).float().double().requires_grad_()
            weights[layer + ".lora_B.weight"] = (0.3 * torch.randn(outs, RANK)).float().double().requires_grad_()
    return weights


def adapted(weights):
    merged = {}
    for name, value in weights.items():
        if ".lora_" in name:
            continue
        layer = name.removesuffix(".weight")
        if layer + ".lora_A.weight" in weights:
            value = value + ALPHA / RANK * weights[layer + ".lora_B.weight"] @ weights[layer + ".lora_A.weight"]
        merged[name] = value
    return merged


def embed(model, weights, text, pooling, causal):
    ids = torch.tensor([text])
    mask = torch.ones_like(ids)
    if not causal and not isinstance(model, T5EncoderModel):
        # A mask of four dimensions is taken as it is: everything is seen.
        mask = torch.zeros(1, 1, len(text), len(text), dtype=torch.float64)
    hidden = functional_call(model, adapted(weights), (), dict(input_ids=ids, attention_mask=mask)).last_hidden_state[0]
    pooled = hidden[-1] if pooling == "last" else hidden[INSTRUCTION if pooling == "text" else 0:].mean(0)
    return torch.nn.functional.normalize(pooled, dim=0)


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def main():
    torch.manual_seed(11)
    # Norms and softmax ask for float32 by this name, whatever the model's type.
    torch.float32 = torch.float64
    models = {name: make_model(name) for name in CONFIGS}
    weights = {name: make_weights(model) for name, model in models.items()}
    cases = []
    for name, pooling, causal in CASES:
        w = weights[name]
        y = torch.stack([embed(models[name], w, text, pooling, causal) for text in TEXTS])
        slope = torch.randn(y.shape).float().double()
        found = torch.autograd.grad((y * slope).sum(), list(w.values()))
        cases.append(dict(model=name, pooling=pooling, causal=causal, slope=numbers(slope), outputs=numbers(y),
                          gradients={key: numbers(gradient) for key, gradient in zip(w, found)}))
    attention = transformers.models.t5.modeling_t5.T5Attention
    distances = torch.arange(-600, 601)
    buckets = attention._relative_position_bucket(distances, bidirectional=True, num_buckets=32, max_distance=128)
    recorded = dict(torch=torch.__version__, transformers=transformers.__version__, rank=RANK, alpha=ALPHA, adapted=ADAPTED, texts=TEXTS,
                    instruction=INSTRUCTION, configs={name: json.loads(model.config.to_json_string(use_diff=False)) for name, model in models.items()},
                    weights={name: {key: dict(shape=list(value.shape), data=numbers(value)) for key, value in w.items()} for name, w in weights.items()},
                    cases=cases, buckets=buckets.tolist())
    target = pathlib.Path(__file__).parent / "fixtures" / "transformers.json"
    target.write_text(json.dumps(recorded, separators=(",", ":")) + "\n")
    print(f"{target}: {target.stat().st_size} bytes, PyTorch {torch.__version__}, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
