"""
Writes src/model/tokenizer/parts/unicode-sets.ts: which characters the Rust tokenizers count among letters, marks, and so on.
Each of its crates has the tables of another Unicode version, and so has each Node. Asks the library itself, one code point at a
time; which characters Unicode 9 has (the version of its normal forms), no call of it tells, and Perl knows.

    python scripts/tokenizers/make-unicode-sets.py     (tokenizers 0.23, a Perl of Unicode 14 or later; two minutes)
"""
import pathlib
import subprocess
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
CATEGORIES = ["L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "N", "Nd", "P", "S"]


def parts(pre_tokenizer, c):
    """How many pieces a character makes of itself between two that belong to no set."""
    return len(pre_tokenizer.pre_tokenize_str("\ue000" + chr(c) + "\ue000"))


def by_regex(regex):
    split = pre_tokenizers.Split(Regex(regex), "isolated")
    return [c for c in POINTS if parts(split, c) == 3]


def present(version):
    program = 'for (0..0x10FFFF) { print "$_\\n" if chr($_) =~ /\\p{Present_In: %s}/ }' % version
    out = subprocess.run(["perl", "-e", "no warnings; " + program], capture_output=True, text=True, check=True)
    return [int(line) for line in out.stdout.split()]


def gone(normalizer, points=POINTS):
    return [c for c in points if normalizer.normalize_str(chr(c)) == ""]


def bert(**options):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **options})


def encode(points):
    """Runs of code points: the gap before each and its length less one, in base 36, "a.2 1 4.z"."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"

    def base36(n):
        return digits[n] if n < 36 else base36(n // 36) + digits[n % 36]

    runs, end = [], -1
    points = sorted(points)
    i = 0
    while i < len(points):
        j = i
        while j + 1 < len(points) and points[j + 1] == points[j] + 1:
            j += 1
        length = points[j] - points[i]
        runs.append(base36(points[i] - end - 1) + ("." + base36(length) if length else ""))
        end = points[j]
        i = j + 1
    return " ".join(runs)


sets = {category: by_regex(r"\p{%s}" % category) for category in CATEGORIES}
sets["Han"] = by_regex(r"\p{Han}")
whitespace = pre_tokenizers.Whitespace()
sets["word"] = [c for c in POINTS if len(whitespace.pre_tokenize_str("a" + chr(c) + "a")) == 1]
sets["punctuation"] = [c for c in POINTS if len(pre_tokenizers.Punctuation().pre_tokenize_str("a" + chr(c) + "a")) == 3]
sets["numeric"] = [c for c in POINTS if parts(pre_tokenizers.Digits(True), c) == 3]
sets["combining"] = gone(normalizers.StripAccents())
sets["accent"] = gone(bert(strip_accents=True))
sets["control"] = gone(bert(clean_text=True))
sets["inUnicode9"] = present("9.0")

# Those that got another case since Unicode 14: Nodes of today do not all know them.
old = set(present("14.0"))
lower = normalizers.Lowercase()
late = {c: lower.normalize_str(chr(c)) for c in POINTS if c not in old and lower.normalize_str(chr(c)) != chr(c)}
pairs = " ".join(f"{c:x}.{ord(to):x}" for c, to in late.items() if len(to) == 1)
assert all(len(to) == 1 for to in late.values())
# The capitals that were there before with a lower case of later times.
for c in sorted(old):
    to = lower.normalize_str(chr(c)) if not 0xD800 <= c <= 0xDFFF else chr(0x41)
    assert len(to) != 1 or c >= 0xD800 and c <= 0xDFFF or to == chr(c) or ord(to) in old, hex(c)

docs = {
    "word": "`\\\\w` of its regular expressions: those of the Whitespace splitter and of the ends of added tokens.",
    "punctuation": "Of BERT's word splitter, in an older Unicode.",
    "numeric": "Of the splitter Digits: fractions and Roman numerals too.",
    "combining": "What the normaliser StripAccents leaves out.",
    "accent": "What BERT's normaliser leaves out with its accents, in an older Unicode.",
    "control": "What BERT's normaliser leaves out with `clean_text`.",
    "inUnicode9": "The characters of Unicode 9: to its normal forms, all others are letters of no kind.",
}
lines = [
    "/**",
    " * Characters by what the Rust tokenizers take them for, which is another Unicode's answer for each of its parts, and no Node's.",
    " * Written by scripts/tokenizers/make-unicode-sets.py. Runs of code points: the gap before each and its length less one, in base 36.",
    " */",
    "export const UNICODE_SETS = {",
]
for name, points in sets.items():
    if name in docs:
        lines.append(f"  /** {docs[name]} */".replace("\\\\", "\\"))
    lines.append(f"  {name}: '{encode(points)}',")
lines += ["} as const;", "", "/** Capitals that not every Node knows, and their small letters: code points in base 16. */"]
lines += [f"export const LATE_CAPITALS = '{pairs}';", ""]
target = pathlib.Path(__file__).parents[2] / "src/model/tokenizer/parts/unicode-sets.ts"
target.write_text("\n".join(lines))
print(target, target.stat().st_size, "bytes,", unicodedata.unidata_version)
