import { sessionStoreContract } from '../../contracts/session-store-contract.ts';
import { openTemporaryState } from './open-state.ts';

sessionStoreContract(openTemporaryState);
