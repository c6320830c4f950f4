"""
Writes tiny models in the forms of the families of `families.ts`, and what Hugging Face's tokenizers and transformers make of texts with
them, each by the recipe its authors published. For `folders.test.ts` and `tokenizer.test.ts`; the product needs none of it.

    python3 engine/models/fixtures.py        (torch, transformers, tokenizers, sentencepiece) writes engine/models/fixtures/
"""
import base64
import io
import json
import pathlib
import tempfile

import sentencepiece
import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from sentencepiece import sentencepiece_model_pb2 as spm
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, T5EncoderModel

HERE = pathlib.Path(__file__).parent / "fixtures"
CORPUS = [
    "How do I back up a database? The lease ends on 31 March 2026.", "为这个句子生成表示以用于检索相关文章：数据库备份", "职工带薪年休假条例第三条",
    "Represent this sentence for searching relevant passages: annual leave of employees", "Represent the document for retrieval: query: passage:",
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: what is a lease", "在歐洲，梵語的學術研究，由德國學者開創。",
    "Retrieve a passage to answer this question [SEP] implementing batch norm in Python", "北京大学的图书馆在哪里？", "naïve café résumé, Ångström units",
    "人工智能 machine learning 与 deep learning 的区别", "Represent the question for retrieving supporting documents: who wrote this",
] * 3
TEXTS = [
    "How do I back up a database?", "数据库怎么备份？", "TiKV channel full 是什么原因？", "Ångström naïve ﬁle ½ x² ①", "👍 good 👨‍👩‍👧 family 🇨🇳", "ｆｕｌｌ　ｗｉｄｔｈ：１２３",
    "antidisestablishmentarianism" * 5, "  spaces\tand\n\nnewlines  ", "broken \ufffd text", "",
    "在歐洲，梵語的學術研究，由德國學者陸特和漢斯雷頓開創。" * 3, "don't stop, it's 12:30! http://example.org/a?b=c", "한국어 русский ไทย العربية", "e\u0301 é \u200b\u00ad zero",
]
ASKED = TEXTS[:6] + TEXTS[10:12]
MAX = 32
SPECIAL = dict(wordpiece=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])


def special(content):
    return AddedToken(content, special=True, normalized=False)


def charsmap():
    """SentencePiece's table for nmt_nfkc, which XLM-R and T5 normalise with."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=200, hard_vocab_limit=False, minloglevel=2)
    proto = spm.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto.normalizer_spec.precompiled_charsmap


def make_wordpiece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=330, special_tokens=SPECIAL["wordpiece"], show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def make_unigram(first, post, table):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Precompiled(table), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.train_from_iterator(CORPUS, trainers.UnigramTrainer(vocab_size=330, special_tokens=first, unk_token="<unk>", show_progress=False))
    tokenizer.post_processor = post
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def make_bytes():
    """As Qwen's: bytes, cut by a pattern first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=380, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_special_tokens([special("<|endoftext|>"), special("<|im_end|>")])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def make_llama():
    """As Mistral's: pieces of characters, and bytes where a character is not known."""
    first = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=470, special_tokens=first, show_progress=False))
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = [token for token in file["added_tokens"] if token["id"] < 3]
    tokenizer = Tokenizer.from_str(json.dumps(file))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    return tokenizer


def make_tokenizers():
    table = charsmap()
    roberta = make_unigram(["<s>", "<pad>", "</s>", "<unk>"], processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]), table)
    t5 = make_unigram(["<pad>", "</s>", "<unk>", "<s>"], processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]), table)
    return dict(wordpiece=make_wordpiece(), roberta=roberta, t5=t5, bytes=make_bytes(), llama=make_llama())


