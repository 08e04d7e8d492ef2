"""
The replication at work, as scripts/replication/compare.ts asks: it imports KnowledgeNeurons from a checkout of
EleutherAI/knowledge-neurons, as it is there, and answers requests, one JSON object a line in and one out.

    python measure.py CHECKOUT MODEL THREADS BATCH STEPS

The first line out says what computes. A request is {"prompts": [...], "answer": token, "threshold": 0.3, "share": 0.5}.
"""

import json
import os
import platform
import sys
from time import perf_counter, process_time

# Answers alone go to standard output; what libraries print goes where errors go.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

checkout, folder = sys.argv[1:3]
threads, batch_size, steps = map(int, sys.argv[3:6])
sys.path.insert(0, checkout)

import knowledge_neurons  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

torch.set_num_threads(threads)


class Recording(knowledge_neurons.KnowledgeNeurons):
    """Keeps what the replication's methods give each other on the way to the refined neurons, which is all they return."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.scores, self.coarse = [], []

    def get_scores(self, *args, **kwargs):
        scores = super().get_scores(*args, **kwargs)
        self.scores.append(scores)
        return scores

    def get_coarse_neurons(self, *args, **kwargs):
        coarse = super().get_coarse_neurons(*args, **kwargs)
        self.coarse.append(coarse)
        return coarse


def load():
    # The replication's own loader knows models by name, and a folder is a name to transformers.
    knowledge_neurons.BERT_MODELS.append(folder)
    model, tokenizer = knowledge_neurons.initialize_model_and_tokenizer(folder)
    # From version 5 on, transformers computes in the precision that the weights are stored in.
    return Recording(model.float(), tokenizer, model_type="bert", device="cpu")


def find(knower, request):
    prompts = request["prompts"]
    knower.scores, knower.coarse = [], []
    start, cpu_start = perf_counter(), process_time()
    refined = knower.get_refined_neurons(
        prompts,
        request["answer"],
        p=request["share"],
        batch_size=batch_size,
        steps=steps,
        coarse_adaptive_threshold=request["threshold"],
        quiet=True,
    )
    seconds, cpu_seconds = perf_counter() - start, process_time() - cpu_start
    tokens = [knower.tokenizer(prompt)["input_ids"] for prompt in prompts]
    found = zip(tokens, knower.scores, knower.coarse, strict=True)
    return {
        "seconds": seconds,
        "cpuSeconds": cpu_seconds,
        "neurons": refined,
        "prompts": [{"tokens": t, "scores": s.detach().tolist(), "coarse": c} for t, s, c in found],
    }


def answer(content):
    print(json.dumps(content), file=answers, flush=True)


knower = load()
answer(
    {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "threads": torch.get_num_threads(),
    }
)
for line in sys.stdin:
    answer(find(knower, json.loads(line)))
