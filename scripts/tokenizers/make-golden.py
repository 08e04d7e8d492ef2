"""
Writes src/testing/tokenizers/: small tokenizers of every kind that kn builds, and what transformers' AutoTokenizer makes of the
corpus with each, as hashes (a line a sentence: the first 8 digits of SHA-256 over its ids with commas between).

    python scripts/tokenizers/make-golden.py         (transformers 5.18, tokenizers 0.23, sentencepiece; npx from the project)

Training breaks ties as it likes: run anew, it writes other tokenizers, and hashes that are theirs.
"""
import base64
import hashlib
import io
import json
import logging
import os
import pathlib
import shutil
import subprocess
import unicodedata

os.environ["HF_HUB_OFFLINE"] = "1"
logging.disable(logging.CRITICAL)

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

ROOT = pathlib.Path(__file__).parents[2]
TARGET = ROOT / "src/testing/tokenizers"
CORPUS = json.loads(
    subprocess.run(
        ["npx", "tsx", "scripts/tokenizers/print-corpus.ts"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
)
LLAMA3_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def dump(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n")


def folder(name, config, tokenizer_config=None):
    path = TARGET / name
    path.mkdir(parents=True)
    dump(path / "config.json", config)
    if tokenizer_config is not None:
        dump(path / "tokenizer_config.json", tokenizer_config)
    return path


def word_piece(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.WordPieceTrainer(
            vocab_size=2600,
            limit_alphabet=900,
            special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
            show_progress=False,
        ),
    )
    return tokenizer


def words_of(tokenizer):
    vocab = tokenizer.get_vocab()
    return sorted(vocab, key=vocab.get)


def byte_level(pre_tokenizer, special, size=700):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=size,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=special,
            show_progress=False,
        ),
    )
    return tokenizer


def with_bytes(pre_tokenizer, normalizer, special, unk):
    """Byte pairs over characters, with the bytes of all others."""
    base = Tokenizer(models.BPE(unk_token=unk))
    base.pre_tokenizer = pre_tokenizer
    base.normalizer = normalizer
    base.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(vocab_size=900, limit_alphabet=350, special_tokens=special, show_progress=False),
    )
    model = json.loads(base.to_str())["model"]
    names = list(special) + [f"<0x{byte:02X}>" for byte in range(256)]
    names += [token for token in sorted(model["vocab"], key=model["vocab"].get) if token not in names]
    bpe = models.BPE(
        {token: i for i, token in enumerate(names)},
        [tuple(merge) for merge in model["merges"]],
        unk_token=unk,
        fuse_unk=True,
        byte_fallback=True,
    )
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer


def charsmap():
    """A table of characters such as sentencepiece's own, of a few hundred rules."""
    rules = {}
    points = [*range(0xA0, 0x250), *range(0x2000, 0x2200), *range(0x2460, 0x2500), *range(0x3000, 0x3040)]
    points += [*range(0xFB00, 0xFB07), *range(0xFF01, 0xFFA0), *range(0x1D400, 0x1D440)]
    for point in points:
        to = unicodedata.normalize("NFKC", chr(point))
        if to != chr(point):
            rules[chr(point)] = to
        parts = unicodedata.normalize("NFD", chr(point))
        if len(parts) > 1:
            rules[parts] = unicodedata.normalize("NFC", parts)
    for point in [9, 10, 13, 0x2028, 0x2029, 0xFEFF, 0xFFFD]:
        rules[chr(point)] = " "
    for point in [*range(1, 9), 11, *range(14, 32), 127, 0x200B, 0x200E]:
        rules[chr(point)] = ""
    lines = ["\t".join(" ".join(f"{ord(c):X}" for c in side) for side in rule) for rule in rules.items()]
    table = TARGET / "rules.tsv"
    table.write_text("\n".join(sorted(lines)) + "\n")
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c d e f g"] * 9),
        model_writer=model,
        vocab_size=12,
        hard_vocab_limit=False,
        normalization_rule_tsv=str(table),
        minloglevel=2,
    )
    table.unlink()
    normalizer = dict(fields(model.getvalue()))[3]
    return dict(fields(normalizer))[2]


