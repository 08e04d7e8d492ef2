/** @param prompts at which every neuron scores 0, negative ones among them */
export function silentText(prompts: readonly string[]): string[] {
  return prompts.map(
    prompt =>
      `Every neuron scores 0 at "${prompt}": the method says nothing there, and it counts as if it were not there.`,
  );
}
