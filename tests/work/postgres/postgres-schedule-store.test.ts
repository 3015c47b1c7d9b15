import { scheduleStoreContract } from '../../contracts/schedule-store-contract.ts';
import { openTemporaryState } from './open-state.ts';

scheduleStoreContract(openTemporaryState);
