import { workItemStoreContract } from '../../contracts/work-item-store-contract.ts';
import { openTemporaryState } from './open-state.ts';

workItemStoreContract(openTemporaryState);
