/**
 * The row of the table of positions for each token of a prompt. RoBERTa counts from the row after its padding token's id on, and gives that
 * token itself the row of its id, wherever it stands (`create_position_ids_from_input_ids` in huggingface/transformers).
 * @param paddingId undefined: positions are counted from 0
 */
export function positionsOf(tokens: readonly number[], paddingId: number | undefined): number[] {
  if (paddingId === undefined) return [...tokens.keys()];
  let last = paddingId;
  return tokens.map(id => (id === paddingId ? paddingId : ++last));
}
