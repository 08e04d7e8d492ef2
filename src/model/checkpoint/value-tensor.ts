/** The tensor of a checkpoint that holds the values of a layer's neurons, the second feed-forward matrix. */
export interface ValueTensor {
  readonly name: string;
  readonly shape: readonly [rows: number, columns: number];
  readonly neuronIs: 'row' | 'column';
}
