/** The library: what the commands are made of, step by step. */
export { attribute } from './attribution/attribute.js';
export { convergenceDeltas } from './attribution/convergence.js';
export { type AskedMethod, METHODS, type Method, PATHS, type Path } from './attribution/methods.js';
export { quadrature, RULES, type Rule } from './attribution/rules.js';
export type { AttributeOptions } from './attribution/score-prompts.js';
export type { PassCount, Scores, ScoringOptions } from './attribution/scores.js';
export { type Dataset, openDataset, type Selection } from './dataset/dataset.js';
export type { Fact, FactKey } from './dataset/fact.js';
export { DEMO_DATA, DEMO_MODEL } from './embedded.js';
export { Interrupted, UsageError, UserError } from './errors.js';
export type { ErasureSummary } from './experiment/erasure/summary.js';
export {
  type AnyFinished,
  completeRequest,
  type ExperimentName,
  type Request,
  type RequestInput,
} from './experiment/experiments.js';
export { type ResultsOfFacts, readResultsFolder } from './experiment/facts/results-file.js';
export type { Summary } from './experiment/facts/summary.js';
export type { RunPlan } from './experiment/run/plan.js';
export { PROTOCOL_DEFAULTS, PROTOCOLS, type Protocol } from './experiment/run/protocols.js';
export type { UpdateSummary } from './experiment/update/summary.js';
export { figure2Files } from './figures/figure2.js';
export {
  type AnswerStanding,
  type Distribution,
  standingOf,
  topTokens,
} from './intervention/distribution.js';
export {
  ENHANCE,
  type Intervened,
  intervene,
  type Multipliers,
  multipliers,
  predict,
  SUPPRESS,
} from './intervention/intervene.js';
export { type Prediction, type PromptEffect, predictionOf } from './intervention/prediction.js';
export {
  changeValues,
  type Edit,
  editRule,
  eraseRule,
  originalOf,
  type ValueChange,
} from './intervention/value-changes.js';
export {
  EDIT_RULES,
  type EditRule,
  ERASE_VALUES,
  type EraseValue,
  LAMBDAS,
  type Lambdas,
  type ValueRule,
} from './intervention/value-rules.js';
export { type ChangedFact, type ChangeFactOptions, changeFact } from './library/change-fact.js';
export type { ChangedPrompt, ChangeReport } from './library/change-report.js';
export type { AskedChange, ChangeRequest } from './library/change-request.js';
export { type ComparedResults, compareResults } from './library/compare-results.js';
export { KnowledgeNeurons } from './library/knowledge-neurons.js';
export { type LoadOptions, loadModel, type OpenedModel } from './library/load-model.js';
export { type FolderStatistics, statisticsOfResults } from './library/neuron-statistics.js';
export type {
  AskedPrompt,
  Changed,
  ChangedValues,
  ChangeOptions,
  CoarseOptions,
  FactNeurons,
  FindingOptions,
  KnowledgeNeuronsOptions,
  RefinedOptions,
} from './library/options.js';
export { plotResults } from './library/plot-results.js';
export {
  planExperiment,
  type RunOptions,
  type RunResult,
  runExperiment,
} from './library/run-experiment.js';
export { type LocatedModel, locateModel } from './model/checkpoint/locate.js';
export type { SavedCheckpoint } from './model/checkpoint/save-checkpoint.js';
export { askPrompts } from './model/continuation.js';
export { CONTINUATIONS, type Continuation } from './model/continuation-names.js';
export type { LanguageModel, PromptBatch, Site, Trace } from './model/language-model.js';
export type { LoadedModel } from './model/load.js';
export { saveCheckpoint } from './model/save.js';
export {
  answerIds,
  type EncodedPrompt,
  type FoundAnswer,
  type Query,
  type Tokenizer,
} from './model/tokenizer/tokenizer.js';
export { type CoarseThreshold, coarseNeurons } from './neurons/coarse.js';
export { type Agreement, type Comparison, compareNeuronSets } from './neurons/compare.js';
export { type FindOptions, type FoundNeurons, findNeurons } from './neurons/find.js';
export { type LayerShare, layerShares } from './neurons/layer-shares.js';
export type { Neuron } from './neurons/neuron.js';
export { type NeuronsOfFacts, readNeuronFile, readNeuronFiles } from './neurons/neuron-file.js';
export { countPrompts, type PromptCount } from './neurons/prompt-counts.js';
export { refinedNeurons, type Sharing, sharedNeurons } from './neurons/refined.js';
export {
  type NeuronStatistics,
  neuronStatistics,
  type SharedNeurons,
  type StatisticsOfFacts,
} from './neurons/statistics.js';
export { type FactCounts, type TunedNeurons, tuneShare } from './neurons/tune-share.js';
export type { OnProgress, ProgressEvent } from './progress.js';
export { figureFiles } from './report/figures.js';
export { type Engine, startEngine } from './runtime/engine.js';
