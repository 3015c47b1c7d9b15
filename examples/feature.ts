import { defineWorkflow } from 'squadra';
import { z } from 'zod';

/**
 * A plan, both halves side by side, a person's word, a test report. Each answer is written down before the next step
 * begins, so a crash or a stop loses nothing: `squadra run --resume` goes on where it was.
 */
export const feature = defineWorkflow({
  name: 'feature',
  input: z.object({ message: z.string() }),
  async run({ input, squad, step }) {
    const plan = await squad.ask('project_manager', input.message);

    const [api, ui] = await Promise.all([
      squad.ask('backend_developer', plan.text),
      squad.ask('frontend_developer', plan.text),
    ]);

    // Waits for as long as a week, in no memory at all: squadra approve <id> release approve
    const release = await step.approve('release', {
      title: 'Go on to testing?',
      details: plan.text,
      timeout: { days: 7 },
    });
    if (release.timedOut || release.choice !== 'approve') return { text: plan.text };

    // What has an effect, or takes time, belongs into a step: it happens once.
    const work = await step.run('merge', () => `${api.text}\n\n${ui.text}`);
    const report = await squad.ask('tester', work);
    return { text: report.text };
  },
});
