/** Receives what the embedded default is doing, one sentence a call; the CLI prints them, tests drop them. */
export type OnProgress = (sentence: string) => void;
