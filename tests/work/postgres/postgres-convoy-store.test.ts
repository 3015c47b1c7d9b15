import { convoyStoreContract } from '../../contracts/convoy-store-contract.ts';
import { openTemporaryState } from './open-state.ts';

convoyStoreContract(openTemporaryState);