def fields(message):
    """Fields of a protocol buffer's message by their numbers."""
    place = 0

    def number():
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(message):
        field, kind = divmod(number(), 8)
        if kind == 0:
            yield field, number()
        else:
            length = {1: 8, 5: 4}.get(kind) or number()
            yield field, message[place : place + length]
            place += length


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(charsmap()), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        [text for text in CORPUS if max(text) < "\u0530"],
        trainers.UnigramTrainer(
            vocab_size=1500,
            special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
            unk_token="<unk>",
            show_progress=False,
        ),
    )
    model = json.loads(tokenizer.to_str())["model"]
    rare = [entry for i, entry in enumerate(model["vocab"]) if len(entry[0]) == 1 and i % 3 == 0]
    first = ["<s>", "<pad>", "</s>", "<unk>"]
    vocab = [(token, 0.0) for token in first]
    vocab += [tuple(entry) for entry in model["vocab"] if entry not in rare and entry[0] not in first]
    trained, tokenizer = tokenizer, Tokenizer(models.Unigram(vocab, 3, False))
    tokenizer.normalizer = trained.normalizer
    tokenizer.pre_tokenizer = trained.pre_tokenizer
    tokenizer.decoder = trained.decoder
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def plain_words():
    """Whitespace and digits, and added tokens of all kinds."""
    tokenizer = word_piece(True)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Digits(True), pre_tokenizers.Punctuation("merged_with_previous")]
    )
    tokenizer.add_tokens(
        [
            AddedToken("Newton", single_word=True),
            AddedToken("word", single_word=True, normalized=False),
            AddedToken("Straße", lstrip=True, rstrip=True),
            AddedToken("ﬁ", normalized=True),
        ]
    )
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def hashed(ids):
    return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:8]


shutil.rmtree(TARGET, ignore_errors=True)

path = folder("bert-uncased", {"model_type": "bert"}, {"do_lower_case": True})
(path / "vocab.txt").write_text("\n".join(words_of(word_piece(True))) + "\n")

path = folder("bert-cased", {"model_type": "bert"}, {"do_lower_case": False, "tokenizer_class": "BertTokenizer"})
cased = words_of(word_piece(False))
(path / "vocab.txt").write_text("\n".join(cased) + "\n")
dump(path / "added_tokens.json", {"newt": len(cased), "<mask>": len(cased) + 1})
dump(path / "special_tokens_map.json", {"mask_token": {"content": "<mask>", "lstrip": True, "single_word": False}})

path = folder("gpt2", {"model_type": "gpt2"}, {"add_prefix_space": True, "add_bos_token": True})
model = json.loads(byte_level(pre_tokenizers.ByteLevel(False), ["<|endoftext|>"]).to_str())["model"]
dump(path / "vocab.json", model["vocab"])
(path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in model["merges"]) + "\n")

path = folder("llama3", {"model_type": "llama"}, {"tokenizer_class": "PreTrainedTokenizerFast"})
split = pre_tokenizers.Sequence(
    [pre_tokenizers.Split(Regex(LLAMA3_WORDS), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
)
tokenizer = byte_level(split, ["<|begin_of_text|>", "<|endoftext|>"])
tokenizer.post_processor = processors.Sequence(
    [
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)]),
    ]
)
tokenizer.save(str(path / "tokenizer.json"), pretty=False)

path = folder("qwen2", {"model_type": "qwen2"}, {"tokenizer_class": "Qwen2Tokenizer", "add_prefix_space": False})
byte_level(pre_tokenizers.ByteLevel(False), ["<|endoftext|>"]).save(str(path / "tokenizer.json"), pretty=False)

special = ["<unk>", "<s>", "</s>"]
path = folder("llama2", {"model_type": "llama"}, {"tokenizer_class": "LlamaTokenizer", "legacy": False})
tokenizer = with_bytes(pre_tokenizers.Metaspace(prepend_scheme="first", split=False), None, special, "<unk>")
tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
tokenizer.save(str(path / "tokenizer.json"), pretty=False)

path = folder("mistral", {"model_type": "mistral"}, {"tokenizer_class": "LlamaTokenizerFast", "bos_token": "<s>"})
prepend = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
tokenizer = with_bytes(None, prepend, special, "<unk>")
tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
tokenizer.save(str(path / "tokenizer.json"), pretty=False)

path = folder("unigram", {"model_type": "bert"}, {"tokenizer_class": "PreTrainedTokenizerFast", "mask_token": "<mask>"})
unigram().save(str(path / "tokenizer.json"), pretty=False)

path = folder("words", {"model_type": "bert"}, {"tokenizer_class": "PreTrainedTokenizerFast", "mask_token": "[MASK]"})
plain_words().save(str(path / "tokenizer.json"), pretty=False)

for path in sorted(TARGET.iterdir()):
    tokenizer = AutoTokenizer.from_pretrained(str(path))
    ids = [tokenizer(text)["input_ids"] for text in CORPUS]
    dump(path / "config.json", {**json.loads((path / "config.json").read_text()), "vocab_size": len(tokenizer)})
    (path / "hashes.txt").write_text("\n".join(map(hashed, ids)) + "\n")
    size = sum(file.stat().st_size for file in path.iterdir())
    print(f"{path.name}: {type(tokenizer).__name__}, {len(tokenizer)} tokens, {size / 1000:.0f} kB")
