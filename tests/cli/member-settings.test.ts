import { describe, expect, it } from 'vitest';
import { readMemberSettings } from '../../src/cli/member-settings.ts';

describe('settings of members on the command line', () => {
  it('name a member or a role, a setting and a value; the last of two counts', () => {
    const texts = [
      'tester.model=gpt-5',
      'tester.temperature=0',
      'Dr. No.instructions=Be a=b.',
      'tester.model=',
      'x.provider=own',
    ];
    expect(readMemberSettings(texts)).toEqual({
      tester: { model: null, temperature: 0 },
      'Dr. No': { instructions: 'Be a=b.' },
      x: { provider: 'own' },
    });
    expect(readMemberSettings([])).toEqual({});
  });

  it.each(['model=x', '.model=x', 'tester.model', 'tester.colour=red', 'tester=x', '=', ''])('refuse %j', (text) => {
    expect(() => readMemberSettings([text])).toThrow('sets nothing: write <name or role>.<provider|model|');
  });

  it.each(['tester.temperature=warm', 'tester.temperature='])('refuse %j', (text) => {
    expect(() => readMemberSettings([text])).toThrow('is no temperature');
  });
});
