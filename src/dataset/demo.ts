import { DEMO_DATA } from '../embedded.js';
import { folderData } from './folder.js';

/** 361 facts of nine relations, which come with the package. */
export const demo = folderData('demo', DEMO_DATA);
