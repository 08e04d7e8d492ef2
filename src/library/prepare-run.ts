/**
 * All that can be checked before anything is computed or written, in this order: the machine, what is here, the network, of
 * which the small comes first.
 */
import type { Selection } from '../dataset/dataset.js';
import type { DataSource } from '../dataset/source.js';
import { dataSource } from '../dataset/sources.js';
import { type AnyFinished, experimentOf, type Request, TASKS } from '../experiment/experiments.js';
import type { StartableRun } from '../experiment/run/crew.js';
import type { BegunExperiment, ExperimentData } from '../experiment/run/experiment.js';
import { type GivenNeurons, readGivenNeurons } from '../experiment/run/given-neurons.js';
import { onKeptEngine } from '../experiment/run/kept-engine.js';
import { planRun, type RunPlan } from '../experiment/run/plan.js';
import { usualSite } from '../experiment/run/protocols.js';
import type { ReadyRun } from '../experiment/run/ready-run.js';
import { checkResultsPlace } from '../experiment/run/results-folder.js';
import { checkWeights } from '../model/checkpoint/checkpoint.js';
import { findModelHere, type LocatedModel, locateModel } from '../model/checkpoint/locate.js';
import { type ModelConfig, readModelConfig } from '../model/config.js';
import { loadTokenizer } from '../model/tokenizer/load-tokenizer.js';
import type { Tokenizer } from '../model/tokenizer/tokenizer.js';
import type { Progress } from '../progress.js';
import { chooseDevices } from '../runtime/devices/choose-devices.js';
import { thisMachine } from '../runtime/machine.js';
import { fetchData, fetchProgress } from './fetching.js';

export interface PreparedRun {
  readonly ready: ReadyRun;
  readonly begun: BegunExperiment<AnyFinished>;
  readonly plan: RunPlan;
}

/** Who hears of what is known before all is. */
export interface PrepareOptions {
  readonly signal?: AbortSignal;
  /** The model, where it is here already ({@link fetchWeights}). */
  readonly fetched?: LocatedModel;
  /** Told of a model that is here whole, before the data are read: workers may load it meanwhile. */
  readonly onModel?: (run: StartableRun) => Promise<void>;
}

/** @throws UserError, UsageError on what cannot be done */
export async function prepareRun(
  request: Request,
  progress: Progress,
  { signal, fetched, onModel }: PrepareOptions = {},
): Promise<PreparedRun> {
  const { engine, devices } = request.devices;
  const all = await chooseDevices({ engine, ...(devices && { devices }) });
  await checkResultsPlace(request.results);
  const chosen = await onKeptEngine(request, all);
  const given = 'given' in request.neurons ? await readGivenNeurons(request.neurons.given) : null;

  const source = dataSource(request.data.name);
  await source.check(selectionOf(request));
  const here = fetched ?? (await findModelHere(request.model.id, request.model.revision));
  const configHere = here && (await readModelConfig(here.folder));
  if (configHere && here.whole) await onModel?.({ request, model: here, config: configHere, chosen });
  const description = here && configHere && (await describe(here, configHere, given));
  const early = (await source.isHere())
    ? await openData(source, request, description?.config.causal ?? false)
    : undefined;

  const model = here ?? (await fetchDescription(request, progress, signal));
  const { config, tokenizer } =
    description ?? (await describe(model, await readModelConfig(model.folder), given));
  if (!early) await fetchData(source, progress, signal);
  const dataset = early && description ? early : await openData(source, request, config.causal);

  const data: ExperimentData = { model: model.name, config, tokenizer, dataset, given };
  const decided = withSite(request, config);
  const begun = experimentOf(decided).begin(decided, data);
  const { plan, described } = begun;
  const { relations } = dataset;
  const machine = thisMachine();
  progress.stop();
  return {
    ready: { request: decided, model, data, chosen, described, tasks: TASKS },
    begun,
    plan: planRun({ request: decided, model, config, relations, plan, described, chosen, machine }),
  };
}

/** The request with the site that its protocol has for this model, where it names none. */
function withSite<R extends Request>(request: R, { architecture }: ModelConfig): R {
  const { asking, protocol } = request;
  return { ...request, asking: { ...asking, site: asking.site ?? usualSite(protocol, architecture) } };
}

interface Description {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
}

/** What a model's small files say of it; of weights that are here, that they can be read. */
async function describe(
  { folder, whole }: LocatedModel,
  config: ModelConfig,
  given: GivenNeurons | null,
): Promise<Description> {
  given?.check(config);
  if (whole) await checkWeights(folder);
  return { config, tokenizer: await loadTokenizer(folder, config) };
}

/** What is small of a model: its weights are fetched once nothing else can be wrong ({@link fetchWeights}). */
function fetchDescription(
  { model }: Request,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<LocatedModel> {
  return locateModel(model.id, model.revision, fetchProgress(progress, signal), 'description');
}

/**
 * Of another commit, perhaps, than the one that was prepared: the hub has a newer one by now, or does not give it, and the cache
 * has an older one. All is prepared anew for that.
 * @returns the model, whole, where it is another
 * @throws UserError where it is to be had nowhere
 */
export async function fetchWeights(
  { request: { model: asked }, model }: ReadyRun,
  progress: Progress,
  signal: AbortSignal,
): Promise<LocatedModel | undefined> {
  if (model.whole) return undefined;
  const whole = await locateModel(asked.id, asked.revision, fetchProgress(progress, signal));
  progress.stop();
  return whole.revision === model.revision ? undefined : whole;
}

function openData(source: DataSource, request: Request, causal: boolean) {
  return source.open(selectionOf(request), causal);
}

function selectionOf({ data: { relations, limit, facts } }: Request): Selection {
  return { ...(relations && { relations }), ...(limit !== null && { limit }), ...(facts && { facts }) };
}
