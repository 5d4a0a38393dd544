import type { status } from '../../operations/status';
import { view } from '../view';
import { statusText } from './parts/statusText';

export const views = { status: view<typeof status>({ text: (found, { colours }) => statusText(colours, found) }) };
