import { numberSetting, sizeSetting } from './setting.ts';

const kibibyte = 1024;

/** Settings of event streams and of the text that they carry. */
export const streamSettings = {
  maxLiveTextBytes: sizeSetting({
    env: 'SQUADRA_MAX_LIVE_TEXT_BYTES',
    default: 256 * kibibyte,
    min: kibibyte,
    max: 16 * 1024 * kibibyte,
    doc: 'How much of the text of a model call in flight is kept for who begins to watch it; of a longer text, the end.',
  }),
  maxStreams: numberSetting({
    env: 'SQUADRA_MAX_STREAMS',
    default: 20_000,
    min: 1,
    max: 1_000_000,
    unit: 'streams',
    doc: 'Event streams open at once. One more is refused with 503.',
  }),
  maxStreamsPerCaller: numberSetting({
    env: 'SQUADRA_MAX_STREAMS_PER_CALLER',
    default: 15_000,
    min: 1,
    max: 1_000_000,
    unit: 'streams',
    doc: 'Event streams that one key or user may have open at once. One more is refused with 429.',
  }),
  maxStreamQueueBytes: sizeSetting({
    env: 'SQUADRA_MAX_STREAM_QUEUE_BYTES',
    default: 64 * kibibyte,
    min: kibibyte,
    max: 64 * 1024 * kibibyte,
    doc: 'How much may wait in memory for one client of an event stream. One that does not read is told `resume` and let go; nothing is lost, because events are stored.',
  }),
};
