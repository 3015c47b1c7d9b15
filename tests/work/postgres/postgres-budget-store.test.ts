import { budgetStoreContract } from '../../contracts/budget-store-contract.ts';
import { openTemporaryState } from './open-state.ts';

budgetStoreContract(openTemporaryState);
