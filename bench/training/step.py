"""The step of `step.ts` in PyTorch, eager, on the processor: python step.py lora|full LAYERS WIDTH SEQUENCES TOKENS THREADS"""
import math
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from turns import take_turns

kind, layers, width, batch, tokens, threads = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(threads)
torch.manual_seed(1)
HEADS, RANK, ALPHA, VOCABULARY, WORDS = width // 32, 8, 16, 30_522, 1000


class Linear(nn.Module):
    def __init__(self, ins, outs, adapted=False):
        super().__init__()
        self.weight, self.bias = nn.Parameter(0.03 * torch.randn(outs, ins)), nn.Parameter(torch.zeros(outs))
        self.adapted = adapted and kind == "lora"
        if self.adapted:
            self.a, self.b = nn.Parameter(torch.randn(RANK, ins) / math.sqrt(ins)), nn.Parameter(torch.zeros(outs, RANK))

    def forward(self, x):
        y = F.linear(x, self.weight, self.bias)
        return y + ALPHA / RANK * F.linear(F.linear(x, self.a), self.b) if self.adapted else y


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = Linear(width, width, True), Linear(width, width), Linear(width, width, True)
        self.o, self.up, self.down = Linear(width, width), Linear(width, 4 * width), Linear(4 * width, width)
        self.first, self.second = nn.LayerNorm(width, 1e-12), nn.LayerNorm(width, 1e-12)

    def forward(self, x):
        q, k, v = (f(x).view(batch, tokens, HEADS, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        if hasattr(F, "scaled_dot_product_attention"):
            context = F.scaled_dot_product_attention(q, k, v)
        else:
            context = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1) @ v
        x = self.first(x + self.o(context.transpose(1, 2).reshape(batch, tokens, width)))
        return self.second(x + self.down(F.gelu(self.up(x))))


words, positions = nn.Embedding(VOCABULARY, width), nn.Embedding(512, width)
norm, encoder = nn.LayerNorm(width, 1e-12), nn.Sequential(*(Layer() for _ in range(layers)))
for module in (words, positions, norm, encoder):
    for name, parameter in module.named_parameters():
        parameter.requires_grad_((name.endswith((".a", ".b")) if kind == "lora" else module in (norm, encoder)))
trained = [p for module in (norm, encoder) for p in module.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-4)
ids = (torch.arange(batch * tokens) * 7919 % WORDS).view(batch, tokens)


def step():
    x = norm(words(ids) + positions(torch.arange(tokens)))
    e = F.normalize(encoder(x)[:, 0], dim=-1)
    loss = F.cross_entropy(e[: batch // 2] @ e[batch // 2:].T / 0.05, torch.arange(batch // 2))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    optimizer.zero_grad()


take_turns({"name": f"PyTorch {torch.__version__}"}, step)
