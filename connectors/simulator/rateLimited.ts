import { RequestWindows } from './requestWindows';

/** What the rate limiters of simulators have in common: a limit that can be changed, and the windows by which requests are counted. */
export class RateLimited<Setting> {
  protected readonly windows = new RequestWindows();

  constructor(protected setting: Setting | undefined) {}

  /** A new limit, or none; counting starts again. */
  set(setting: Setting | undefined): void {
    this.setting = setting;
    this.windows.clear();
  }

  get current(): Setting | undefined {
    return this.setting;
  }
}
