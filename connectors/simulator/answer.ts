/** What a simulated API responds, before a fault spoils it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How an API words an error of this status; a fault adds headers. */
export type ErrorAnswer = (status: number, detail?: string, headers?: Readonly<Record<string, string>>) => Answer;
