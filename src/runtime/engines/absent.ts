import { UserError } from '../../errors.js';

/** An engine that nobody has set up here: no fault, and `auto` passes it over in silence. */
export class EngineAbsent extends UserError {}
