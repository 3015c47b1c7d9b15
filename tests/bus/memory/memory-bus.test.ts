import { MemoryBus } from '../../../src/bus/memory/memory-bus.ts';
import { busContract } from '../../contracts/bus-contract.ts';

busContract(async () => {
  const bus = new MemoryBus();
  return { here: bus, there: bus, [Symbol.asyncDispose]: async () => bus.close() };
});
