import type { connect } from '../../operations/connect';
import { view } from '../view';
import { savedText } from './parts/savedText';

export const views = {
  connect: view<typeof connect>({ text: savedText }),
};
