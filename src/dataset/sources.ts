/** The data sets that have a name: a line here, and a file beside, is all that another one needs. */
import { demo } from './demo.js';
import { folderData } from './folder.js';
import { pararel } from './pararel.js';
import type { DataSource } from './source.js';

const NAMED: readonly DataSource[] = [demo, pararel];

/** What `--data` means: a data set's name, else a folder. */
export function dataSource(name: string): DataSource {
  return NAMED.find(source => source.name === name) ?? folderData(name);
}
