import { approvalStoreContract } from '../../contracts/approval-store-contract.ts';
import { openTemporaryState } from './open-state.ts';

approvalStoreContract(openTemporaryState);
