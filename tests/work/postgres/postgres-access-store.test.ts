import { accessStoreContract } from '../../contracts/access-store-contract.ts';
import { openTemporaryState } from './open-state.ts';

accessStoreContract(openTemporaryState);
