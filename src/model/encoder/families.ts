import { bert } from './bert.js';
import type { EncoderFamilyName } from './config.js';
import { distilbert } from './distilbert.js';
import type { EncoderFamily } from './family.js';
import { roberta, xlmRoberta } from './roberta.js';

/** By the `model_type` of config.json. */
export const ENCODERS: Readonly<Record<EncoderFamilyName, EncoderFamily>> = {
  bert,
  roberta,
  'xlm-roberta': xlmRoberta,
  distilbert,
};