def config_of(kind, tokenizer):
    size = tokenizer.get_vocab_size()
    encoder = dict(vocab_size=size, hidden_size=16, num_attention_heads=2, num_hidden_layers=2, intermediate_size=24, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    decoder = dict(vocab_size=size, hidden_size=16, num_attention_heads=4, num_key_value_heads=2, num_hidden_layers=2, intermediate_size=24, max_position_embeddings=256)
    t5 = dict(model_type="t5", vocab_size=size, d_model=16, d_kv=4, d_ff=24, num_layers=2, num_heads=2, dropout_rate=0.0, feed_forward_proj="gated-gelu")
    return {
        "bert": dict(encoder, model_type="bert", max_position_embeddings=64, pad_token_id=0),
        "roberta": dict(encoder, model_type="xlm-roberta", max_position_embeddings=66, pad_token_id=1, type_vocab_size=1),
        "t5": t5,
        "mistral": dict(decoder, model_type="mistral", head_dim=4, sliding_window=64),
        "qwen2": dict(decoder, model_type="qwen2"),
        "qwen3": dict(decoder, model_type="qwen3", head_dim=6),
    }[kind]


def randomise(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            mean = 1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0
            parameter.copy_(mean + 0.3 * torch.randn(parameter.shape))


def make_networks(by_name):
    networks = {}
    for name, kind, tokenizer, labels in [("bert", "bert", "wordpiece", 0), ("roberta", "roberta", "roberta", 0), ("roberta-reranker", "roberta", "roberta", 1),
                                          ("bert-reranker", "bert", "wordpiece", 1), ("t5", "t5", "t5", 0), ("mistral", "mistral", "llama", 0),
                                          ("qwen2", "qwen2", "bytes", 0), ("qwen3", "qwen3", "bytes", 0)]:
        config = AutoConfig.for_model(**config_of(kind, by_name[tokenizer]), **(dict(num_labels=labels) if labels else {}))
        config._attn_implementation = "eager"
        model = T5EncoderModel(config) if kind == "t5" else AutoModelForSequenceClassification.from_config(config) if labels else AutoModel.from_config(config, **(dict(add_pooling_layer=False) if kind in ("bert", "roberta") else {}))
        randomise(model)
        # As published: Qwen's in bfloat16, the multilingual encoder in float16.
        stored = torch.bfloat16 if name == "qwen3" else torch.float16 if name == "roberta" else torch.float32
        # Parameters only: buffers, as the angles of rotary positions, are computed in full precision.
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(parameter.to(stored).float())
        model.eval()
        state = {key: value.to(stored).contiguous() for key, value in model.state_dict().items()
                 if not key.endswith(("position_ids", "token_type_ids")) and key != "encoder.embed_tokens.weight"}
        (HERE / "weights").mkdir(exist_ok=True)
        save_file(state, HERE / "weights" / f"{name}.safetensors", metadata=dict(format="pt"))
        own = json.loads(config.to_json_string(use_diff=False))
        own["architectures"] = [type(model).__name__]
        kept = {key: value for key, value in own.items() if key in config_of(kind, by_name[tokenizer]) or key in (
            "architectures", "layer_norm_eps", "rms_norm_eps", "layer_norm_epsilon", "hidden_act", "rope_parameters", "id2label", "num_key_value_heads", "type_vocab_size",
            "relative_attention_num_buckets", "relative_attention_max_distance", "position_embedding_type", "attention_bias", "head_dim", "use_sliding_window")}
        networks[name] = dict(model=model, tokenizer=by_name[tokenizer], tokenizer_name=tokenizer, config=kept)
    projection = 0.3 * torch.randn(12, 16)
    save_file({"linear.weight": projection}, HERE / "weights" / "projection.safetensors")
    classifier = dict(weight=0.5 * torch.randn(2, 16), bias=0.5 * torch.randn(2))
    save_file({f"classifier.{key}": value for key, value in classifier.items()}, HERE / "weights" / "classifier.safetensors")
    return networks, projection, classifier


def hidden(network, ids, causal=True):
    with torch.no_grad():
        ids = torch.tensor([ids])
        mask = torch.ones_like(ids) if causal else torch.zeros(1, 1, ids.shape[1], ids.shape[1])
        return network["model"](input_ids=ids, attention_mask=mask).last_hidden_state[0]


def encode(network, text):
    """With special tokens, cut to MAX as transformers cuts: the text, not what stands around it."""
    tokenizer = network["tokenizer"]
    tokenizer.enable_truncation(MAX)
    ids = tokenizer.encode(text).ids
    tokenizer.no_truncation()
    return ids


def numbers(tensor):
    return [float(f"{value:.8g}") for value in tensor.flatten().tolist()]


def unit(vector):
    return torch.nn.functional.normalize(vector, dim=-1)


def cls(network, text):
    return unit(hidden(network, encode(network, text))[0])


def mean(network, text):
    return unit(hidden(network, encode(network, text)).mean(0))


def mean_as_it_is(network, text):
    return hidden(network, encode(network, text)).mean(0)


def last(end, causal=True):
    """E5-mistral's recipe: cut to one less, append the end, take the last token's state."""
    def embed(network, text):
        tokenizer = network["tokenizer"]
        tokenizer.enable_truncation(MAX - 1)
        ids = tokenizer.encode(text).ids + [tokenizer.token_to_id(end)]
        tokenizer.no_truncation()
        return unit(hidden(network, ids, causal)[-1])
    return embed


def instructor(projection):
    """INSTRUCTOR's recipe: instruction and text stripped and joined; the instruction's tokens, without its </s>, are not averaged."""
    def embed(network, text, instruction):
        ids = encode(network, instruction.strip() + text.strip())
        skipped = len(network["tokenizer"].encode(instruction.strip()).ids) - 1
        return unit(hidden(network, ids)[skipped:].mean(0) @ projection.T)
    return embed


def record_vectors(networks, projection):
    """Family, name of a folder, network, recipe, prompts by task and side."""
    zh = "为这个句子生成表示以用于检索相关文章："
    web = "Given a web search query, retrieve relevant passages that answer the query"
    embedders = [
        ("bge-zh", "bge-small-zh-v1.5", "bert", cls, {"search": (zh, "")}),
        ("bge-en", "bge-base-en-v1.5", "bert", cls, {"search": ("Represent this sentence for searching relevant passages: ", "")}),
        ("bge-m3", "bge-m3", "roberta", cls, {"search": ("", "")}),
        ("bce", "bce-embedding-base_v1", "roberta", cls, {"search": ("", "")}),
        ("llm-embedder", "llm-embedder", "bert", cls, {
            "qa": ("Represent this query for retrieving relevant documents: ", "Represent this document for retrieval: "),
            "chat": ("Embed this dialogue to find useful historical dialogues: ", "Embed this historical dialogue for retrieval: ")}),
        ("e5", "multilingual-e5-base", "roberta", mean, {"search": ("query: ", "passage: ")}),
        ("gte", "gte-base", "bert", mean, {"search": ("", "")}),
        ("gte-qwen", "gte-Qwen2-1.5B-instruct", "qwen2", last("<|endoftext|>", causal=False), {"search": (f"Instruct: {web}\nQuery: ", "")}),
        ("qwen-embedding", "Qwen3-Embedding-0.6B", "qwen3", last("<|endoftext|>"), {"search": (f"Instruct: {web}\nQuery:", "")}),
        ("e5-mistral", "e5-mistral-7b-instruct", "mistral", last("</s>"), {"search": (f"Instruct: {web}\nQuery: ", "")}),
        ("contriever", "contriever-msmarco", "bert", mean_as_it_is, {"search": ("", "")}),
        ("tart-dual", "tart-dual-contriever-msmarco", "bert", mean_as_it_is, {"search": ("Retrieve a passage to answer this question [SEP] ", "")}),
        ("instructor", "instructor-base", "t5", instructor(projection), {"search": (
            "Represent the question for retrieving supporting documents: ", "Represent the document for retrieval: ")}),
    ]
    recorded = []
    for family, folder, network, recipe, tasks in embedders:
        for task, sides in tasks.items():
            for side, prompt in zip(("query", "document"), sides):
                glue = (lambda text: recipe(networks[network], text, prompt)) if family == "instructor" else (lambda text: recipe(networks[network], prompt + text))
                recorded.append(dict(family=family, folder=folder, network=network, task=task, side=side, vectors=[numbers(glue(text)) for text in ASKED]))
    return recorded


def record_logits(networks, classifier):
    question = "数据库怎么备份 a database?"
    recorded = []
    for family, folder, name in [("bge-reranker", "bge-reranker-base", "roberta-reranker"), ("bce-reranker", "bce-reranker-base_v1", "roberta-reranker"), (None, "ms-marco-tiny", "bert-reranker")]:
        network = networks[name]
        tokenizer = network["tokenizer"]
        tokenizer.enable_truncation(MAX, strategy="only_second")
        logits = []
        for text in ASKED:
            pair = tokenizer.encode(question, text)
            kinds = dict(token_type_ids=torch.tensor([pair.type_ids])) if name == "bert-reranker" else {}
            with torch.no_grad():
                logits.append(network["model"](input_ids=torch.tensor([pair.ids]), attention_mask=torch.ones(1, len(pair.ids)), **kinds).logits.item())
        tokenizer.no_truncation()
        recorded.append(dict(family=family, folder=folder, network=name, question=question, logits=logits))
    # TART-full: <s> instruction [SEP] question </s> passage </s>, two labels over the first token's state.
    network = networks["t5"]
    tokenizer = network["tokenizer"]
    logits = []
    for text in ASKED:
        asked = tokenizer.encode("Retrieve a passage to answer this question [SEP] " + question, add_special_tokens=False).ids[:MAX * 3 // 4]
        passage = tokenizer.encode(text, add_special_tokens=False).ids[:MAX - 3 - len(asked)]
        ids = [tokenizer.token_to_id("<s>")] + asked + [tokenizer.token_to_id("</s>")] + passage + [tokenizer.token_to_id("</s>")]
        two = hidden(network, ids)[0] @ classifier["weight"].T + classifier["bias"]
        logits.append(torch.logit(torch.softmax(two.double(), -1)[1]).item())
    recorded.append(dict(family="tart-full", folder="tart-full-flan-t5-xl", network="t5", question=question, logits=logits))
    return recorded


def main():
    torch.manual_seed(5)
    (HERE / "tokenizers").mkdir(parents=True, exist_ok=True)
    by_name = make_tokenizers()
    ids = {}
    for name, tokenizer in by_name.items():
        (HERE / "tokenizers" / f"{name}.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":")) + "\n")
        ids[name] = dict(single=[tokenizer.encode(text).ids for text in TEXTS],
                         pair=[[pair.ids, pair.type_ids] for pair in (tokenizer.encode(TEXTS[i], TEXTS[i + 1]) for i in range(4))])
    networks, projection, classifier = make_networks(by_name)
    recorded = dict(transformers=transformers.__version__, tokenizers=tokenizers.__version__, torch=torch.__version__, texts=TEXTS, asked=ASKED, maxTokens=MAX, ids=ids,
                    networks={name: dict(tokenizer=network["tokenizer_name"], config=network["config"]) for name, network in networks.items()},
                    vectors=record_vectors(networks, projection), logits=record_logits(networks, classifier))
    (HERE / "recorded.json").write_text(json.dumps(recorded, ensure_ascii=False, separators=(",", ":")) + "\n")
    total = sum(file.stat().st_size for file in HERE.rglob("*") if file.is_file())
    print(f"{HERE}: {total} bytes")


if __name__ == "__main__":
    main()
