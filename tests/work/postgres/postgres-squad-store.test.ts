import { squadStoreContract } from '../../contracts/squad-store-contract.ts';
import { openTemporaryState } from './open-state.ts';

squadStoreContract(openTemporaryState);
