import type { SettingOptions, Settings } from '../config/settings.ts';
import { readProcessSettings } from '../config/settings.ts';
import type { Admission } from '../flow/admission.ts';
import { MachineProbe } from '../flow/machine/machine-probe.ts';
import { ModelAdmission } from '../flow/model-admission.ts';
import type { AdmissionSettings } from '../flow/model-admission.ts';
import type { SharedBuckets } from '../flow/shared-buckets.ts';
import type { ResourceProbe } from '../flow/resource-probe.ts';
import { systemClock } from '../kernel/clock.ts';
import type { Clock } from '../kernel/clock.ts';
import { noFaults } from '../kernel/faults.ts';
import type { Faults } from '../kernel/faults.ts';
import type { ExecutionStore } from '../work/execution-store.ts';

/** What tests and commands of the product replace. */
export interface Surroundings {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly random: () => number;
  /** What the process is, for whoever finds the state locked. */
  readonly command: string;
  /** False opens the state without running anything: for commands that change something while nobody runs it. */
  readonly runs: boolean;
  /** Whether commands of other processes are looked for while it runs. */
  readonly takesCommands: boolean;
  /** Stands between the runs and the store: tests watch there, or plant a bug that has to be found. */
  readonly decorate: (executions: ExecutionStore) => ExecutionStore;
  /** Milliseconds that the offline model takes for each few words; null leaves it as it is. */
  readonly offlinePaceMs: number | null;
  /** What every model call passes before it leaves. */
  readonly openAdmission: (settings: AdmissionSettings, clock: Clock, shared: SharedBuckets | null) => Admission;
  /** What tells how busy the machine is. */
  readonly openProbe: () => ResourceProbe;
  /** Where settings come from that the options do not give: the environment of the process. */
  readonly readSettings: (overrides?: SettingOptions) => Settings;
}

/** Those of a process that nobody tests. */
export const production: Surroundings = {
  clock: systemClock,
  faults: noFaults,
  random: Math.random,
  command: 'library',
  runs: true,
  takesCommands: true,
  offlinePaceMs: null,
  openAdmission: (settings, clock, shared) => new ModelAdmission(settings, clock, shared),
  openProbe: () => new MachineProbe(),
  readSettings: readProcessSettings,
  decorate: (executions) => executions,
};
