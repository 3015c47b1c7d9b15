import { askingJobs } from './asking.ts';
import { branchJobs } from './branches.ts';
import { failingJobs } from './failing.ts';
import type { Job } from './job.ts';
import { plainJobs } from './plain.ts';
import type { World } from './traced.ts';
import { toolingJobs } from './tooling.ts';
import { waitingJobs } from './waiting.ts';

/** Every kind of work there is, by the name of its workflow. */
export class Mix {
  readonly jobs: readonly Job[];
  readonly #byName: ReadonlyMap<string, Job>;
  readonly #weight: number;

  constructor(world: World) {
    this.jobs = [
      ...plainJobs(world),
      ...branchJobs(world),
      ...waitingJobs(world),
      ...failingJobs(world),
      ...askingJobs(world),
      ...toolingJobs(world),
    ];
    this.#byName = new Map(this.jobs.map((job) => [job.workflow.name, job]));
    this.#weight = this.jobs.reduce((sum, { weight }) => sum + weight, 0);
  }

  find(name: string): Job {
    const job = this.#byName.get(name);
    if (job === undefined) throw new Error(`There is no job named '${name}' in the mix.`);
    return job;
  }

  pick(random: () => number): Job {
    let rest = random() * this.#weight;
    const job = this.jobs.find(({ weight }) => (rest -= weight) < 0) ?? this.jobs.at(-1);
    if (job === undefined) throw new Error('The mix is empty.');
    return job;
  }
}
