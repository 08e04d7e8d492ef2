/** Above any model: a file that asks for more is no model, and lists of a layer each would fill the memory. */
export const MOST_LAYERS = 1000;
