import { z } from 'zod';
import { timeZone } from './schedule';

/** The zone of times that are written without one: a zone's name, or `connection` for that of the connection. */
export const zone = z.union([z.literal('connection'), timeZone]);
