/** A step of a run, which reads a report; another step of the same run never reads its job again. */
export interface ReportReader {
  readonly runId: string;
  readonly step: string;
}

/** What a job is looked up by. `parameters`: the request as it is filled, without the present, which differs at each attempt. */
export interface WantedReport extends ReportReader {
  readonly entity: string;
  readonly partition: string;
  readonly parameters: string;
}

/** `starting`: its start may have been sent; `blocked`: it was not started, since another job is running. */
export type OpenState = 'starting' | 'blocked' | 'running';

/** How a job ended. Those after `refused` may have been started, and count as attempts. */
export const endedStates = ['read', 'refused', 'failed', 'spoiled', 'expired', 'lost'] as const;
export type EndedState = (typeof endedStates)[number];

/** One job of a source, from before its start was sent. */
export interface ReportJob {
  readonly id: string;
  readonly state: OpenState;
  /** the source's id of it; null until it is known */
  readonly job: string | null;
  /** when its start was sent, in milliseconds since 1970 in PostgreSQL's time */
  readonly sent: number;
  /** the same in the source's time; null where it is not known */
  readonly sourceSent: number | null;
  /** what stood for the times in its request */
  readonly times: Readonly<Record<string, string>>;
  /** milliseconds since `sent` */
  readonly ageMs: number;
  /** milliseconds since it was first found that another job is running; 0 where that was not found */
  readonly blockedMs: number;
}

/**
 * The report jobs of one connection, which outlive runs. `source/` asks, `destination/` keeps them in PostgreSQL. Every method is a
 * transaction of its own.
 */
export interface ReportJobs {
  /**
   * The open job of these parameters, from now on of this reader. Undefined where there is none: also where the former one has been read to
   * its end. Throws `SourceAsksToWait` while another run reads a report of this entity: they go one after the other.
   */
  find(wanted: WantedReport): Promise<ReportJob | undefined>;
  /** Notes the intent to start a job, before the request is sent. Throws like `find`, and where another attempt was faster. */
  begin(wanted: WantedReport, start: ReportStart): Promise<ReportJob>;
  /** The same for a job that was `blocked`. */
  beginAgain(id: string, start: ReportStart): Promise<ReportJob>;
  /** The start was answered with the job's id. */
  started(id: string, job: string, sourceSent: number | null): Promise<void>;
  /** The start was refused because another job is running. */
  block(id: string): Promise<void>;
  /** The job is pending: its source can be reached. */
  pending(id: string): Promise<void>;
  /** The document's address led nowhere; returns how often that has happened. */
  deadLink(id: string): Promise<number>;
  /** Ends a job; returns how many jobs that may have been started have failed for its reader. */
  end(id: string, state: EndedState, reason: string): Promise<number>;
}

/** When the start is sent, in milliseconds since 1970 in PostgreSQL's time, and what stands for the times in it. */
export interface ReportStart {
  readonly sent: number;
  readonly times: Readonly<Record<string, string>>;
}
