/** The library: what the commands are made of, step by step. */
export { type AttributeOptions, attribute } from './attribution/attribute.js';
export { convergenceDeltas } from './attribution/convergence.js';
export { type IntegratedGradientsOptions, integratedGradients } from './attribution/integrated-gradients.js';
export { type AskedMethod, METHODS, type Method } from './attribution/methods.js';
export { quadrature, RULES, type Rule } from './attribution/rules.js';
export type { Scores, ScoringOptions } from './attribution/scores.js';
export { type Dataset, openDataset, type Selection } from './dataset/dataset.js';
export type { Fact, FactKey } from './dataset/fact.js';
export { DEMO_DATA, DEMO_MODEL } from './embedded.js';
export { UsageError, UserError } from './errors.js';
export { PROTOCOL_DEFAULTS, PROTOCOLS, type Protocol } from './experiment/protocols.js';
export { type ResultsOfFacts, readResultsFolder } from './experiment/results-file.js';
export { figureFiles } from './figures/figure-files.js';
export {
  type AnswerStanding,
  type Distribution,
  standingOf,
  topTokens,
} from './intervention/distribution.js';
export { ENHANCE, type Intervened, intervene, SUPPRESS } from './intervention/intervene.js';
export type { LanguageModel, PromptBatch, Site, Trace } from './model/language-model.js';
export { type LoadedModel, loadModel } from './model/load.js';
export { type LocatedModel, locateModel } from './model/locate.js';
export { answerIds, type EncodedPrompt, type Query, type Tokenizer } from './model/tokenizer.js';
export { type CoarseThreshold, coarseNeurons } from './neurons/coarse.js';
export { type FindOptions, type FoundNeurons, findNeurons } from './neurons/find.js';
export type { Neuron } from './neurons/neuron.js';
export { readNeuronFile } from './neurons/neuron-file.js';
export { countPrompts, type PromptCount } from './neurons/prompt-counts.js';
export { refinedNeurons, type Sharing, sharedNeurons } from './neurons/refined.js';
export { type FactCounts, type TunedNeurons, tuneShare } from './neurons/tune-share.js';
export { type Engine, startEngine } from './runtime/engine.js';
