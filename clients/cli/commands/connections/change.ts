import { TidemarkError } from '../../../../schema/errors';
import type { RotatedSecret } from '../../../operations/connections/showConnection';
import { type AddCommand, addCommand, type OnEnd, perform } from '../../command';
import { actor } from '../../terminal/actor';
import { plural } from '../../terminal/phrases';
import { withSession } from '../../terminal/session';
import type { Shell } from '../../terminal/shell';

/** Switching a connection on and off, and its secrets. */
export const addConnectionsChange: AddCommand = (connections, onEnd) => {
  for (const add of [addDisable, addEnable, addRotateSecret, addReseal]) add(connections, onEnd);
};

interface Reasoned {
  readonly reason: string;
}

const addDisable: AddCommand = (connections, onEnd) => {
  addCommand(connections, {
    usage: 'disable <connection>',
    summary: 'let nothing be synced for a connection until it is enabled again',
    details:
      'Its schedules are paused; runs that are on go on; webhooks are still taken, and processed when it is enabled again.',
    examples: ['connections disable demo --reason "the contract has ended"'],
  })
    .option('--reason <text>', 'why; kept in the audit', 'no reason given')
    .action(performSwitch(onEnd, false));
};

const addEnable: AddCommand = (connections, onEnd) => {
  addCommand(connections, {
    usage: 'enable <connection>',
    summary: 'let a disabled connection be synced again',
    examples: ['connections enable demo'],
  })
    .option('--reason <text>', 'why; kept in the audit', 'no reason given')
    .action(performSwitch(onEnd, true));
};

function performSwitch(onEnd: OnEnd, enabled: boolean) {
  return perform(onEnd, (shell, { reason }: Reasoned, id: string) =>
    withSession(shell, async (session) => {
      const { switchConnection } = await import('../../../operations/connections/showConnection.js');
      const connectors = await session.connectors();
      const { client } = await session.temporalLater();
      const switched = await switchConnection({ db: session.db, connectors, client }, id, enabled, {
        actor: actor(),
        reason,
      });
      shell.result(switched, () => {
        const said = enabled
          ? `Connection ${id} is enabled: its schedules fire again.\nNext: tidemark sync ${id}`
          : `Connection ${id} is disabled: no run begins any more.\nNext: tidemark connections enable ${id} undoes it`;
        return switched.delayedBecause === null
          ? said
          : `${said}\n${switched.delayedBecause} Its schedules follow when a server starts.`;
      });
      return undefined;
    }),
  );
}

interface RotateOptions extends Reasoned {
  readonly stdin?: boolean;
  readonly dropFormer?: boolean;
}

const addRotateSecret: AddCommand = (connections, onEnd) => {
  addCommand(connections, {
    usage: 'rotate-secret <connection> <secret>',
    summary: 'put a new value in place of one secret',
    details: [
      'Asked for on the terminal, or taken from TIDEMARK_SECRET_<NAME> or with --stdin from stdin; never from the command line.',
      'A webhook secret is taken beside the former one, so that no delivery is refused while the source still signs with that;',
      'when it no longer does, --drop-former ends it.',
    ].join('\n'),
    examples: [
      'connections rotate-secret demo webhookSecret',
      'connections rotate-secret demo webhookSecret --drop-former',
    ],
  })
    .option('--stdin', 'read the value from stdin')
    .option('--drop-former', 'webhook secrets: no longer take the former one; without a new value only that')
    .option('--reason <text>', 'why; kept in the audit', 'no reason given')
    .action(
      perform(onEnd, (shell, options: RotateOptions, id: string, secret: string) =>
        withSession(shell, async (session) => {
          const { rotateSecret } = await import('../../../operations/connections/showConnection.js');
          const { keyRing } = await import('../../../../destination/connections/secrets.js');
          const ring = keyRing(session.settings.encryptionKey);
          const connectors = await session.connectors();
          const value = await newValue(shell, secret, options);
          const rotation = { secret, value, dropFormer: options.dropFormer === true };
          const by = { actor: actor(), reason: options.reason };
          const rotated = await rotateSecret({ db: session.db, connectors }, ring, id, rotation, by);
          shell.result(rotated, () => rotatedText(rotated));
          return undefined;
        }),
      ),
    );
};

/** undefined only where nothing but the former value is to go. */
async function newValue(
  shell: Shell,
  secret: string,
  { stdin, dropFormer }: RotateOptions,
): Promise<string | undefined> {
  const { ask, readStdin, variableOf } = await import('../../terminal/secretInput.js');
  const variable = variableOf(secret);
  const given = stdin ? (await readStdin()).replace(/\r?\n$/, '') : shell.env[variable];
  if (given) return given;
  if (dropFormer) return undefined;
  const answer = !stdin && process.stdin.isTTY ? await ask(`${secret}: `, true) : '';
  if (answer !== '') return answer;
  throw new TidemarkError(
    'Usage',
    `No value was given; nothing was changed. Type it on a terminal, set ${variable}, or give it with --stdin`,
  );
}

function rotatedText({ connectionId, secret, formerKept }: RotatedSecret): string {
  const said = `Secret ${secret} of ${connectionId} was replaced; workers and servers use it within seconds.`;
  if (!formerKept) return said;
  return `${said} Webhooks signed with the former one are still taken.\nNext, when the source signs with the new one: tidemark connections rotate-secret ${connectionId} ${secret} --drop-former`;
}

const addReseal: AddCommand = (connections, onEnd) => {
  addCommand(connections, {
    usage: 'reseal',
    summary: 'encrypt all secrets under the first key of OAUTH_ENCRYPTION_KEY',
    details:
      'To replace the key: put the new one before the former, separated by a comma, for all processes; reseal; then leave the former out.',
    examples: ['connections reseal --reason "the key of 2026"'],
  })
    .option('--reason <text>', 'why; kept in the audit', 'no reason given')
    .action(
      perform(onEnd, (shell, { reason }: Reasoned) =>
        withSession(shell, async ({ db, settings }) => {
          const { keyRing, resealSecrets } = await import('../../../../destination/connections/secrets.js');
          const ring = keyRing(settings.encryptionKey);
          const { resealed } = await resealSecrets(db, ring, { actor: actor(), reason });
          shell.result(
            { resealed, keyId: ring.sealingKeyId },
            () =>
              `The secrets of ${plural(resealed, 'connection')} were encrypted anew; all are under key ${ring.sealingKeyId} now.`,
          );
          return undefined;
        }),
      ),
    );
};
