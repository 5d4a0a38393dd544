/** Deeper fields count as part of the one above them. */
const deepest = 8;

/** Names that JavaScript itself looks for. */
const ofLanguage: ReadonlySet<string> = new Set([
  'toJSON',
  'then',
  'constructor',
  'inspect',
  'nodeType',
  'asymmetricMatch',
]);

/** What of a record was read. */
export interface Reads {
  /** paths, `*` for any element of a list; a path that was handed on whole stands for all below it */
  readonly paths: Set<string>;
  /** … of those, where nothing was */
  readonly absent: Set<string>;
}

/** The record, noting each of its fields that is read. Values that are handed on whole are found by `noteWhole`. */
export class Tracker {
  private readonly pathOf = new WeakMap<object, string>();

  constructor(private readonly reads: Reads) {}

  track<T>(value: T, path = ''): T {
    if (typeof value !== 'object' || value === null || path.split('.').length > deepest) return value;
    const isList = Array.isArray(value);
    const proxy = new Proxy(value, {
      get: (target, name) => {
        const found = Reflect.get(target, name);
        if (
          typeof name === 'symbol' ||
          (isList && !/^\d+$/.test(name)) ||
          (found === undefined && ofLanguage.has(name))
        )
          return found;
        const at = below(path, isList ? '*' : name);
        this.note(at, found);
        return this.track(found, at);
      },
      has: (target, name) => {
        if (typeof name === 'string' && !isList) this.note(below(path, name), Reflect.get(target, name));
        return Reflect.has(target, name);
      },
    });
    this.pathOf.set(proxy, path);
    return proxy;
  }

  /** Notes what a mapping has put into its row without looking into it. */
  noteWhole(value: unknown, depth = 0): void {
    if (typeof value !== 'object' || value === null || depth > deepest) return;
    const path = this.pathOf.get(value);
    if (path !== undefined) {
      this.reads.paths.add(below(path, '**'));
      return;
    }
    for (const inner of Object.values(value)) this.noteWhole(inner, depth + 1);
  }

  private note(path: string, value: unknown): void {
    this.reads.paths.add(path);
    if (value === undefined) this.reads.absent.add(path);
  }
}

export function below(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Whether a field was read: itself, or handed on with one above it. */
export function wasRead({ paths }: Reads, path: string): boolean {
  if (paths.has(path) || paths.has('**')) return true;
  const steps = path.split('.');
  return steps.some((_, at) => paths.has(`${steps.slice(0, at + 1).join('.')}.**`));
}
